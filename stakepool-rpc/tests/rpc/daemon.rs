//! A voting daemon put together from the library, with a wallet of its own, on a simulated network.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use stakepool_core::accounts::{PoolBranches, Registration, UserId, VotingPreference};
use stakepool_core::chain::{KeyIndex, ScriptAddress, TicketHash, VoteBits, VoteTransaction, VoteVersion};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::{
    EventCursor, ScriptWallet, TicketWallet, VoteRequest, VoteSigner, VotingDaemon, WalletError, WalletInfo,
    WalletTickets,
};
use stakepool_core::reports::{DaemonEventKind, VoteOutcome};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};
use stakepool_core::voting::{Engine, EngineParts, LocalDaemon, TaggedEvent};
use stakepool_rpc::daemon::{self, DiskStateFile, Peers, RunError, Service, lasting_id};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
use stakepool_rpc::grpc::server::{Access, ServeError, bind};
use stakepool_rpc::json::{ServerConfig, Wallet};
use stakepool_rpc::tls::{TlsError, ensure_server_pair};
use stakepool_sim::{Endpoint, SimNetwork};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(30);
const TOKEN: &str = "a-token-for-these-tests";

/// Signs with keys that it has somewhere else, and is nothing but what voting needs.
struct OwnWallet {
    keys: Wallet,
    signed: AtomicUsize,
}

#[async_trait]
impl VoteSigner for OwnWallet {
    fn name(&self) -> &str {
        "a wallet of our own"
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        self.keys.info().await
    }

    async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        self.signed.fetch_add(1, Ordering::SeqCst);
        self.keys.generate_vote(request).await
    }
}

#[async_trait]
impl TicketWallet for OwnWallet {
    async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError> {
        self.keys.tickets().await
    }

    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, WalletError> {
        self.keys.user_tickets(address).await
    }
}

fn server(endpoint: &Endpoint) -> ServerConfig {
    ServerConfig::new(
        endpoint.host.to_string(),
        &*endpoint.user,
        &*endpoint.password,
        endpoint.certificate_pem.as_bytes(),
    )
}

fn fee() -> PoolFee {
    PoolFee::from_percent(7.5).unwrap()
}

/// Everything of a daemon that does not run yet.
struct Parts {
    folder: TempDir,
    network: SimNetwork,
    wallet: Arc<OwnWallet>,
    peers: Peers,
    daemon: Arc<LocalDaemon>,
    events: mpsc::Receiver<TaggedEvent>,
}

impl Parts {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let network = SimNetwork::builder().voting_wallets(1).height(150).start().await.unwrap();
        let keys = Wallet::connect(&server(&network.wallet(0).endpoint())).unwrap();
        let wallet = Arc::new(OwnWallet { keys, signed: AtomicUsize::new(0) });
        let (peers, events) = Peers::connect(&[], &[server(&network.node().endpoint())]).unwrap();

        let cold = network.cold_wallet_xpub();
        let generation = peers.generation(cold.network()).await.unwrap();
        let fees = FeeAddresses::derive(&cold.external_branch().unwrap(), KeyIndex(20)).unwrap();
        let evaluator = Evaluator::new(cold.network(), cold.network().params(generation), fee(), fees);
        let state = Arc::new(DiskStateFile::in_directory(folder.path()));
        let parts = EngineParts::new(evaluator, vec![Arc::clone(&wallet) as _], peers.voting_nodes(), state);
        let daemon = LocalDaemon::new(Engine::new(parts).unwrap(), "own", cold);
        let daemon = Arc::new(daemon.id(lasting_id(folder.path()).unwrap()));
        Self { folder, network, wallet, peers, daemon, events }
    }

    /// The services with this access, and a client of theirs.
    async fn service(&self, access: Access) -> (Service, DaemonClient) {
        let (certificate, key) = (self.folder.path().join("rpc.cert"), self.folder.path().join("rpc.key"));
        let pair = ensure_server_pair(&certificate, &key, &[], SystemTime::now()).unwrap();
        let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let address = listeners[0].local_addr().unwrap().to_string();
        let options = ClientOptions::new(address, std::fs::read(certificate).unwrap()).with_token(token());
        (Service::new(listeners, pair, access), DaemonClient::new(options).unwrap())
    }

    /// A user whose script the wallet has.
    async fn user(&self) -> Registration {
        let voting = self.network.voting_wallet_xpub().external_branch().unwrap();
        let cold = self.network.cold_wallet_xpub().external_branch().unwrap();
        let user = self.network.buyer_pubkey_address().unwrap();
        let branches = PoolBranches { voting, cold };
        let registration = branches.registration(KeyIndex(1), &user, self.network.height()).unwrap();
        self.wallet.keys.sync_address_index(KeyIndex(1)).await.unwrap();
        self.wallet.keys.import_script(&registration.script).await.unwrap();
        registration
    }
}

