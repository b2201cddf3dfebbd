//! The service: what all its use cases share.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_encoding::BASE64;
use serde::Serialize;
use stakepool_core::chain::{KeyIndex, Params, TicketHash};
use stakepool_core::ports::{NodeError, RegisteredTicket, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{
    AnswerSigner as _, BestBlock, Code, Facts, FeeKey, Refusal, RegisteredCounts, SignedAnswer, VspInfo, authenticate,
    ticket_of,
};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

use super::condition::{DaemonsSeen, NodeReport, NodeSeen, RETIRED, hindrance, node_reports};
use super::fault::Fault;
use super::key_check::{KeyCheck, KeyFileCheck};
use super::known_agendas::KnownAgendas;
use super::known_keys::KnownKeys;
use super::passes::Passes;
use super::server_key::ServerKey;
use super::terms::{VspParts, VspTerms};
use super::vault::{Vault, VaultError};
use crate::desired_changed::DesiredChanged;
use crate::sealed::SealingKey;

/// Transactions that are given to the node at the same time.
const BROADCASTS: usize = 16;
/// Proofs that are put together at the same time: each takes all that is kept of a ticket into memory, several times over.
const PROOFS: usize = 4;
/// How long the node may take to say how it is.
const LOOK: Duration = Duration::from_secs(5);
/// How long counted tickets hold where nothing is changed here.
const COUNTS_HOLD: Duration = Duration::from_secs(30);
/// A hash that no ticket has.
const NO_TICKET: TicketHash = TicketHash::from_bytes([0; 32]);
/// Why no ticket is taken before anything was looked at.
const STARTING: &str = "the pool has only just started";
/// How often a change is tried that others come between.
pub(super) const TRIES: usize = 5;

/// Why the service cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VspError {
    /// What lies sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An answer cannot be made.
    #[error("the first answer cannot be made")]
    Answer,
}

/// A request, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The body: exactly what was signed.
    pub body: &'a [u8],
    /// The header `VSP-Client-Signature`.
    pub signature: Option<&'a str>,
}

/// The service for wallets of today. Each use case takes a request and gives the answer to send; failures are answers, too.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
///
/// use stakepool::sealed::SealingKey;
/// use stakepool::vsp::{DaemonsSeen, Request, Vsp, VspParts, VspTerms};
/// use stakepool_core::chain::{BlockHeight, Network};
/// use stakepool_core::testkit::tickets::COLD;
/// use stakepool_core::testkit::{FakeVspNode, MemoryStore, TestClock};
/// use stakepool_core::ticket::PoolFee;
/// use stakepool_core::vsp::{FeeTerms, server_version};
///
/// let terms = VspTerms {
///     network: Network::Simnet,
///     fee: FeeTerms { fee: PoolFee::from_percent(3.0)?, most: None },
///     fee_key: COLD.parse()?,
///     closed: None.into(),
///     max_lag: 3,
///     version: server_version("1.0.0"),
/// };
/// // A real service has a database, a node (`stakepool_rpc::json::NodeClient`) and the system's clock here.
/// let (node, clock) = (Arc::new(FakeVspNode::at(1000)), Arc::<TestClock>::default());
/// let parts = VspParts { stores: Arc::new(MemoryStore::default()).into(), node, clock };
/// let vsp = Vsp::open(terms, parts, SealingKey::random()?).await?;
/// assert_eq!(vsp.info().status, 503, "it has not looked yet whether tickets would be voted");
///
/// // `Pool::run` does this once a second.
/// vsp.look(DaemonsSeen { all: 1, voting: 1, synced: Some(BlockHeight(1000)), fee_index: None }).await;
/// assert_eq!(vsp.info().status, 200);
///
/// // What a front end does with a call: the body exactly as it came, and the answer exactly as it is.
/// let answer = vsp.ticket_status(Request { body: b"{}", signature: None }).await;
/// assert_eq!(answer.status, 400);
/// println!("{}\nVSP-Server-Signature: {}", String::from_utf8(answer.body)?, answer.signature);
/// # Ok(())
/// # }
/// ```
pub struct Vsp {
    pub(super) terms: VspTerms,
    pub(super) parts: VspParts,
    pub(super) vault: Vault,
    pub(super) broadcasts: Semaphore,
    pub(super) proofs: Semaphore,
    /// Addresses are given one after the other, so that instances do not contend with themselves.
    pub(super) giving: tokio::sync::Mutex<()>,
    /// What the work of blocks remembers; one pass runs at a time.
    pub(super) passes: tokio::sync::Mutex<Passes>,
    key: ServerKey,
    /// What can be voted on.
    pub(super) agendas: KnownAgendas,
    /// The tickets with their keys as the daemons must know them.
    pub(super) keys: tokio::sync::Mutex<KnownKeys>,
    /// Whether the voting keys can be opened.
    pub(super) key_check: KeyCheck,
    signal: DesiredChanged,
    /// The changes up to which tickets were counted.
    counted_changes: Mutex<watch::Receiver<u64>>,
    seen: Mutex<Seen>,
    /// Whether something came between a pass and a ticket, so that another pass must follow.
    again: AtomicBool,
}

