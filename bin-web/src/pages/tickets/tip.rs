//! The best height, and how blocks and time go together, for pages.

use stakepool_core::chain::{BlockHeight, Params};

use crate::site::Site;
use crate::view::when::BlockTime;

/// The best height: the wallets', or, while none answers, the best that anybody else has reported.
pub async fn tip(site: &Site) -> Option<BlockHeight> {
    match site.pool.figures().await {
        Ok(figures) => Some(figures.stake.height),
        Err(_) => site.status().await.height.map(BlockHeight),
    }
}

/// Blocks as moments, seen from the best height.
pub async fn block_time(site: &Site, params: &Params) -> BlockTime {
    BlockTime { tip: tip(site).await, spacing: params.target_time_per_block }
}
