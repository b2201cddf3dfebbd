//! `status`: how the voting daemons are.

use std::fmt::Display;

use clap::Args;
use serde::Serialize;
use stakepool_config::WebConfig;
use stakepool_core::ports::{DaemonError, DaemonStatus, VotingDaemon, WalletState};
use stakepool_rpc::grpc::client::DaemonClient;

use crate::answer::{Answer, Style};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Daemons, PoolArguments, runtime};

/// Show how the voting daemons are.
///
/// The exit code is 1 where one cannot be reached, has a problem, or works with other settings than the web.
#[derive(Debug, Args)]
pub(crate) struct Status {}

/// How a daemon is. Of a daemon that cannot be reached only `problems` says something.
#[derive(Serialize)]
struct Daemon {
    daemon: String,
    reachable: bool,
    /// Empty when all is well.
    problems: Vec<String>,
    #[serde(flatten)]
    report: Report,
}

/// What a daemon says of itself.
#[derive(Serialize)]
#[serde(untagged)]
enum Report {
    /// One of ours.
    Own(Box<Own>),
    /// One of the predecessor, which says little.
    Predecessor { version: String, live_tickets: usize, ignored_tickets: usize },
    /// Nothing.
    None {},
}

/// The parts of [`DaemonStatus`] that an operator looks at.
#[derive(Serialize)]
struct Own {
    id: String,
    version: String,
    node_height: Option<u32>,
    synced_height: Option<u32>,
    wallets: Vec<WalletState>,
    live_tickets: u64,
    ignored_tickets: u64,
}

impl Status {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let config = pool.load()?;
        let daemons = Daemons::of(&config)?;
        let asked = runtime()?.block_on(daemons.ask(async |daemon| Daemon::ask(daemon, &config).await));
        write(&asked, console).map_err(CliError::Output)?;
        let failing = asked.iter().filter(|daemon| !daemon.problems.is_empty()).count();
        if failing > 0 { Err(CliError::Daemons { failing, all: asked.len() }) } else { Ok(()) }
    }
}

fn write(daemons: &[Daemon], console: Console<'_>) -> std::io::Result<()> {
    if console.style == Style::Json || daemons.is_empty() {
        return console.style.write_list(console.output, daemons, "the configuration names no voting daemon");
    }
    for (number, daemon) in daemons.iter().enumerate() {
        if number > 0 {
            writeln!(console.output)?;
        }
        console.style.write_single(console.output, daemon)?;
    }
    Ok(())
}

impl Daemon {
    async fn ask(client: &DaemonClient, config: &WebConfig) -> Self {
        let asked = match client.status().await {
            Ok(status) => Ok((differences(&status, config), Report::Own(Box::new(status.into())))),
            Err(DaemonError::Unsupported { .. }) => predecessor(client).await.map(|report| (Vec::new(), report)),
            Err(error) => Err(error),
        };
        let daemon = client.name().to_owned();
        match asked {
            Ok((problems, report)) => Self { daemon, reachable: true, problems, report },
            Err(error) => {
                let reachable = !matches!(error, DaemonError::Unreachable { .. });
                Self { daemon, reachable, problems: vec![error.to_string()], report: Report::None {} }
            }
        }
    }
}

impl From<DaemonStatus> for Own {
    fn from(status: DaemonStatus) -> Self {
        Self {
            id: status.id,
            version: status.version,
            node_height: status.node_height.map(|height| height.0),
            synced_height: status.synced_height.map(|height| height.0),
            wallets: status.wallets,
            live_tickets: status.live_tickets,
            ignored_tickets: status.ignored_tickets,
        }
    }
}

async fn predecessor(client: &DaemonClient) -> Result<Report, DaemonError> {
    let (version, live, ignored) =
        tokio::try_join!(client.service_version(), client.live_tickets(), client.ignored_tickets())?;
    Ok(Report::Predecessor { version, live_tickets: live.len(), ignored_tickets: ignored.len() })
}

/// The daemon's own problems, and what it has otherwise than the web.
fn differences(status: &DaemonStatus, config: &WebConfig) -> Vec<String> {
    let mut problems = status.problems.clone();
    let mut compare = |what: &str, theirs: &dyn Display, ours: &dyn Display| {
        let (theirs, ours) = (theirs.to_string(), ours.to_string());
        if theirs != ours {
            problems.push(format!("its {what} is {theirs}, but the web's is {ours}: make them the same"));
        }
    };
    compare("network", &status.network, &config.network);
    compare("poolfees", &status.pool_fee, &config.pool_fee);
    compare("coldwalletextpub", &status.cold_wallet_xpub, &config.cold_wallet);
    problems
}

impl Answer for Daemon {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("daemon", self.daemon.clone())];
        let tickets =
            |live: &dyn Display, ignored: &dyn Display| ("tickets", format!("{live} live, {ignored} ignored"));
        match &self.report {
            Report::Own(own) => {
                let height =
                    |height: Option<u32>| height.map_or_else(|| "unknown".to_owned(), |height| height.to_string());
                fields.push(("id", own.id.clone()));
                fields.push(("version", own.version.clone()));
                fields.push(("node height", height(own.node_height)));
                fields.push(("synced height", height(own.synced_height)));
                fields.extend(own.wallets.iter().map(|wallet| ("wallet", readable(wallet))));
                fields.push(tickets(&own.live_tickets, &own.ignored_tickets));
            }
            Report::Predecessor { version, live_tickets, ignored_tickets } => {
                fields.push(("version", format!("the predecessor's, service {version}")));
                fields.push(tickets(live_tickets, ignored_tickets));
            }
            Report::None {} => {}
        }
        match &self.problems[..] {
            [] => fields.push(("problems", "none".to_owned())),
            some => fields.extend(some.iter().map(|problem| ("problem", problem.clone()))),
        }
        fields
    }
}

fn readable(wallet: &WalletState) -> String {
    let state = match (wallet.reachable, wallet.unlocked) {
        (false, _) => "cannot be reached",
        (true, false) => "locked",
        (true, true) => "unlocked",
    };
    let votes = if wallet.votes_itself { ", votes by itself" } else { "" };
    format!("{}: {state}{votes}", wallet.name)
}
