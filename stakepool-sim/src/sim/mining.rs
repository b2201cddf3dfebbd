//! Making blocks: at once, when all have voted, by the clock, or in the place of others.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::chain::BlockHeight;

use super::network::SimNetwork;
use super::wait::await_votes;
use crate::error::SimError;
use crate::network::{Clock, State};
use crate::sync::lock;

/// The most blocks that a reorganisation can replace: less than the maturity of coinbases.
const MOST_REORGANISED: u32 = 10;

impl SimNetwork {
    /// Mines blocks at once, with the votes that are there.
    ///
    /// # Errors
    /// [`SimError::TooFewVotes`] where a block lacks votes; those before it are mined.
    pub async fn mine(&self, blocks: u32) -> Result<BlockHeight, SimError> {
        for _ in 0..blocks {
            self.shared.write(State::mine)?;
            tokio::task::yield_now().await;
        }
        Ok(self.height())
    }

    /// Mines one block once every vote that the pool should cast has arrived, or after `patience` without the rest.
    ///
    /// # Errors
    /// [`SimError::TooFewVotes`] where they do not suffice.
    pub async fn mine_when_voted(&self, patience: Duration) -> Result<BlockHeight, SimError> {
        await_votes(&self.shared, patience).await;
        self.mine(1).await
    }

    /// Mines blocks, waiting for the votes on each.
    ///
    /// # Errors
    /// As [`SimNetwork::mine_when_voted`].
    pub async fn mine_all_when_voted(&self, blocks: u32, patience: Duration) -> Result<BlockHeight, SimError> {
        for _ in 0..blocks {
            self.mine_when_voted(patience).await?;
        }
        Ok(self.height())
    }

    /// Mines a block each `interval` by the clock on the wall, until [`SimNetwork::pause`]. Votes have the interval,
    /// and twice as long where a block would lack votes.
    pub fn run(&self, interval: Duration) {
        let shared = Arc::clone(&self.shared);
        shared.write(|state| state.clock = Clock::Wall);
        let miner = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(interval);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                await_votes(&shared, interval).await;
                // A reorganisation under way needs the transactions that a block would use up.
                let mined = shared.write(|state| if state.fork.is_none() { state.mine().map(drop) } else { Ok(()) });
                if let Err(error) = mined {
                    tracing::warn!(%error, "the simulated network waits for votes");
                }
            }
        });
        if let Some(before) = lock(&self.miner).replace(miner) {
            before.abort();
        }
    }

    /// Stops the mining that [`SimNetwork::run`] began.
    pub fn pause(&self) {
        if let Some(miner) = lock(&self.miner).take() {
            miner.abort();
        }
    }

    /// Replaces the last `depth` blocks by one more, each voted on like any other: the winners of the new blocks are
    /// told as they come, and votes have `patience` for each.
    ///
    /// # Errors
    /// [`SimError::TooDeep`], or [`SimError::TooFewVotes`]; the chain is then as it was.
    pub async fn reorganise(&self, depth: u32, patience: Duration) -> Result<BlockHeight, SimError> {
        let least = self.height().0.min(MOST_REORGANISED);
        if depth == 0 || depth > least {
            return Err(SimError::TooDeep { depth, most: least });
        }
        self.shared.write(|state| state.begin_fork(depth));
        while !self.shared.write(State::extend_fork)? {
            await_votes(&self.shared, patience).await;
        }
        Ok(self.height())
    }
}
