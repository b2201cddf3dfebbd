//! How a voting daemon is shown.

use std::fmt::Display;

use serde::Serialize;
use stakepool::status::DaemonReport;
use stakepool_core::ports::{DaemonError, VotingDaemon, WalletState};
use stakepool_rpc::grpc::client::DaemonClient;

use crate::answer::{Answer, problems};

/// How a daemon is. Of a daemon that cannot be reached only `problems` says something.
#[derive(Serialize)]
pub(super) struct Daemon<'a> {
    daemon: &'a str,
    reachable: bool,
    /// Empty when all is well.
    problems: &'a [String],
    #[serde(flatten)]
    says: Says<'a>,
}

/// What a daemon says of itself.
#[derive(Serialize)]
#[serde(untagged)]
enum Says<'a> {
    /// One of ours.
    Own(Own<'a>),
    /// One of the predecessor, which says little.
    Predecessor { version: String, live_tickets: usize, ignored_tickets: usize },
    /// Nothing.
    Nothing {},
}

/// What an operator looks at first.
#[derive(Serialize)]
struct Own<'a> {
    id: &'a str,
    version: Option<&'a str>,
    node_height: Option<u32>,
    synced_height: Option<u32>,
    wallets: &'a [WalletState],
    live_tickets: Option<u64>,
    ignored_tickets: Option<u64>,
}

impl<'a> Daemon<'a> {
    /// A daemon as it was judged. One of the predecessor's is asked for the little that it says.
    pub(super) async fn of(report: &'a DaemonReport, client: &DaemonClient) -> Self {
        let says = match &report.id {
            Some(id) => Says::Own(Own::new(id, report)),
            None if report.predecessor => predecessor(client).await.unwrap_or(Says::Nothing {}),
            None => Says::Nothing {},
        };
        Self { daemon: &report.name, reachable: report.reachable, problems: &report.problems, says }
    }
}

impl<'a> Own<'a> {
    fn new(id: &'a str, report: &'a DaemonReport) -> Self {
        Self {
            id,
            version: report.version.as_deref(),
            node_height: report.node_height,
            synced_height: report.synced_height,
            wallets: &report.wallets,
            live_tickets: report.live_tickets,
            ignored_tickets: report.ignored_tickets,
        }
    }
}

async fn predecessor(client: &DaemonClient) -> Result<Says<'static>, DaemonError> {
    let (version, live, ignored) =
        tokio::try_join!(client.service_version(), client.live_tickets(), client.ignored_tickets())?;
    Ok(Says::Predecessor { version, live_tickets: live.len(), ignored_tickets: ignored.len() })
}

impl Answer for Daemon<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("daemon", self.daemon.to_owned())];
        let tickets =
            |live: &dyn Display, ignored: &dyn Display| ("tickets", format!("{live} live, {ignored} ignored"));
        match &self.says {
            Says::Own(own) => {
                let height =
                    |height: Option<u32>| height.map_or_else(|| "unknown".to_owned(), |height| height.to_string());
                fields.push(("id", own.id.to_owned()));
                fields.extend(own.version.map(|version| ("version", version.to_owned())));
                fields.push(("node height", height(own.node_height)));
                fields.push(("synced height", height(own.synced_height)));
                fields.extend(own.wallets.iter().map(|wallet| ("wallet", readable(wallet))));
                fields
                    .extend(own.live_tickets.zip(own.ignored_tickets).map(|(live, ignored)| tickets(&live, &ignored)));
            }
            Says::Predecessor { version, live_tickets, ignored_tickets } => {
                fields.push(("version", format!("the predecessor's, service {version}")));
                fields.push(tickets(live_tickets, ignored_tickets));
            }
            Says::Nothing {} => {}
        }
        fields.extend(problems(self.problems));
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
