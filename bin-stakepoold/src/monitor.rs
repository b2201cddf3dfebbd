//! The daemon as monitors see it.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use stakepool_core::ports::{DaemonStatus, EventCursor, Node as _, VoteSigner as _, VotingDaemon as _};
use stakepool_core::reloadable::Reloadable;
use stakepool_core::reports::DaemonEventKind;
use stakepool_core::time::UnixTime;
use stakepool_core::voting::{Engine, LocalDaemon};
use stakepool_process::monitor::{CallsOf, Exposition, Kind, Monitored, VoteFigures, write_calls};
use stakepool_rpc::json::{NodeClient, Wallet};

/// How many blocks the daemon may be behind its node and still be ready: a block is worked through in a moment.
const LAG_ALLOWED: u32 = 2;

/// Reports on the daemon.
pub(crate) struct DaemonMonitor {
    pub(crate) daemon: Arc<LocalDaemon>,
    pub(crate) wallets: Vec<Arc<Wallet>>,
    pub(crate) nodes: Vec<Arc<NodeClient>>,
    pub(crate) votes: Arc<VoteFigures>,
    /// When the certificate of the daemon's own service ends.
    pub(crate) certificate_end: Reloadable<Option<UnixTime>>,
}

/// The daemon from its start on, also while there is none yet.
#[derive(Default)]
pub(crate) struct FromTheStart(OnceLock<DaemonMonitor>);

impl FromTheStart {
    /// Goes on with the daemon, which has started.
    pub(crate) fn started(&self, daemon: DaemonMonitor) {
        // It starts once.
        let _ = self.0.set(daemon);
    }
}

#[async_trait]
impl Monitored for FromTheStart {
    async fn readiness(&self) -> Result<(), Vec<String>> {
        match self.0.get() {
            Some(daemon) => daemon.readiness().await,
            None => Err(vec!["starting: no node has answered yet".to_owned()]),
        }
    }

    async fn metrics(&self, to: &mut Exposition) {
        to.family("stakepoold_info", Kind::Gauge, "The program.");
        to.sample("stakepoold_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        if let Some(daemon) = self.0.get() {
            daemon.metrics(to).await;
        }
    }
}

/// Counts the engine's votes for ever.
pub(crate) async fn count_votes(engine: Arc<Engine>, votes: Arc<VoteFigures>) -> Infallible {
    let mut place = EventCursor { epoch: engine.epoch(), seq: 0 };
    loop {
        engine.wait_for_events(place).await;
        let batch = engine.events(place);
        place = batch.next;
        // A snapshot is of the past, and counted already as far as it was seen.
        for event in batch.events.iter().filter(|_| !batch.snapshot) {
            if let DaemonEventKind::Vote(record) = &event.kind {
                votes.count(record);
            }
        }
    }
}

/// How far the daemon is behind its node.
fn lag(status: &DaemonStatus) -> Option<u32> {
    Some(status.node_height?.0.saturating_sub(status.synced_height?.0))
}

/// What keeps the daemon from voting. One that has the voting wallets' key needs none of them.
fn obstacles(status: &DaemonStatus, has_voting_key: bool) -> Vec<String> {
    let mut obstacles = Vec::new();
    if status.node_height.is_none() {
        obstacles.push("no node answers".to_owned());
    }
    if !has_voting_key && !status.wallets.iter().any(|wallet| wallet.reachable && wallet.unlocked) {
        obstacles.push("no wallet answers that can sign".to_owned());
    }
    match lag(status) {
        Some(lag) if lag > LAG_ALLOWED => obstacles.push(format!("{lag} blocks behind the node")),
        None if status.synced_height.is_none() => obstacles.push("no block has been worked through yet".to_owned()),
        _ => {}
    }
    let lacking = status.check.lacking;
    if !has_voting_key && lacking > 0 && lacking >= status.live_tickets {
        obstacles.push(
            "no wallet knows the tickets to be voted: it lost its scripts, or must look through the chain".to_owned(),
        );
    }
    obstacles
}