/// What was seen when the service last looked.
struct Seen {
    best: Option<BestBlock>,
    nodes: Vec<NodeReport>,
    /// How many tickets are to be voted.
    to_be_voted: Option<u64>,
    /// The tickets as they were counted last, and when.
    counts: Option<(RegisteredCounts, Instant)>,
    /// Why new blocks are not worked through.
    blocks_wait: Option<String>,
    /// The index that the fee key gives next, as far as daemons remember.
    fee_index: Option<KeyIndex>,
    /// Why no ticket can be voted for certain.
    hindrance: Option<&'static str>,
    /// Whether the fee key gives no more addresses. Tickets that have one are served all the same.
    is_retired: bool,
    info: Arc<SignedAnswer>,
}

impl Seen {
    /// Why no ticket can be bought.
    fn reason(&self) -> Option<&'static str> {
        self.hindrance.or(self.is_retired.then_some(RETIRED))
    }
}

impl Vsp {
    /// Opens the service: its key is made at the first start, and its fee key noted.
    ///
    /// # Errors
    /// [`VspError`] says what is wrong and what to do.
    pub async fn open(terms: VspTerms, parts: VspParts, key: SealingKey) -> Result<Self, VspError> {
        let vault = Vault::new(key);
        let server_key = vault.server_key(parts.stores.sealed.as_ref()).await?;
        parts.stores.fee_keys.add_fee_key(&FeeKey::new(terms.fee_key), parts.clock.now()).await?;
        let info = refused_info(&server_key, STARTING).ok_or(VspError::Answer)?;
        let signal = DesiredChanged::default();
        Ok(Self {
            counted_changes: Mutex::new(signal.subscribe()),
            agendas: KnownAgendas::default(),
            keys: tokio::sync::Mutex::default(),
            key_check: KeyCheck::default(),
            broadcasts: Semaphore::new(BROADCASTS),
            proofs: Semaphore::new(PROOFS),
            giving: tokio::sync::Mutex::default(),
            passes: tokio::sync::Mutex::default(),
            signal,
            again: AtomicBool::new(false),
            seen: Mutex::new(Seen {
                best: None,
                nodes: Vec::new(),
                to_be_voted: None,
                counts: None,
                blocks_wait: None,
                fee_index: None,
                hindrance: Some(STARTING),
                is_retired: false,
                info: Arc::new(info),
            }),
            key: server_key,
            terms,
            parts,
            vault,
        })
    }

    /// What it is held to.
    pub const fn terms(&self) -> &VspTerms {
        &self.terms
    }

