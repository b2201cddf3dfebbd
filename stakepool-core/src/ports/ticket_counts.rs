//! Counting the tickets of a wallet at one block.

use super::wallet::{ChainWallet, StakeInfo, TicketCounts, WalletError};

/// What a wallet counts by its statistics; `None` where it cannot tell live tickets from missed ones, because its node is away,
/// and where its best block became another one meanwhile, so that the counts are of neither for certain.
///
/// # Errors
/// As [`ChainWallet::best_block`] and [`ChainWallet::stake_info`].
pub async fn count_tickets(wallet: &(impl ChainWallet + ?Sized)) -> Result<Option<TicketCounts>, WalletError> {
    let (block, height) = wallet.best_block().await?;
    let StakeInfo { height: counted_at, pool_size, immature, live, missed, .. } = wallet.stake_info().await?;
    let stood = counted_at == height && wallet.best_block().await? == (block, height);
    let unspent = immature.saturating_add(live);
    Ok((stood && pool_size > 0).then_some(TicketCounts { block, height, unspent, missed }))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::chain::{BlockHash, BlockHeight};
    use crate::testkit::tickets::block;

    /// A wallet at height 220 whose best block is of one branch after the other, as often as it is asked.
    struct Racing {
        branches: Mutex<Vec<u8>>,
        info: StakeInfo,
    }

    #[async_trait]
    impl ChainWallet for Racing {
        async fn best_block(&self) -> Result<(BlockHash, BlockHeight), WalletError> {
            let branch = self.branches.lock().unwrap().remove(0);
            Ok((block(220, branch), BlockHeight(220)))
        }

        async fn stake_info(&self) -> Result<StakeInfo, WalletError> {
            Ok(self.info)
        }
    }

    async fn counted(branches: [u8; 2], height: u32, pool_size: u64) -> Option<TicketCounts> {
        let info = StakeInfo {
            height: BlockHeight(height),
            pool_size,
            immature: 2,
            live: 3,
            missed: 4,
            ..StakeInfo::default()
        };
        count_tickets(&Racing { branches: Mutex::new(branches.to_vec()), info }).await.unwrap()
    }

    #[tokio::test]
    async fn tickets_are_counted_at_the_block_that_was_the_best_before_and_after() {
        let expected = TicketCounts { block: block(220, 1), height: BlockHeight(220), unspent: 5, missed: 4 };
        assert_eq!(counted([1, 1], 220, 9).await, Some(expected));
        assert_eq!(counted([1, 2], 220, 9).await, None, "two blocks race");
        assert_eq!(counted([1, 1], 221, 9).await, None, "a block came");
        assert_eq!(counted([1, 1], 220, 0).await, None, "its node is away");
    }
}
