//! Comparing the tickets that the engine is to vote with those that its wallets list.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, sleep, timeout};

use super::engine::Engine;
use super::problems::unknown_ticket;
use super::tell::{count, named};
use crate::chain::{ScriptAddress, TicketHash};
use crate::ports::DaemonWallet;

/// How long a wallet may take to list its tickets.
const LIST_LIMIT: Duration = Duration::from_secs(60);
/// How long a wallet may take to say whether it holds a script.
pub(super) const ASK_LIMIT: Duration = Duration::from_secs(5);
/// Scripts that a wallet is asked for at the same time.
const ASK_AT_ONCE: usize = 8;
/// How long votes on a block are left in peace, and a list that lacks tickets is given to complete itself.
const PEACE: Duration = Duration::from_secs(2);
/// How soon a wallet that lacks tickets, or did not answer, is asked again.
const AGAIN: Duration = Duration::from_secs(20);
/// The least time between two comparisons, whoever asks for them.
const LEAST: Duration = Duration::from_millis(500);

/// Compares with the wallets whenever that is asked for, and soon again where something was wrong.
pub(super) async fn audit_wallets(engine: Arc<Engine>) {
    let mut complete = true;
    loop {
        let asked = engine.audit_soon.notified();
        if complete {
            asked.await;
        } else {
            // A pause that ends by itself.
            let _ = timeout(AGAIN, asked).await;
        }
        let began = Instant::now();
        complete = engine.compare_with_wallets().await;
        tokio::time::sleep_until(began + LEAST).await;
    }
}

fn lacks(wallet: &str, lacking: &[(TicketHash, ScriptAddress)]) -> String {
    let tickets = count(lacking.len() as u64, "ticket that is", "tickets that are");
    let names = named(lacking, 1, |(ticket, address)| format!("{ticket} of {address}"));
    format!(
        "wallet {wallet} does not know {tickets} to be voted ({names}), and signs no vote of them: it lost scripts, or did not look \
         through the chain. The pool's web repairs that while it runs; else import the scripts and `rescanwallet`"
    )
}

/// What came of the comparison with a wallet.
struct Audited {
    /// The tickets that it lists.
    listed: Vec<TicketHash>,
    /// Those to be voted that it lacks.
    lacking: Vec<(TicketHash, ScriptAddress)>,
    /// Whether its counts stand, so that they need not be looked at again soon.
    settled: bool,
}

impl Engine {
    /// Compares the tickets with those that each wallet lists, once no vote is under way. False where it should be done
    /// again soon.
    pub(super) async fn compare_with_wallets(&self) -> bool {
        while self.ballots().any_casting(PEACE) {
            sleep(Duration::from_millis(100)).await;
        }
        let Some(node) = self.active_node().filter(|_| self.synced().is_some()) else { return true };
        let tip = self.lottery().tip();
        let (mut all_listed, mut complete, mut watched) = (true, true, HashSet::new());
        let mut lacked_by_all: Option<HashSet<TicketHash>> = None;
        for wallet in self.wallets() {
            let Some(Audited { listed, lacking, settled }) = self.audit(wallet.as_ref(), node).await else {
                all_listed = false;
                continue;
            };
            watched.extend(listed);
            let lacking: HashSet<_> = lacking.into_iter().map(|(ticket, _)| ticket).collect();
            complete &= lacking.is_empty() && settled;
            lacked_by_all = Some(match lacked_by_all {
                None => lacking,
                Some(before) => before.intersection(&lacking).copied().collect(),
            });
        }
        let Some(lacked) = lacked_by_all else { return false };
        if all_listed {
            self.lottery_mut().listed(tip);
        }
        {
            let mut check = self.check();
            check.wallet_tickets = Some(watched.len() as u64);
            check.lacking = lacked.len() as u64;
        }
        self.settle_open_misses().await;
        self.publish_reports();
        // Scripts that were learned just now may have won.
        self.desired_changed.notify_one();
        all_listed && complete
    }

    /// Compares with one wallet; `None` where it does not answer.
    async fn audit(&self, wallet: &dyn DaemonWallet, node: usize) -> Option<Audited> {
        let name = wallet.name();
        let topic = format!("{name}/tickets");
        // Before the list, which then has all that was counted.
        let counted = self.count(wallet).await;
        let (mut listed, mut lacking) = self.list(wallet, node).await?;
        if !lacking.is_empty() {
            // A vote or block that is on its way into one of the two is no difference.
            sleep(PEACE).await;
            let (again, still) = self.list(wallet, node).await?;
            lacking.retain(|lacked| still.contains(lacked));
            listed = again;
        }
        if lacking.is_empty() {
            self.solved(&topic);
        } else {
            self.problems_of().figures(&topic, lacks(name, &lacking));
        }
        let settled = counted.is_none_or(|counted| self.compare_counts(name, counted, &listed));
        Some(Audited { listed, lacking, settled })
    }

    async fn list(
        &self,
        wallet: &dyn DaemonWallet,
        node: usize,
    ) -> Option<(Vec<TicketHash>, Vec<(TicketHash, ScriptAddress)>)> {
        let listed = match timeout(LIST_LIMIT, wallet.tickets()).await {
            Ok(Ok(listed)) => listed,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a wallet's tickets were not compared");
                return None;
            }
            Err(_) => {
                tracing::warn!(wallet = wallet.name(), "a wallet's tickets were not compared: it does not list them");
                return None;
            }
        };
        self.take_listed(node, &listed).await;
        // A ticket whose vote is with the node, whoever cast it, is spent in the eyes of a wallet.
        let (cast, open) = {
            let ballots = self.ballots();
            (ballots.cast_winners(), ballots.open_winners())
        };
        let among: HashSet<_> = listed.iter().copied().chain(cast).collect();
        let mut lacking = self.lottery().not_among(&among);
        if lacking.is_empty() {
            self.solved(&unknown_ticket(wallet.name()));
        }
        lacking.retain(|(ticket, _)| !open.contains(ticket));
        Some((listed, lacking))
    }

    /// Learns the tickets that a wallet lists, and that it holds their scripts.
    pub(super) async fn take_listed(&self, node: usize, listed: &[TicketHash]) {
        self.look_up_own(node, listed.to_vec()).await;
        self.lottery_mut().hold(listed);
    }

    /// Whether a wallet holds the script of an address. `None` where not all could be asked, and none of the others does.
    pub(super) async fn holds_script(&self, address: &ScriptAddress) -> Option<bool> {
        let mut all_said_no = true;
        for wallet in self.wallets() {
            match timeout(ASK_LIMIT, wallet.holds_script(address)).await {
                Ok(Ok(true)) => return Some(true),
                Ok(Ok(false)) => {}
                Ok(Err(_)) | Err(_) => all_said_no = false,
            }
        }
        all_said_no.then_some(false)
    }

    /// Asks the wallets about missed tickets of addresses that are no user's.
    async fn settle_open_misses(&self) {
        let open = std::mem::take(&mut *self.open_misses());
        let mut questions = Vec::with_capacity(open.len());
        for missed in open {
            questions.push(async move { (missed, self.holds_script(&missed.address).await) });
        }
        let mut answers = stream::iter(questions).buffer_unordered(ASK_AT_ONCE);
        while let Some((missed, holds)) = answers.next().await {
            match holds {
                Some(true) => {
                    self.lottery_mut().hold_address(&missed.address);
                    self.tell_unvoted(
                        &missed.ticket,
                        &missed.address,
                        "the address is no user's, and was not known in time",
                    );
                }
                Some(false) => {}
                None => {
                    self.keep_open(missed);
                }
            }
        }
    }
}