    /// The server's public key, which wallets have configured.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.public_key()
    }

    /// Wakes whoever keeps the daemons at the desired state.
    pub fn signal(&self) -> DesiredChanged {
        self.signal.clone()
    }

    /// Looks at node, daemons and tickets, and makes the answer of `vspinfo`: to be called once a second.
    pub async fn look(&self, daemons: DaemonsSeen) {
        self.recall_closed().await;
        let is_retired = self.is_key_retired().await;
        let (node, nodes) = tokio::join!(timeout(LOOK, self.look_at_node()), timeout(LOOK, self.parts.node.look()));
        let node = match node {
            Ok(Ok(node)) => Some(node),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the node for wallets of today does not answer");
                None
            }
            Err(_) => None,
        };
        let now = self.now();
        let hindrance = hindrance(self.terms.network, node.as_ref(), daemons, self.terms.max_lag, now);
        let best =
            node.map(|node| BestBlock { height: node.best.height, stake_difficulty: node.best.stake_difficulty });
        let reason = hindrance.or(is_retired.then_some(RETIRED));
        let info = self.make_info(reason, node.as_ref(), daemons, now).await;
        let before = {
            let mut seen = self.seen();
            let before = seen.reason();
            seen.best = best.or(seen.best);
            // A node that does not answer in time does not answer the other question either.
            if let Ok(nodes) = nodes {
                seen.nodes = node_reports(&nodes, daemons);
            }
            seen.fee_index = daemons.fee_index.max(seen.fee_index);
            if let Some(info) = info {
                seen.info = Arc::new(info);
            }
            (seen.hindrance, seen.is_retired) = (hindrance, is_retired);
            before
        };
        match reason {
            Some(why) if before != reason => tracing::warn!(reason = why, "VSP: no new tickets are taken"),
            None if before.is_some() => tracing::info!("VSP: new tickets are taken again"),
            _ => {}
        }
    }

    /// The answer of `vspinfo`, made at most a second or so ago.
    pub fn info(&self) -> Arc<SignedAnswer> {
        self.seen().info.clone()
    }

    /// Whether the fee key gives no more addresses. Where the database does not answer, that is as it was.
    async fn is_key_retired(&self) -> bool {
        match self.parts.stores.fee_keys.fee_key(&self.terms.fee_key).await {
            Ok(key) => key.is_some_and(|key| key.is_retired()),
            Err(_) => self.seen().is_retired,
        }
    }

    async fn look_at_node(&self) -> Result<NodeSeen, NodeError> {
        let node = self.parts.node.as_ref();
        let (info, has_index, best) = tokio::try_join!(node.info(), node.has_transaction_index(), node.best_header())?;
        Ok(NodeSeen { generation: info.generation, network: info.network, has_index, best })
    }

    async fn make_info(
        &self,
        hindrance: Option<&'static str>,
        node: Option<&NodeSeen>,
        daemons: DaemonsSeen,
        now: UnixTime,
    ) -> Option<SignedAnswer> {
        let closed = self.terms.closed.get();
        let tickets = match self.counts().await {
            Ok(tickets) => {
                self.seen().to_be_voted = Some(tickets.voting);
                RegisteredCounts { network: pool_size(&self.terms.params()), ..tickets }
            }
            Err(_) => return refused_info(&self.key, "the pool's database does not answer"),
        };
        match (hindrance, node) {
            // Wallets ask this before they buy: an error keeps their money.
            (Some(reason), _) if closed.is_none() => refused_info(&self.key, reason),
            (_, node) => {
                let best = node.map(|node| node.best.height).or_else(|| self.seen().best.map(|best| best.height));
                let facts = Facts {
                    now,
                    public_key: self.key.public_key(),
                    fee: self.terms.fee.fee,
                    closed: closed.as_deref(),
                    network: self.terms.network,
                    version: &self.terms.version,
                    tickets,
                    daemons: (daemons.all, daemons.voting),
                    height: best.unwrap_or_default(),
                };
                SignedAnswer::seal(200, &VspInfo::from(&facts), &self.key).ok()
            }
        }
    }

    /// How many tickets are to be voted and how others ended: counted when one was changed here, and now and then, since
    /// other instances change them, too. The database is asked something all the same: one that does not answer sells nothing.
    async fn counts(&self) -> Result<RegisteredCounts, StoreError> {
        let is_changed = self.counted_changes().has_changed().unwrap_or(true);
        let counted = self.seen().counts.filter(|(_, at)| !is_changed && at.elapsed() < COUNTS_HOLD);
        if let Some((counts, _)) = counted {
            return self.registered(&NO_TICKET).await.map(|_| counts);
        }
        self.counted_changes().mark_unchanged();
        let counted = self.parts.stores.vsp_tickets.registered_counts().await;
        self.seen().counts = counted.as_ref().ok().map(|counts| (*counts, Instant::now()));
        if let Ok(counts) = &counted {
            // Whoever reads the keys now compares with the next count.
            if let Ok(mut keys) = self.keys.try_lock() {
                keys.compare(counts.voting);
            }
        }
        counted
    }

    fn counted_changes(&self) -> std::sync::MutexGuard<'_, watch::Receiver<u64>> {
        self.counted_changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The best block, and why no ticket can be taken, as they were when the service last looked.
    pub(super) fn last_seen(&self) -> (Option<BestBlock>, Option<&'static str>) {
        let seen = self.seen();
        (seen.best, seen.reason())
    }

    /// Notes why new blocks are not worked through; nothing where they are.
    pub(crate) fn note_blocks_wait(&self, reason: Option<String>) {
        self.seen().blocks_wait = reason;
    }

    /// Why new blocks are not worked through.
    pub(super) fn blocks_wait(&self) -> Option<String> {
        self.seen().blocks_wait.clone()
    }

    /// How many tickets were to be voted when that was last counted.
    pub fn to_be_voted(&self) -> Option<u64> {
        self.seen().to_be_voted
    }

    /// How the nodes were when they were last looked at.
    pub(super) fn last_nodes(&self) -> Vec<NodeReport> {
        self.seen().nodes.clone()
    }

    /// Says how the file that opens the voting keys is looked at. What was said first stays.
    pub fn watch_key_file(&self, check: KeyFileCheck) {
        self.key_check.watch_file(check);
    }

    /// Has another pass follow, whether a block comes or not.
    pub(super) fn look_again(&self) {
        self.again.store(true, Ordering::Relaxed);
    }

    /// Whether another pass was asked for since this was asked last.
    pub(super) fn is_asked_again(&self) -> bool {
        self.again.swap(false, Ordering::Relaxed)
    }

    /// Now.
    pub(super) fn now(&self) -> UnixTime {
        self.parts.clock.now()
    }

    /// Insists that the operator takes tickets, and that they would be voted.
    pub(super) fn require_open(&self) -> Result<(), Refusal> {
        if self.terms.closed.get().is_some() {
            return Err(Code::VspClosed.into());
        }
        match self.seen().hindrance {
            Some(reason) => Err(Refusal::new(Code::VspClosed, format!("vsp is closed: {reason}"))),
            None => Ok(()),
        }
    }

    /// The best block, as it was last seen.
    pub(super) fn best(&self) -> Result<BestBlock, Refusal> {
        self.seen().best.ok_or_else(|| Code::InternalError.into())
    }

    /// The index that the fee key gives next, as far as daemons remember.
    pub(super) fn remembered_fee_index(&self) -> Option<KeyIndex> {
        self.seen().fee_index
    }

    /// A registered ticket.
    pub(super) async fn registered(&self, ticket: &TicketHash) -> Result<Option<RegisteredTicket>, StoreError> {
        self.parts.stores.vsp_tickets.registered_ticket(ticket).await
    }

    /// A registered ticket whose owner has signed the request.
    pub(super) async fn signed_for(&self, request: Request<'_>) -> Result<RegisteredTicket, Fault> {
        let hash = ticket_of(request.body)?;
        let ticket = self.registered(&hash).await?.ok_or(Code::UnknownTicket)?;
        let registration = &ticket.registration;
        authenticate(request.body, request.signature, registration.owner, registration.alternate)?;
        Ok(ticket)
    }

    /// Serializes and signs.
    pub(super) fn seal(&self, status: u16, answer: &impl Serialize) -> Result<SignedAnswer, Refusal> {
        SignedAnswer::seal(status, answer, &self.key).map_err(|_| Code::InternalError.into())
    }

    /// The server's signature of something, in base64.
    pub(super) fn signature(&self, bytes: &[u8]) -> String {
        BASE64.encode(&self.key.sign(bytes))
    }

    /// The answer to send for what a use case came to.
    pub(super) fn answer(&self, what: &'static str, done: Result<SignedAnswer, Fault>) -> SignedAnswer {
        done.unwrap_or_else(|fault| self.refusal(&fault.into_refusal(what)))
    }

    /// The answer to a request that is refused.
    pub fn refusal(&self, refusal: &Refusal) -> SignedAnswer {
        self.refusal_with(refusal.code.http_status(), refusal)
    }

    /// The same with another HTTP status.
    pub fn refusal_with(&self, status: u16, refusal: &Refusal) -> SignedAnswer {
        SignedAnswer::seal(status, refusal, &self.key).unwrap_or_else(|_| {
            // A number and a text can always be serialized; were that not so, this is signed all the same.
            let body = br#"{"code":1,"message":"internal error"}"#.to_vec();
            let signature = BASE64.encode(&self.key.sign(&body));
            SignedAnswer { status: 500, body, signature }
        })
    }
}

/// How many tickets the network's lottery is made to hold: the real number is never far from it.
fn pool_size(params: &Params) -> u64 {
    u64::from(params.ticket_pool_size) * u64::from(params.tickets_per_block)
}

/// The answer of `vspinfo` while no ticket can be taken: 503, which wallets take for a pool that is away.
fn refused_info(key: &ServerKey, reason: &str) -> Option<SignedAnswer> {
    let refusal = Refusal::new(Code::InternalError, format!("no tickets are taken at this moment: {reason}"));
    SignedAnswer::seal(503, &refusal, key).ok()
}

impl fmt::Debug for Vsp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vsp").field("terms", &self.terms).field("parts", &self.parts).finish_non_exhaustive()
    }
}
