//! What people must hear of the pool's tickets: addresses that are no user's, users who are missing, tickets that are ignored, and
//! tickets that were missed.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::lottery_reports::{Changes, Ignored, Missed, MissedAs};
use crate::chain::{ScriptAddress, TicketHash};
use crate::ports::{MissingUser, TicketCheck, UnknownAddress};
use crate::reports::{DaemonEventKind, VoteOutcome};
use crate::ticket::Verdict;

/// Addresses and users that a sentence names: a status page shows 400 characters of it.
pub(super) const NAMED: usize = 3;
/// Unknown addresses and missing users that the status names.
const LISTED: usize = 100;
/// Ignored tickets that the log names one by one at a time.
const LOGGED: usize = 20;
/// Misses whose scripts wallets are still to be asked for.
const ASKED: usize = 100;
/// How long a missed ticket stays a problem: nothing mends it.
pub(super) const MISS_STANDS: Duration = Duration::from_secs(6 * 3600);

/// The first of a list, and how many there are beside.
pub(super) fn named<T>(all: &[T], most: usize, name: impl Fn(&T) -> String) -> String {
    let mut text = all.iter().take(most).map(name).collect::<Vec<_>>().join(", ");
    if all.len() > most {
        text.push_str(&format!(" and {} more", all.len() - most));
    }
    text
}

pub(super) fn count(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

fn of_missing(missing: &[MissingUser]) -> String {
    let users = count(missing.len() as u64, "user with tickets is", "users with tickets are");
    let names = named(missing, NAMED, |user| {
        format!("user {} at {} with {}", user.user, user.address, count(user.tickets, "ticket", "tickets"))
    });
    format!(
        "{users} missing from what the web sent ({names}); they are voted for as before: check the web's database, an older or wrong one"
    )
}

fn of_missing_keys(missing: &[TicketHash]) -> String {
    let tickets = count(missing.len() as u64, "ticket that votes by its key is", "tickets that vote by their keys are");
    format!(
        "{tickets} missing from what the web sent ({}); they are voted as before: check the web's database, an older or wrong one, and \
         whether the web has vspfeexpub",
        named(missing, NAMED, ToString::to_string)
    )
}

fn of_unknown(unknown: &[UnknownAddress]) -> String {
    let voted = unknown.iter().map(|it| it.voted).sum();
    let ignored: u64 = unknown.iter().map(|it| it.ignored).sum();
    let tickets = count(voted, "ticket", "tickets");
    let addresses = count(unknown.len() as u64, "voting address", "voting addresses");
    let names = named(unknown, NAMED, |it| format!("{} with {}", it.address, it.voted + it.ignored));
    let rest = if ignored == 0 { String::new() } else { format!("; {ignored} more are ignored for their fee") };
    format!(
        "{tickets} of {addresses} that the web does not know: {names}. They are voted with default bits, since a wallet holds the \
         scripts{rest}. Check the web's database: users are missing (`stakepoolctl unknown list`)"
    )
}

fn why(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "it was not added",
        Verdict::LowFee => "its fee is too low",
        Verdict::UnknownFeeAddress => "its fee goes to an address that is not the pool's",
        Verdict::FeeLost => "its fee was spent by another transaction",
    }
}

impl Engine {
    /// Reports the tickets that changed, and tells people what they must hear of them.
    pub(super) fn publish_reports(&self) {
        let changes = {
            // Under the lottery's lock, so that two reports on one ticket come in their order.
            let mut lottery = self.lottery_mut();
            let mut changes = lottery.take_changes();
            let reports = std::mem::take(&mut changes.reports);
            self.journal().append(reports.into_iter().map(DaemonEventKind::Ticket));
            changes
        };
        let Changes { ignored, missed, strangers, .. } = changes;
        tell_ignored(&ignored);
        for missed in missed {
            self.tell_missed(&missed);
        }
        if strangers {
            self.tell_strangers();
        }
        self.look_at_failed_vote();
    }

