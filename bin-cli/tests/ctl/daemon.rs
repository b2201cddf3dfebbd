//! A voting daemon on loopback that has what it is given, and says of itself what a test wants.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, Network, TicketHash};
use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser, FORMAT, FeeIndexes};
use stakepool_core::ports::{DaemonStatus, EventBatch, EventCursor, LowFeeEntry, TicketCheck, WalletState};
use stakepool_core::reports::BlockFacts;
use stakepool_core::ticket::PoolFee;
use stakepool_rpc::grpc::server::{Access, BackendError, DaemonBackend, bind, serve};
use stakepool_rpc::tls::ensure_server_pair;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The token of the daemons and of the configuration.
pub const TOKEN: &str = "a-token-for-these-tests";

/// What a daemon has seen and was given.
pub struct Fake {
    /// Tickets that pay the fee.
    pub accepted: Mutex<Vec<LowFeeEntry>>,
    /// Tickets that do not, and are voted only where they are added.
    pub low_fee: Mutex<Vec<LowFeeEntry>>,
    /// What it was given last.
    pub wanted: Mutex<DesiredState>,
    /// What it says of itself, but for what follows from the above.
    pub says: Mutex<DaemonStatus>,
}

impl Fake {
    fn new(cold_wallet: &ExtendedPubKey, height: u32) -> Self {
        let says = DaemonStatus {
            id: "voter".to_owned(),
            epoch: 1,
            version: "0.1.0".to_owned(),
            network: Network::Simnet,
            cold_wallet_xpub: cold_wallet.to_string(),
            old_cold_wallet_xpubs: Vec::new(),
            pool_fee: PoolFee::from_percent(7.5).unwrap(),
            wanted_digest: String::new(),
            users: 0,
            node_height: Some(BlockHeight(height)),
            synced_height: Some(BlockHeight(height - 1)),
            wallets: vec![WalletState {
                name: "127.0.0.1:19557".to_owned(),
                reachable: true,
                unlocked: true,
                votes_itself: false,
                account_key: None,
            }],
            live_tickets: 0,
            ignored_tickets: 0,
            problems: Vec::new(),
            problem_topics: Vec::new(),
            takes_acknowledged: true,
            takes_keys: true,
            takes_terms: true,
            takes_format: FORMAT,
            fee_indexes: FeeIndexes::default(),
            latest_blocks: Vec::new(),
            check: TicketCheck::default(),
        };
        Self { accepted: Mutex::default(), low_fee: Mutex::default(), wanted: Mutex::default(), says: Mutex::new(says) }
    }

    /// Changes what it says of itself.
    pub fn says(&self, change: impl FnOnce(&mut DaemonStatus)) {
        change(&mut self.says.lock().unwrap());
    }

    /// The tickets that it would vote.
    pub fn live(&self) -> Vec<TicketHash> {
        self.split().0.iter().map(|entry| entry.ticket).collect()
    }

    fn split(&self) -> (Vec<LowFeeEntry>, Vec<LowFeeEntry>) {
        let wanted = self.wanted.lock().unwrap();
        let added = |entry: &LowFeeEntry| {
            wanted.added().any(|added| (added.ticket, added.address) == (entry.ticket, entry.address))
        };
        let (added, ignored) = self.low_fee.lock().unwrap().iter().copied().partition(added);
        let accepted = self.accepted.lock().unwrap().clone();
        (accepted.into_iter().chain::<Vec<_>>(added).collect(), ignored)
    }
}

#[async_trait]
impl DaemonBackend for Fake {
    fn network(&self) -> Network {
        Network::Simnet
    }

    async fn status(&self) -> Result<DaemonStatus, BackendError> {
        let (live, ignored) = self.split();
        // A guard would last until the end of the whole value.
        let wanted = self.wanted.lock().unwrap().clone();
        let says = self.says.lock().unwrap().clone();
        Ok(DaemonStatus {
            wanted_digest: wanted.digest().to_string(),
            users: wanted.users().len() as u64,
            live_tickets: live.len() as u64,
            ignored_tickets: ignored.len() as u64,
            ..says
        })
    }

    async fn put_desired(&self, wanted: DesiredState) -> Result<(), BackendError> {
        *self.wanted.lock().unwrap() = wanted;
        Ok(())
    }

    async fn set_users(&self, users: Vec<DesiredUser>) -> Result<(), BackendError> {
        self.wanted.lock().unwrap().set_users(users);
        Ok(())
    }

    async fn set_added(&self, added: Vec<AddedTicket>) -> Result<(), BackendError> {
        self.wanted.lock().unwrap().set_added(added);
        Ok(())
    }

    async fn events(&self, after: EventCursor, _: Duration) -> Result<EventBatch, BackendError> {
        Ok(EventBatch { next: after, snapshot: false, events: Vec::new() })
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        Ok(self.split().0)
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        Ok(self.split().1)
    }

    async fn blocks(&self, _: Vec<BlockHeight>) -> Result<Vec<BlockFacts>, BackendError> {
        Ok(Vec::new())
    }

    async fn added_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        let wanted = self.wanted.lock().unwrap();
        Ok(wanted.added().map(|&AddedTicket { ticket, address }| LowFeeEntry { ticket, address }).collect())
    }
}

/// A daemon that runs.
pub struct Daemon {
    /// What it has seen and was given.
    pub backend: Arc<Fake>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its certificate.
    pub certificate: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Daemon {
    /// Starts a daemon with its files in `folder`, the key of a cold wallet and a node at a height.
    pub async fn start(folder: &Path, access: Access, cold_wallet: &ExtendedPubKey, height: u32) -> Self {
        let certificate = folder.join("rpc.cert");
        let pair = ensure_server_pair(&certificate, &folder.join("rpc.key"), &[], SystemTime::now()).unwrap();
        let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let address = listeners[0].local_addr().unwrap();
        let backend = Arc::new(Fake::new(cold_wallet, height));
        backend.says.lock().unwrap().id = format!("voter-{}", address.port());
        let (stop, stopped) = oneshot::channel();
        let serving = serve(listeners, pair, access, backend.clone(), async {
            let _ = stopped.await;
        });
        let task = tokio::spawn(async { serving.await.unwrap() });
        Self { backend, address, certificate, stop: Some(stop), task: Some(task) }
    }

    /// Stops it and waits for its end.
    pub async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.take().unwrap().await.unwrap();
    }
}
