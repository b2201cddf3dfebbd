//! Watching the engine's wallets: whether they answer, can sign, and leave the voting to the engine.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{interval, timeout};

use super::engine::Engine;
use crate::chain::Generation;
use crate::ports::{VotingWallet, WalletInfo};

/// How often wallets are asked for their state.
const WALLET_POLL: Duration = Duration::from_secs(20);

/// Asks every wallet for its state, now and then.
pub(super) async fn poll_wallets(engine: Arc<Engine>) {
    let mut ticks = interval(WALLET_POLL);
    loop {
        ticks.tick().await;
        for index in 0..engine.caster().wallet_count() {
            engine.check_wallet(index).await;
        }
    }
}

impl Engine {
    /// Asks a wallet for its state; what is wrong with it becomes a problem that the log and the status show.
    pub async fn check_wallet(&self, index: usize) {
        let name = self.caster().wallet_name(index).to_owned();
        let (reach, locked, own) = (format!("{name}/reach"), format!("{name}/locked"), format!("{name}/voting"));
        let info = match timeout(WALLET_POLL, self.caster().refresh(index)).await {
            Ok(Ok(info)) => info,
            Ok(Err(error)) => {
                self.caster().unreachable(index);
                return self.problem(&reach, error.to_string());
            }
            Err(_) => {
                self.caster().unreachable(index);
                return self.problem(&reach, format!("wallet {name} does not answer; restart it"));
            }
        };
        self.solved(&reach);
        if info.unlocked {
            self.solved(&locked);
        } else {
            self.problem(
                &locked,
                format!("wallet {name} is locked and cannot vote: unlock it with `walletpassphrase`"),
            );
        }
        if info.votes_itself {
            self.problem(&own, format!("wallet {name} votes by itself, too: restart it without --enablevoting"));
        } else {
            self.solved(&own);
        }
    }

    /// The wallets of the generation that must be told to revoke.
    pub(super) fn legacy_wallets(&self) -> Vec<Arc<dyn VotingWallet>> {
        let is_legacy = |index| {
            self.caster().wallet_info(index).is_some_and(|info: WalletInfo| info.generation == Generation::Legacy)
        };
        let wallets = self.wallets().iter().enumerate();
        wallets.filter(|(index, _)| is_legacy(*index)).map(|(_, wallet)| Arc::clone(wallet)).collect()
    }

    /// Whether wallet `index` answered when it was last asked.
    pub fn wallet_answers(&self, index: usize) -> bool {
        self.caster().wallet_answers(index)
    }

    /// The last known state of wallet `index`.
    pub fn wallet_info(&self, index: usize) -> Option<WalletInfo> {
        self.caster().wallet_info(index)
    }
}
