//! The best height, for pages.

use stakepool_core::chain::BlockHeight;

use crate::site::Site;

/// The best height: the wallets', or, while none answers, the best that anybody else has reported.
pub async fn tip(site: &Site) -> Option<BlockHeight> {
    match site.pool.figures().await {
        Ok(figures) => Some(figures.stake.height),
        Err(_) => site.pool.status().await.height.map(BlockHeight),
    }
}
