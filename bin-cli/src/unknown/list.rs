//! `unknown list`: addresses that are no user's, and who reports them.

use clap::Args;
use serde::Serialize;
use stakepool::status::{Reporter, UnknownAddressReport};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{OpenPool, PoolArguments};

/// List the addresses that wallets and voting daemons report, and that are no user's of the database.
///
/// Every wallet and daemon is asked once; nothing is changed. All tickets of such addresses are judged by the fee rule, and
/// voted where they pay the fee. Those that are acknowledged come last.
#[derive(Debug, Args)]
pub(crate) struct List {}

#[derive(Serialize)]
#[serde(transparent)]
struct Unknown<'a>(&'a UnknownAddressReport);

fn tickets(live: Option<u64>, ignored: Option<u64>) -> String {
    match (live, ignored) {
        (None, _) => "tickets not known".to_owned(),
        (Some(live), Some(ignored)) if ignored > 0 => format!("{live} live, {ignored} ignored"),
        (Some(live), _) => format!("{live} live"),
    }
}

fn reporter(Reporter { name, live_tickets, ignored_tickets }: &Reporter) -> (&'static str, String) {
    ("reported by", format!("{name} ({})", tickets(*live_tickets, *ignored_tickets)))
}

impl Answer for Unknown<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let report = self.0;
        let first_seen = report.first_seen_at.clone().unwrap_or_else(|| "not noted yet".to_owned());
        let readable = [
            ("address", Some(report.address.to_string())),
            ("key index", report.key_index.map(|index| index.to_string())),
            ("user", report.user.map(|user| user.to_string())),
            ("tickets", Some(tickets(Some(report.live_tickets), Some(report.ignored_tickets)))),
            ("first seen", Some(first_seen)),
        ];
        let known = readable.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let acknowledged = report
            .acknowledged
            .as_ref()
            .map(|noted| ("acknowledged", format!("{} by {}", noted.at.readable(), noted.by)));
        known.chain(report.reported_by.iter().map(reporter)).chain(acknowledged).collect()
    }
}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open_with_wallets(pool)?;
        let status = open.wait(open.pool.look());
        for name in silent(&status) {
            console.note(&format!("{name} does not answer; what only it reports is not listed"));
        }
        let list: Vec<_> = status.unknown_addresses.iter().map(Unknown).collect();
        let none = "no wallet and no voting daemon reports an address that is no user's";
        console.style.write_list(console.output, &list, none).map_err(CliError::Output)
    }
}

/// Wallets and daemons that say nothing now.
fn silent(status: &stakepool::status::PoolStatus) -> Vec<String> {
    use stakepool::status::WalletCondition::{Unknown, Unreachable};
    let wallets = status.wallets.iter().filter(|wallet| matches!(wallet.state, Unknown | Unreachable));
    let daemons = status.daemons.iter().filter(|daemon| !daemon.reachable);
    wallets
        .map(|wallet| format!("wallet {}", wallet.name))
        .chain(daemons.map(|daemon| format!("daemon {}", daemon.name)))
        .collect()
}
