//! Voting addresses that are no user's, as wallets and daemons report them.

use std::collections::BTreeMap;

use serde::Serialize;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{KeyIndex, ScriptAddress};
use stakepool_core::wallets::MemberStatus;

use crate::daemons::DaemonView;
use crate::unknown_notes::{Acknowledgement, UnknownNotes};
use stakepool_core::time::UnixTime;

/// Addresses that the status lists.
const LISTED: usize = 1_000;

/// Who reports an address that is no user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reporter {
    /// A wallet or daemon, with its name.
    pub name: String,
    /// Tickets of the address that may still vote and are voted; `None` where that is not known.
    pub live_tickets: Option<u64>,
    /// Such tickets that are ignored for their fee; `None` where that is not known.
    pub ignored_tickets: Option<u64>,
}

/// A voting address that is no user's of the database. It is voted for as any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownAddressReport {
    /// The multisig address.
    pub address: ScriptAddress,
    /// The key index of its user, where a wallet has told the script.
    pub key_index: Option<KeyIndex>,
    /// The number of its user, where a daemon knows it from before.
    pub user: Option<UserId>,
    /// Tickets that may still vote and are voted: the most that somebody reports.
    pub live_tickets: u64,
    /// Such tickets that are ignored for their fee.
    pub ignored_tickets: u64,
    /// When the web first saw it; `None` where it was not noted yet.
    pub first_seen: Option<UnixTime>,
    /// The same for people.
    pub first_seen_at: Option<String>,
    /// That the operator knows and wants it, so that it is no problem.
    pub acknowledged: Option<Acknowledgement>,
    /// The wallets and daemons that report it.
    pub reported_by: Vec<Reporter>,
}

/// What wallets and daemons report, by address.
struct Collected<'a> {
    notes: &'a UnknownNotes,
    reports: BTreeMap<String, UnknownAddressReport>,
}

impl Collected<'_> {
    fn report(&mut self, address: ScriptAddress, reporter: Reporter) -> &mut UnknownAddressReport {
        let first_seen = self.notes.seen.get(&address).copied();
        let acknowledged = self.notes.acknowledged.get(&address).cloned();
        let report = self.reports.entry(address.to_string()).or_insert_with(|| UnknownAddressReport {
            address,
            key_index: None,
            user: None,
            live_tickets: 0,
            ignored_tickets: 0,
            first_seen,
            first_seen_at: first_seen.map(UnixTime::readable),
            acknowledged,
            reported_by: Vec::new(),
        });
        report.live_tickets = report.live_tickets.max(reporter.live_tickets.unwrap_or_default());
        report.ignored_tickets = report.ignored_tickets.max(reporter.ignored_tickets.unwrap_or_default());
        report.reported_by.push(reporter);
        report
    }
}

/// All addresses that are no user's: first those that nobody has acknowledged, and those with most tickets. Where the operator
/// has said that the pool is a new one, scripts without tickets are no concern of it.
pub(super) fn unknown_addresses(
    wallets: &[MemberStatus],
    daemons: &[(String, Option<DaemonView>)],
    notes: &UnknownNotes,
    new_pool: bool,
) -> Vec<UnknownAddressReport> {
    let mut collected = Collected { notes, reports: BTreeMap::new() };
    for wallet in wallets {
        for script in wallet.census.iter().flat_map(|census| &census.unknown) {
            let has_tickets = script.tickets.is_some_and(|tickets| tickets > 0);
            if new_pool && !has_tickets && !notes.is_acknowledged(&script.address) {
                continue;
            }
            let live_tickets = script.tickets.map(|tickets| tickets as u64);
            let name = format!("wallet {}", wallet.name);
            let report = collected.report(script.address, Reporter { name, live_tickets, ignored_tickets: None });
            report.key_index = Some(script.index);
        }
    }
    for (name, view) in daemons {
        let Some(status) = view.as_ref().filter(|view| view.in_sync).and_then(|view| view.status.as_ref()) else {
            continue;
        };
        let reporter = |live, ignored| Reporter {
            name: format!("daemon {name}"),
            live_tickets: Some(live),
            ignored_tickets: ignored,
        };
        for unknown in &status.check.unknown {
            collected.report(unknown.address, reporter(unknown.voted, Some(unknown.ignored)));
        }
        for missing in &status.check.missing {
            collected.report(missing.address, reporter(missing.tickets, None)).user = Some(missing.user);
        }
    }
    let mut reports: Vec<_> = collected.reports.into_values().collect();
    reports.sort_by_key(|report| (report.acknowledged.is_some(), std::cmp::Reverse(report.live_tickets)));
    reports.truncate(LISTED);
    reports
}
