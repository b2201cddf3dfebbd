//! `status`: how the pool is, by the same judge as on the status page.

mod daemon;
mod row;
mod wallet;
mod whole;

use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::Args;
use stakepool::status::{Overall, PoolStatus};

use self::daemon::Daemon;
use self::row::Row;
use self::wallet::Wallet;
use self::whole::Whole;
use crate::answer::Style;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{OpenPool, PoolArguments};

/// Show how the pool is: its voting daemons, its voting wallets, and all of it.
///
/// Every daemon and wallet is asked once; nothing is repaired or changed. The exit code is 1 where the status page would
/// show a problem: where a daemon or wallet cannot be reached, complains, is behind, or has other settings or keys than
/// the web; or where the pool cannot serve its users. Only the web, which collects the daemons' reports, knows where the database
/// lacks tickets of theirs and where they say different ends of one: see its status page for these. With --json the answer is
/// a list: each daemon, each wallet, and last the pool. With --watch it is shown again and again until Ctrl-C; with --json a
/// list on each line.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Look again every so many seconds, until the program is interrupted.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5",
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    watch: Option<u16>,
}

impl Status {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open_with_wallets(pool)?;
        let Some(seconds) = self.watch else { return show(&open, &mut console) };
        loop {
            if console.style == Style::Text {
                let now = open.pool.now().readable();
                write!(console.output, "{}{now}\n\n", clear()).map_err(CliError::Output)?;
            }
            match show(&open, &mut console) {
                // It is what is watched for.
                Ok(()) => {}
                Err(CliError::NotWell(what)) => console.note(&what),
                Err(error) => return Err(error),
            }
            open.wait(async { tokio::time::sleep(Duration::from_secs(seconds.into())).await });
        }
    }
}

/// What makes a terminal show the next answer in the place of the last one; for a file or pipe an empty line.
fn clear() -> &'static str {
    if io::stdout().is_terminal() { "\x1b[H\x1b[2J" } else { "\n" }
}

/// Looks once and shows it.
fn show(open: &OpenPool, console: &mut Console<'_>) -> Result<(), CliError> {
    let status = open.wait(open.pool.look());
    let mut rows = Vec::new();
    for (report, client) in status.daemons.iter().zip(&open.daemons) {
        rows.push(Row::Daemon(open.wait(Daemon::of(report, client))));
    }
    rows.extend(status.wallets.iter().map(|report| Row::Wallet(Wallet::from(report))));
    rows.push(Row::Whole(Whole::from(&status)));
    write(&rows, console).map_err(CliError::Output)?;
    if status.state == Overall::Ok { Ok(()) } else { Err(CliError::NotWell(what_is_wrong(&status))) }
}

fn write(rows: &[Row<'_>], console: &mut Console<'_>) -> io::Result<()> {
    if console.style == Style::Json {
        return console.style.write_list(console.output, rows, "");
    }
    if !rows.iter().any(|row| matches!(row, Row::Daemon(_))) {
        writeln!(console.output, "the configuration names no voting daemon\n")?;
    }
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            writeln!(console.output)?;
        }
        console.style.write_single(console.output, row)?;
    }
    Ok(())
}

/// The sentence for a pool that is not well; the rows have the details.
fn what_is_wrong(status: &PoolStatus) -> String {
    let wallets: Vec<bool> = status.wallets.iter().map(|wallet| wallet.problems.is_empty()).collect();
    let daemons: Vec<bool> = status.daemons.iter().map(|daemon| daemon.problems.is_empty()).collect();
    let failing: Vec<String> = [(wallets, "voting wallets"), (daemons, "voting daemons")]
        .into_iter()
        .map(|(well, what)| (well.iter().filter(|well| !**well).count(), well.len(), what))
        .filter(|(failing, ..)| *failing > 0)
        .map(|(failing, all, what)| format!("{failing} of {all} {what}"))
        .collect();
    if !failing.is_empty() {
        return format!("{} are not in order", failing.join(" and "));
    }
    if !status.failures.is_empty() {
        return format!("the pool cannot serve: {}", status.failures.join("; "));
    }
    let found: Vec<String> = status.findings.iter().map(|found| format!("{}: {}", found.about, found.text)).collect();
    format!("the pool has problems: {}", found.join("; "))
}
