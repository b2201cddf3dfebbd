//! Watching the engine's wallets: whether they answer, can sign, and leave the voting to the engine.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::engine::Engine;
use crate::chain::Generation;
use crate::ports::{DaemonWallet, WalletInfo};

/// How often a wallet is asked for its state, a matter of a millisecond.
const WALLET_POLL: Duration = Duration::from_secs(3);
/// The same where something is wrong with it.
const POLL_IN_TROUBLE: Duration = Duration::from_secs(1);
/// How long it may take to answer. A vote waits longer, but people should hear of it.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// A state that was asked for so lately need not be asked for again.
const FRESH: Duration = Duration::from_secs(1);
/// How long somebody who waits for the wallets' states waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks every wallet for its state, now and then, and at once where its connection was renewed.
pub(super) async fn watch_wallets(engine: Arc<Engine>) {
    let wallets = 0..engine.caster().wallet_count();
    join_all(wallets.map(|index| watch(Arc::clone(&engine), index))).await;
}

async fn watch(engine: Arc<Engine>, index: usize) {
    let wallet = Arc::clone(&engine.wallets()[index]);
    // Before the first look every wallet is new.
    let mut known = None;
    loop {
        let connections = wallet.connections();
        let answered = engine.wallet_answers(index);
        engine.check_wallet(index).await;
        let is_back = !answered && engine.wallet_answers(index);
        if is_back || known != Some(connections) {
            // Its scripts, its tickets and its version may be others now.
            engine.audit_soon.notify_one();
        }
        known = Some(connections);
        let is_well = engine.wallet_answers(index) && engine.wallet_signs(index);
        tokio::select! {
            () = wallet.connected_again(connections) => {}
            () = sleep(if is_well { WALLET_POLL } else { POLL_IN_TROUBLE }) => {}
        }
    }
}

impl Engine {
    /// Asks a wallet for its state; what is wrong with it becomes a problem that the log and the status show.
    pub async fn check_wallet(&self, index: usize) {
        let name = self.caster().wallet_name(index).to_owned();
        let (reach, locked, own) = (format!("{name}/reach"), format!("{name}/locked"), format!("{name}/voting"));
        let info = match timeout(ANSWER_LIMIT, self.caster().refresh(index)).await {
            Ok(Ok(info)) => info,
            Ok(Err(error)) => {
                self.caster().unreachable(index);
                return self.problem(&reach, error.to_string());
            }
            Err(_) => {
                self.caster().unreachable(index);
                let limit = ANSWER_LIMIT.as_secs();
                return self.problem(
                    &reach,
                    format!("wallet {name} did not answer within {limit} s; restart it if it stays so"),
                );
            }
        };
        self.solved(&reach);
        // What it does not tell in time, it is asked again.
        let _ = timeout(ANSWER_LIMIT, self.caster().look_closer(index, &info)).await;
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
        let faults = format!("{name}/faults");
        match &info.faults()[..] {
            [] => self.solved(&faults),
            found => self.problem(&faults, format!("wallet {name}: {}", found.join("; "))),
        }
        self.check_bits();
        self.look_at_failed_vote();
    }

    /// Asks the wallets for their states, as far as these were not asked for within the last second; waits two seconds at
    /// most.
    pub async fn refresh_wallets(&self) {
        let old = (0..self.caster().wallet_count()).filter(|index| self.caster().asked(*index) > FRESH);
        let checks = join_all(old.map(|index| self.check_wallet(index)));
        // One that takes longer is judged by what is known of it.
        let _ = timeout(PATIENCE, checks).await;
    }

    /// The wallets of the generation that must be told to revoke.
    pub(super) fn legacy_wallets(&self) -> Vec<Arc<dyn DaemonWallet>> {
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

    /// Whether wallet `index` is unlocked, and signed the last vote that it was asked for.
    pub fn wallet_signs(&self, index: usize) -> bool {
        self.caster().wallet_signs(index)
    }

    /// The last known state of wallet `index`.
    pub fn wallet_info(&self, index: usize) -> Option<WalletInfo> {
        self.caster().wallet_info(index)
    }
}