fn token() -> RpcToken {
    RpcToken::new(TOKEN).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_votes_with_a_wallet_that_is_no_exccwallet_and_is_served_to_the_pool() {
    let parts = Parts::new().await;
    let (service, client) = parts.service(Access::default().with_token(token())).await;
    let user = parts.user().await;
    let Parts { folder, network, wallet, peers, daemon, events } = parts;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(daemon::run(Arc::clone(&daemon), events, service, async {
        let _ = stopped.await;
    }));

    let voting = VotingPreference { bits: VoteBits(1), version: VoteVersion(11) };
    let desired = DesiredUser { user: UserId(1), address: user.address, voting };
    client.put_desired(&DesiredState::new([desired], [])).await.unwrap();
    let bought = network.buy_tickets(user.address, Some(user.fee_address), fee(), 1).unwrap();
    network.let_win(&bought);
    let mut seen = EventCursor::default();
    let vote = timeout(PATIENCE, async {
        loop {
            network.mine_when_voted(Duration::from_secs(5)).await.unwrap();
            let batch = daemon.events_within(seen, Duration::ZERO).await;
            seen = batch.next;
            for event in batch.events {
                if let DaemonEventKind::Vote(vote) = event.kind {
                    return vote;
                }
            }
        }
    });
    let vote = vote.await.expect("the ticket is voted");
    assert_eq!((vote.ticket, vote.outcome), (bought[0], VoteOutcome::Sent));
    assert!(wallet.signed.load(Ordering::SeqCst) >= 1);

    let status = client.status().await.unwrap();
    assert_eq!((status.id, status.users), (lasting_id(folder.path()).unwrap(), 1));
    assert_eq!((&*status.wallets[0].name, status.wallets[0].reachable), ("a wallet of our own", true));
    assert_eq!(peers.wallets().len(), 0);
    stop.send(()).unwrap();
    timeout(PATIENCE, running).await.expect("it stops").unwrap().unwrap();
    assert!(std::fs::metadata(folder.path().join("stakepoold.state")).unwrap().len() > 0);
    network.shutdown().await;
}

/// Waits for a problem of a daemon, or for its end.
async fn until_told(daemon: &LocalDaemon, words: &str, stands: bool) {
    let told = || daemon.engine().problems().iter().any(|problem| problem.contains(words));
    let waited = timeout(PATIENCE, async {
        while told() != stands {
            sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("`{words}` {stands}: {:?}", daemon.engine().problems()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exccwallet_that_was_made_anew_within_a_moment_is_told_before_its_tickets_win_and_so_is_another_seed() {
    let network = SimNetwork::builder().voting_wallets(1).height(150).start().await.unwrap();
    let wallet = network.wallet(0);
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(DiskStateFile::in_directory(folder.path()));
    let (peers, events) = Peers::connect(&[server(&wallet.endpoint())], &[server(&network.node().endpoint())]).unwrap();
    let cold = network.cold_wallet_xpub();
    let fees = FeeAddresses::derive(&cold.external_branch().unwrap(), KeyIndex(20)).unwrap();
    let params = cold.network().params(peers.generation(cold.network()).await.unwrap());
    let evaluator = Evaluator::new(cold.network(), params, fee(), fees);
    let parts = EngineParts::new(evaluator, peers.voting_wallets(), peers.voting_nodes(), state);
    let daemon = Arc::new(LocalDaemon::new(Engine::new(parts).unwrap(), "own", cold));

    let branches = PoolBranches {
        voting: network.voting_wallet_xpub().external_branch().unwrap(),
        cold: cold.external_branch().unwrap(),
    };
    let user = network.buyer_pubkey_address().unwrap();
    let user = branches.registration(KeyIndex(1), &user, network.height()).unwrap();
    let keys = Wallet::connect(&server(&wallet.endpoint())).unwrap();
    keys.sync_address_index(KeyIndex(1)).await.unwrap();
    keys.import_script(&user.script).await.unwrap();
    network.buy_tickets(user.address, Some(user.fee_address), fee(), 3).unwrap();
    network.mine(5).await.unwrap();

    let voting = VotingPreference { bits: VoteBits(1), version: VoteVersion(11) };
    daemon
        .engine()
        .put_desired(DesiredState::new([DesiredUser { user: UserId(1), address: user.address, voting }], []));
    let running = tokio::spawn(Arc::clone(daemon.engine()).run(events, std::future::pending()));
    let watching = tokio::spawn({
        let daemon = Arc::clone(&daemon);
        async move { peers.until_wrong(&daemon).await }
    });
    timeout(PATIENCE, async {
        while daemon.engine().ticket_check().wallet_tickets != Some(3) {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("its tickets are compared with the wallet's");
    assert_eq!(daemon.engine().problems(), [""; 0]);

    wallet.stop().await;
    wallet.lose_scripts();
    wallet.start().await.unwrap();
    until_told(&daemon, "does not know 3 tickets that are to be voted", true).await;
    assert_eq!(daemon.engine().ticket_check().lacking, 3);
    wallet.stop().await;
    wallet.disagree(true);
    wallet.start().await.unwrap();
    until_told(&daemon, "was made from another seed", true).await;
    wallet.disagree(false);
    let keys = Wallet::connect(&server(&wallet.endpoint())).unwrap();
    keys.import_script(&user.script).await.unwrap();
    keys.rescan(network.height().minus(20)).await.unwrap();
    wallet.stop().await;
    wallet.start().await.unwrap();
    until_told(&daemon, "wallet", false).await;
    running.abort();
    watching.abort();
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_be_connected_to_is_a_problem_in_the_status() {
    let parts = Parts::new().await;
    parts.network.node().stop().await;
    timeout(PATIENCE, async {
        while !VotingDaemon::status(&*parts.daemon)
            .await
            .unwrap()
            .problems
            .iter()
            .any(|it| it.contains("cannot be reached"))
        {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the problem is reported");
    parts.network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_cannot_be_offered_end_the_daemon_with_the_reason() {
    let parts = Parts::new().await;
    let access = Access::default().with_client_certificates(b"no certificate".to_vec());
    let (service, _) = parts.service(access).await;
    let run = daemon::run(Arc::clone(&parts.daemon), parts.events, service, std::future::pending());
    let error = timeout(PATIENCE, run).await.expect("it ends").unwrap_err();
    assert_eq!(error, RunError::Serve(ServeError::Tls(TlsError::NoCertificate)));
    parts.network.shutdown().await;
}