impl DaemonMonitor {
    async fn readiness(&self) -> Result<(), Vec<String>> {
        // A wallet that was locked or unlocked a moment ago is judged by how it is now.
        self.daemon.engine().refresh_wallets().await;
        let status = self.daemon.status().await.map_err(|error| vec![error.to_string()])?;
        let obstacles = obstacles(&status, self.daemon.engine().has_voting_key());
        if obstacles.is_empty() { Ok(()) } else { Err(obstacles) }
    }

    async fn metrics(&self, to: &mut Exposition) {
        self.votes.write("stakepoold", to);
        if let Ok(status) = self.daemon.status().await {
            of_status(&status, to);
        }
        let wallets = self.wallets.iter().map(|wallet| (wallet.name().to_owned(), wallet.call_figures()));
        let nodes = self.nodes.iter().map(|node| (node.name().to_owned(), node.call_figures()));
        write_calls("stakepoold", &wallets.chain(nodes).collect::<Vec<CallsOf>>(), to);
        if let Some(end) = *self.certificate_end.get() {
            let help = "When the certificate of the gRPC service ends, in Unix time.";
            to.single("stakepoold_certificate_end_timestamp_seconds", Kind::Gauge, help, end.0);
        }
    }
}

fn of_status(status: &DaemonStatus, to: &mut Exposition) {
    let mut gauge = |name: &str, help: &str, value: Option<u64>| {
        if let Some(value) = value {
            to.single(&format!("stakepoold_{name}"), Kind::Gauge, help, value);
        }
    };
    let height = |height: Option<stakepool_core::chain::BlockHeight>| height.map(|height| u64::from(height.0));
    gauge("node_up", "Whether a node answers.", Some(u64::from(status.node_height.is_some())));
    gauge("node_height", "The node's best height.", height(status.node_height));
    gauge("synced_height", "The last height that was worked through.", height(status.synced_height));
    gauge("lag_blocks", "How far the daemon is behind its node.", lag(status).map(u64::from));
    let help = "Tickets that the daemon is to vote when they win, immature ones included. The votes cast are in stakepoold_votes_total.";
    // Before the chain was worked through, nobody knows how many there are.
    let known = |figure| status.synced_height.map(|_| figure);
    gauge("voted_tickets", help, known(status.live_tickets));
    gauge(
        "ignored_tickets",
        "Tickets that are ignored for their fee, and will not be voted.",
        known(status.ignored_tickets),
    );
    let check = &status.check;
    gauge("wallet_tickets", "Unspent tickets that the daemon's wallets list themselves.", check.wallet_tickets);
    let help = "Tickets to be voted that none of the daemon's wallets knows, so that no vote of theirs is signed.";
    gauge("lacking_tickets", help, check.wallet_tickets.map(|_| check.lacking));
    let help = "Voting addresses whose scripts a wallet holds, but that are no user's.";
    gauge("unknown_addresses", help, known(check.unknown_addresses));
    gauge(
        "unknown_tickets",
        "Tickets of such addresses, which are voted with default bits.",
        known(check.unknown_tickets),
    );
    gauge("problems", "What is wrong, see the log.", Some(status.problems.len() as u64));
    let mut counter =
        |name: &str, help: &str, value| to.single(&format!("stakepoold_{name}"), Kind::Counter, help, value);
    let help = "Tickets that were missed since the start although the daemon was to vote them, whichever daemon failed; known when \
                the child of the block is connected.";
    counter("missed_tickets_total", help, check.missed);
    let help =
        "Tickets that were missed since the start, whose scripts the wallets hold, and that were not to be voted.";
    counter("missed_unvoted_tickets_total", help, check.missed_unvoted);
    let mut family = |name: &str, help: &str, value: &dyn Fn(&stakepool_core::ports::WalletState) -> bool| {
        let name = format!("stakepoold_{name}");
        to.family(&name, Kind::Gauge, help);
        for wallet in &status.wallets {
            to.sample(&name, &[("wallet", &wallet.name)], u8::from(value(wallet)));
        }
    };
    family("wallet_up", "Whether the wallet answers.", &|wallet| wallet.reachable);
    family("wallet_unlocked", "Whether it can sign.", &|wallet| wallet.reachable && wallet.unlocked);
    family("wallet_votes_itself", "Whether it votes by itself, which it should not.", &|wallet| wallet.votes_itself);
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::{BlockHeight, Network};
    use stakepool_core::ports::{TicketCheck, WalletState};
    use stakepool_core::ticket::PoolFee;

    fn status() -> DaemonStatus {
        DaemonStatus {
            id: "a".into(),
            epoch: 1,
            version: "1".into(),
            network: Network::Simnet,
            cold_wallet_xpub: String::new(),
            old_cold_wallet_xpubs: Vec::new(),
            pool_fee: PoolFee::from_percent(5.0).unwrap(),
            wanted_digest: String::new(),
            node_height: Some(BlockHeight(100)),
            synced_height: Some(BlockHeight(99)),
            wallets: vec![WalletState {
                name: "w:1".into(),
                reachable: true,
                unlocked: true,
                votes_itself: false,
                account_key: None,
            }],
            live_tickets: 3,
            ignored_tickets: 1,
            users: 1,
            problems: Vec::new(),
            problem_topics: Vec::new(),
            takes_acknowledged: true,
            takes_keys: true,
            takes_terms: true,
            takes_format: 1,
            fee_indexes: stakepool_core::desired::FeeIndexes::default(),
            latest_blocks: Vec::new(),
            check: TicketCheck::default(),
        }
    }

    #[test]
    fn a_daemon_is_ready_that_can_hear_and_sign() {
        assert_eq!(obstacles(&status(), false), [""; 0]);
        let mut locked = status();
        locked.wallets[0].unlocked = false;
        assert_eq!(obstacles(&locked, false), ["no wallet answers that can sign"]);
        let away = DaemonStatus { node_height: None, ..status() };
        assert_eq!(obstacles(&away, false), ["no node answers"]);
        let behind = DaemonStatus { synced_height: Some(BlockHeight(97)), ..status() };
        assert_eq!(obstacles(&behind, false), ["3 blocks behind the node"]);
        let mut forgetful = status();
        forgetful.check.lacking = 3;
        assert!(
            obstacles(&forgetful, false)[0].starts_with("no wallet knows the tickets"),
            "{:?}",
            obstacles(&forgetful, false)
        );
        for by_key in [locked, forgetful] {
            assert_eq!(obstacles(&by_key, true), [""; 0], "it has the wallets' key");
        }
        assert_eq!(obstacles(&away, true), ["no node answers"]);
    }

    #[test]
    fn the_state_is_told_in_figures() {
        let told = |status: &DaemonStatus| {
            let mut text = Exposition::default();
            of_status(status, &mut text);
            text.into_text()
        };
        let text = told(&status());
        for line in [
            "stakepoold_lag_blocks 1",
            "stakepoold_voted_tickets 3",
            "stakepoold_wallet_unlocked{wallet=\"w:1\"} 1",
            "stakepoold_missed_tickets_total 0",
            "stakepoold_unknown_tickets 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(!text.contains("stakepoold_lacking_tickets"), "no wallet has listed its tickets yet: {text}");
        let text = told(&DaemonStatus { node_height: None, synced_height: None, ..status() });
        for figure in ["node_height", "synced_height", "lag_blocks", "voted_tickets", "ignored_tickets", "unknown_"] {
            assert!(!text.contains(&format!("stakepoold_{figure}")), "{figure} is not known yet: {text}");
        }
    }
}
