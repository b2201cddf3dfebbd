//! Comparing what the wallets count with what the engine knows.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::engine::Engine;
use super::tell::{MISS_STANDS, count};
use super::wallet_counts::{Beside, Verdict, WalletCounts};
use crate::chain::TicketHash;
use crate::ports::{DaemonWallet, TicketCounts, WalletError};

/// How long a wallet may take to count. One that takes longer counts on, beside the votes that it is to sign.
const COUNT_LIMIT: Duration = Duration::from_secs(20);

fn unheard(wallet: &str, missed: u64) -> String {
    let tickets = count(missed, "ticket", "tickets");
    format!(
        "wallet {wallet} counts {tickets} as missed that this daemon did not know to be missed: votes were lost. Look for them with \
         `exccctl --wallet getstakeinfo` and in the wallet's log; tickets that the wallet bought for itself are voted by nobody"
    )
}

fn unknown(wallet: &str, tickets: u64) -> String {
    let tickets = count(tickets, "ticket", "tickets");
    format!(
        "wallet {wallet} counts {tickets} that may win and that this daemon does not know: see that its node runs with txindex, and \
         restart stakepoold"
    )
}

impl Engine {
    /// What a wallet counts, where it says so and its best block is the engine's. One that was too slow is not asked again before
    /// the next regular check.
    pub(super) async fn count(&self, wallet: &dyn DaemonWallet) -> Option<TicketCounts> {
        let began = Instant::now();
        if self.counts_of(wallet.name(), |counts| counts.rests(began)) {
            return None;
        }
        let counted = match timeout(COUNT_LIMIT, wallet.ticket_counts()).await {
            Ok(Ok(counted)) => counted?,
            Ok(Err(error)) if !matches!(error, WalletError::Timeout { .. }) => {
                tracing::debug!(%error, "a wallet does not count its tickets");
                return None;
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(
                    wallet = wallet.name(),
                    "a wallet is too slow to count its tickets: they are only listed"
                );
                self.counts_of(wallet.name(), |counts| counts.rest_until(began + self.check_every()));
                return None;
            }
        };
        (self.is_compared() && self.is_synced_with(&counted)).then_some(counted)
    }

    fn is_synced_with(&self, counted: &TicketCounts) -> bool {
        self.synced() == Some((counted.block, counted.height))
    }

    fn counts_of<T>(&self, wallet: &str, look: impl FnOnce(&mut WalletCounts) -> T) -> T {
        let mut counts = self.wallet_counts.lock().unwrap_or_else(PoisonError::into_inner);
        look(counts.entry(wallet.to_owned()).or_default())
    }

    /// Compares what a wallet counted, and the tickets that it listed afterwards, with the engine's. False where that must be
    /// done again soon.
    pub(super) fn compare_counts(&self, wallet: &str, counted: TicketCounts, listed: &[TicketHash]) -> bool {
        if !self.is_synced_with(&counted) {
            // A block came meanwhile.
            return true;
        }
        let beside = self.beside(counted, listed);
        let verdict = self.counts_of(wallet, |counts| counts.look(Instant::now(), beside));
        let Verdict::Settled { missed_unheard, unknown: more } = verdict else { return false };
        if missed_unheard > 0 {
            self.happened(&format!("{wallet}/missed"), unheard(wallet, missed_unheard), MISS_STANDS);
        }
        let topic = format!("{wallet}/more tickets");
        if more == 0 {
            self.solved(&topic);
        } else {
            self.problems_of().figures(&topic, unknown(wallet, more));
        }
        true
    }

    fn beside(&self, counted: TicketCounts, listed: &[TicketHash]) -> Beside {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let noted = {
            let check = self.check();
            check.missed.saturating_add(check.missed_unvoted)
        };
        // A ticket whose vote is with the node, whoever cast it, is spent for the list, and not for the count until it is mined.
        let voted: Vec<_> = {
            let ballots = self.ballots();
            ballots.open_winners().into_iter().chain(ballots.cast_winners()).collect()
        };
        let known: HashSet<_> = {
            let lottery = self.lottery();
            let listed = listed.iter().copied().filter(|ticket| lottery.knows(ticket));
            listed.chain(voted.into_iter().filter(|ticket| lottery.is_unspent(ticket))).collect()
        };
        Beside {
            unspent: signed(counted.unspent) - signed(self.unspent_tickets()),
            missed: signed(counted.missed) - signed(noted),
            unknown: counted.unspent.saturating_sub(known.len() as u64),
        }
    }
}