    /// Names users who are missing, and addresses that are no user's. Those that are acknowledged are in the status, and no
    /// problem.
    pub(super) fn tell_strangers(&self) {
        // Whoever has no users yet knows none of anybody, and hears of them in a moment.
        if !self.has_users() && self.source.is_awaited() {
            return;
        }
        let (missing, unknown, missing_keys, desired) = {
            let lottery = self.lottery();
            let desired = Arc::clone(lottery.desired());
            (lottery.missing_users(), lottery.unknown_addresses(), lottery.missing_keys(), desired)
        };
        if missing_keys.is_empty() {
            self.solved("wanted keys");
        } else {
            self.problems_of().figures("wanted keys", of_missing_keys(&missing_keys));
        }
        let (missing_quiet, missing): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|it| desired.is_acknowledged(&it.address));
        let (quiet, loud): (Vec<_>, Vec<_>) = unknown.into_iter().partition(|it| desired.is_acknowledged(&it.address));
        if missing.is_empty() {
            self.solved("wanted");
        } else {
            self.problems_of().figures("wanted", of_missing(&missing));
        }
        let unknown: Vec<_> = loud.iter().chain(&quiet).copied().collect();
        let new = {
            let mut check = self.check();
            check.unknown_addresses = unknown.len() as u64;
            check.unknown_tickets = unknown.iter().map(|it| it.voted).sum();
            check.missing = missing.iter().chain(&missing_quiet).take(LISTED).copied().collect();
            let before = std::mem::replace(&mut check.unknown, unknown.iter().take(LISTED).copied().collect());
            let is_new = |it: &&UnknownAddress| !before.iter().any(|known| known.address == it.address);
            check
                .unknown
                .iter()
                .filter(is_new)
                .filter(|it| !desired.is_acknowledged(&it.address))
                .copied()
                .collect::<Vec<_>>()
        };
        for UnknownAddress { address, voted, ignored } in new {
            tracing::warn!(%address, voted, ignored, "a wallet holds the script of a voting address that is no user's");
        }
        if loud.is_empty() {
            self.solved("unknown");
        } else {
            self.problems_of().figures("unknown", of_unknown(&loud));
        }
    }

    /// Tells of a ticket that was missed.
    pub(super) fn tell_missed(&self, missed: &Missed) {
        let Missed { ticket, address, height, missed_as } = missed;
        match missed_as {
            MissedAs::Stranger => self.ask_about(*missed),
            MissedAs::Voted => {
                self.check().missed += 1;
                let reason = self.last_try(ticket);
                let what =
                    format!("ticket {ticket} of {address} was missed: block {height} is without its vote ({reason})");
                self.problems_of().happened("missed", what, MISS_STANDS);
            }
            MissedAs::ByKey => {
                self.check().missed += 1;
                let reason = self.last_try(ticket);
                let what = format!(
                    "ticket {ticket}, whose owner handed over its key, was missed: block {height} is without its vote ({reason})"
                );
                self.problems_of().happened("missed", what, MISS_STANDS);
            }
            MissedAs::Ignored { verdict, committed, required } => {
                let reason = format!("{}: {committed} EXCC of {required}", why(*verdict));
                self.tell_unvoted(ticket, address, &format!("it was ignored, because {reason}"));
            }
        }
    }

    /// What became of this daemon's vote of a ticket.
    fn last_try(&self, ticket: &TicketHash) -> String {
        if self.ballots().is_casting(ticket) {
            return "the try of this daemon has not ended".to_owned();
        }
        match self.latest_votes().of_ticket(ticket).map(|vote| &vote.outcome) {
            Some(VoteOutcome::Failed(reason)) => format!("the last try of this daemon failed: {reason}"),
            Some(_) => "this daemon had sent a vote, which was not mined in time".to_owned(),
            None => "this daemon did not try".to_owned(),
        }
    }

    /// Tells of a missed ticket whose script a wallet holds, and that was not voted.
    pub(super) fn tell_unvoted(&self, ticket: &TicketHash, address: &ScriptAddress, why: &str) {
        self.check().missed_unvoted += 1;
        let what = format!(
            "a ticket of address {address}, whose script the wallet holds, was missed and not voted: {ticket} ({why})"
        );
        self.problems_of().happened("unvoted", what, MISS_STANDS);
    }

    /// Has the wallets asked whether one of them holds the script of a missed ticket.
    fn ask_about(&self, missed: Missed) {
        if self.keep_open(missed) {
            self.audit_soon.notify_one();
        }
    }

    /// Keeps a missed ticket about which wallets are still to be asked. False where there are too many.
    pub(super) fn keep_open(&self, missed: Missed) -> bool {
        let mut open = self.open_misses();
        let has_room = open.len() < ASKED;
        if has_room {
            open.push(missed);
        }
        has_room
    }

    /// Its tickets beside those of its wallets.
    pub fn ticket_check(&self) -> TicketCheck {
        let (sets, key_tickets) = (self.ticket_sets(), Some(self.key_ticket_count()));
        TicketCheck { sets, key_tickets, ..self.check().clone() }
    }
}

fn tell_ignored(ignored: &[Ignored]) {
    for Ignored { ticket, address, facts } in ignored.iter().take(LOGGED) {
        tracing::warn!(
            %ticket, %address, fee_found = %facts.committed_fee, fee_required = %facts.required_fee,
            fee_address = %facts.fee_address,
            "a ticket is ignored and will not be voted, because {}; `stakepoolctl tickets add` makes the pool vote it",
            why(facts.verdict)
        );
    }
    if ignored.len() > LOGGED {
        tracing::warn!(
            tickets = ignored.len() - LOGGED,
            "more tickets are ignored; `stakepoolctl tickets ignored` lists them"
        );
    }
}
