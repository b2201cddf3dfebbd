//! Comparing what the wallets count with what the engine knows.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::engine::Engine;
use super::tell::{MISS_STANDS, count};
use super::wallet_counts::{Beside, Verdict};
use crate::chain::TicketHash;
use crate::ports::{TicketCounts, VotingWallet};

/// How long a wallet may take to count.
const COUNT_LIMIT: Duration = Duration::from_secs(60);

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
    /// What a wallet counts, where it says so and its height is the engine's; `None` where it is silent.
    pub(super) async fn count(&self, wallet: &dyn VotingWallet) -> Option<Option<TicketCounts>> {
        let counted = match timeout(COUNT_LIMIT, wallet.ticket_counts()).await {
            Ok(Ok(counted)) => counted,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a wallet does not count its tickets");
                None
            }
            Err(_) => {
                tracing::warn!(wallet = wallet.name(), "a wallet's tickets were not compared: it does not count them");
                return None;
            }
        };
        let is_at = |counted: &TicketCounts| {
            self.is_compared() && self.synced().is_some_and(|(_, height)| height == counted.height)
        };
        Some(counted.filter(is_at))
    }

    /// Compares what a wallet counted, and the tickets that it listed afterwards, with the engine's. False where that must be done
    /// again soon.
    pub(super) fn compare_counts(&self, wallet: &str, counted: TicketCounts, listed: &[TicketHash]) -> bool {
        if self.synced().is_none_or(|(_, height)| height != counted.height) {
            // A block came meanwhile.
            return true;
        }
        let beside = self.beside(counted, listed);
        let verdict = {
            let mut counts = self.wallet_counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.entry(wallet.to_owned()).or_default().look(Instant::now(), beside)
        };
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
        // A ticket whose vote is with the node is spent for the list, and not for the count.
        let cast = self.ballots().cast_winners();
        let lottery = self.lottery();
        let known: HashSet<_> = listed.iter().copied().chain(cast).filter(|ticket| lottery.knows(ticket)).collect();
        drop(lottery);
        Beside {
            unspent: signed(counted.unspent) - signed(self.unspent_tickets()),
            missed: signed(counted.missed) - signed(noted),
            unknown: counted.unspent.saturating_sub(known.len() as u64),
        }
    }
}
