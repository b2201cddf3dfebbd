//! Casting one vote: signing in a wallet, sending through a node, and trying again while that makes sense.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::ballots::Ballot;
use super::bits;
use crate::chain::{VoteBits, VoteTransaction, VoteVersion};
use crate::ports::{Clock, Node, NodeError, VoteRequest, VoteSigner, VoteSubmission, WalletError, WalletInfo};
use crate::reports::{VoteOutcome, VoteRecord, VoteTimings};
use crate::time::UnixMillis;
use crate::voting::problems::{Problems, unknown_ticket};

/// A wallet or node that takes longer is given up for this attempt. Real ones take 1 to 12 ms.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);
/// The same in the first round where another one can be asked instead; doubles with every round, so that wallets that
/// are slow but alive vote in the end.
const FIRST_ATTEMPT_WITH_OTHERS: Duration = Duration::from_millis(700);
/// First pause between two rounds of attempts; doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);
/// How long it stays a problem that a wallet or node refused a vote, where it is not asked for another one.
const REFUSAL_STANDS: Duration = Duration::from_secs(3600);
/// The least time between two tests whether a wallet signs again: one that is slow must not be kept busy by them.
const LEAST_BETWEEN_TESTS: Duration = Duration::from_secs(3);
/// How long a wallet's word on its agendas counts before it is asked again.
const AGENDAS_LAST: Duration = Duration::from_secs(300);

/// Why one attempt at a vote failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CastError {
    /// The wallet did not sign.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The node did not take it.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The wallet answered a vote without a signature.
    #[error("wallet {wallet} answered an unsigned vote: unlock it, and check that it was made from the pool's seed")]
    Unsigned {
        /// The wallet's name.
        wallet: String,
        /// What it was asked, to be asked again until it signs.
        request: Box<VoteRequest>,
    },
    /// The wallet answered another vote than was asked for.
    #[error("wallet {0} answered a vote for another ticket or block, or with other bits")]
    OtherVote(String),
    /// The wallet or node was too slow.
    #[error("{0} did not answer within {1:?}")]
    Slow(String, Duration),
}

/// A vote that a wallet answered unsigned or too late, to be asked again until it signs in time.
#[derive(Clone)]
struct Unsigned {
    request: VoteRequest,
    tested: Instant,
}

struct Signer {
    wallet: Arc<dyn VoteSigner>,
    info: Mutex<Option<WalletInfo>>,
    /// The bits that its agendas use under a vote version, and when it said so.
    agendas: Mutex<Option<(VoteVersion, Option<VoteBits>, Instant)>>,
    /// Whether it answered when it was last asked for its state or a vote.
    answers: AtomicBool,
    /// When it was last asked for its state.
    asked: Mutex<Option<Instant>>,
    /// None once the wallet has signed again.
    unsigned: Mutex<Option<Unsigned>>,
}

impl Signer {
    fn new(wallet: Arc<dyn VoteSigner>) -> Self {
        Self {
            wallet,
            info: Mutex::new(None),
            agendas: Mutex::new(None),
            answers: AtomicBool::new(true),
            asked: Mutex::new(None),
            unsigned: Mutex::new(None),
        }
    }

    /// What a problem of it is noted under.
    fn topic(&self, about: &str) -> String {
        format!("{}/{about}", self.wallet.name())
    }

    /// The bits that its agendas use, where it says so.
    async fn learn_agendas(&self, version: VoteVersion) {
        let known = *lock(&self.agendas);
        if known.is_some_and(|(of, _, at)| of == version && at.elapsed() < AGENDAS_LAST) {
            return;
        }
        // Where it does not answer, what is known of this version still counts.
        if let Ok(bits) = self.wallet.agenda_bits(version).await {
            *lock(&self.agendas) = Some((version, bits, Instant::now()));
        }
    }

    fn agenda_bits(&self, version: VoteVersion) -> Option<VoteBits> {
        lock(&self.agendas).filter(|(of, ..)| *of == version).and_then(|(_, bits, _)| bits)
    }

    /// Tells people that the wallet does not sign, until [`Signer::signed`].
    fn did_not_sign(&self, request: &VoteRequest, problems: &Problems) {
        self.keep_for_test(request);
        let name = self.wallet.name();
        let remedy =
            "unlock it, and check that it was made from the pool's seed; until it signs, others are asked first";
        problems.problem(&self.topic("unsigned"), format!("wallet {name} answers unsigned votes: {remedy}"));
    }

    /// The same of one that did not answer a vote in time. Its state may well be answered all the while.
    fn was_slow(&self, request: &VoteRequest, error: &CastError, problems: &Problems) {
        self.keep_for_test(request);
        let remedy =
            "see its log, and what keeps it or its computer busy; until it signs in time, others are asked first";
        problems.figures(&self.topic("slow"), format!("{error} when it was asked for a vote: {remedy}"));
    }

    fn keep_for_test(&self, request: &VoteRequest) {
        let tested = Instant::now();
        *lock(&self.unsigned) = Some(Unsigned { request: request.clone(), tested });
    }

    /// It signed a vote, so that it answers and is unlocked, whatever was known of it.
    fn signed(&self, problems: &Problems) {
        lock(&self.unsigned).take();
        self.answers.store(true, Ordering::Relaxed);
        if let Some(info) = lock(&self.info).as_mut() {
            info.unlocked = true;
        }
        for about in ["unsigned", "slow", "reach", "locked", "votes"] {
            problems.solved(&self.topic(about));
        }
        problems.solved(&unknown_ticket(self.wallet.name()));
    }

    /// It did not sign a vote: what that says of its state counts at once. True where its tickets should be looked at.
    fn failed(&self, error: &CastError, problems: &Problems) -> bool {
        match error {
            CastError::Unsigned { request, .. } => self.did_not_sign(request, problems),
            CastError::Wallet(WalletError::Locked { .. }) => {
                if let Some(info) = lock(&self.info).as_mut() {
                    info.unlocked = false;
                }
                problems.problem(&self.topic("locked"), error.to_string());
            }
            CastError::Slow(..) => {
                self.answers.store(false, Ordering::Relaxed);
                problems.figures(&self.topic("reach"), error.to_string());
            }
            CastError::Wallet(error) if error.is_transient() => {
                self.answers.store(false, Ordering::Relaxed);
                problems.problem(&self.topic("reach"), error.to_string());
            }
            CastError::Wallet(error @ WalletError::UnknownTicket { .. }) => {
                return problems.figures(&unknown_ticket(self.wallet.name()), error.to_string());
            }
            CastError::Wallet(error) => {
                problems.happened(&self.topic("votes"), format!("a vote is not signed: {error}"), REFUSAL_STANDS);
            }
            CastError::OtherVote(_) => problems.happened(&self.topic("votes"), error.to_string(), REFUSAL_STANDS),
            CastError::Node(_) => {}
        }
        false
    }

    /// Asks a wallet that did not sign for the same vote once more, which is sent nowhere. True where it signs within `limit`.
    async fn signs(&self, limit: Duration, problems: &Problems) -> bool {
        let request = match lock(&self.unsigned).as_mut() {
            None => return true,
            Some(unsigned) if unsigned.tested.elapsed() < LEAST_BETWEEN_TESTS => return false,
            Some(unsigned) => {
                unsigned.tested = Instant::now();
                unsigned.request.clone()
            }
        };
        let began = Instant::now();
        // Its answer is waited for, however late: a question that was given up would keep it busy all the same.
        let signed = self.wallet.generate_vote(&request).await.is_ok_and(|vote| vote.is_signed());
        let signs = signed && began.elapsed() <= limit;
        if signs {
            self.signed(problems);
        }
        signs
    }
}

/// Casts votes with the first wallet and node that work.
pub struct Caster {
    signers: Vec<Signer>,
    nodes: Vec<Arc<dyn Node>>,
    /// Where the next vote begins; moves on when a wallet or node fails.
    first_signer: AtomicUsize,
    first_node: AtomicUsize,
    clock: Arc<dyn Clock>,
    /// Where wallets that do not sign and nodes that take no votes are told.
    problems: Arc<Problems>,
    /// Asks for the wallets' tickets to be looked at.
    audit_soon: Arc<Notify>,
}

/// What a successful attempt returns.
struct Cast {
    bits: VoteBits,
    outcome: VoteOutcome,
    signing: Duration,
    sending: Duration,
}

impl Caster {
    /// A caster over wallets and nodes in order of preference; `None` where there is no wallet or no node.
    pub fn new(wallets: Vec<Arc<dyn VoteSigner>>, nodes: Vec<Arc<dyn Node>>, clock: Arc<dyn Clock>) -> Option<Self> {
        Self::reporting(wallets, nodes, clock, Arc::default(), Arc::default())
    }

    pub(super) fn reporting(
        wallets: Vec<Arc<dyn VoteSigner>>,
        nodes: Vec<Arc<dyn Node>>,
        clock: Arc<dyn Clock>,
        problems: Arc<Problems>,
        audit_soon: Arc<Notify>,
    ) -> Option<Self> {
        if wallets.is_empty() || nodes.is_empty() {
            return None;
        }
        let signers = wallets.into_iter().map(Signer::new).collect();
        Some(Self {
            signers,
            nodes,
            first_signer: AtomicUsize::new(0),
            first_node: AtomicUsize::new(0),
            clock,
            problems,
            audit_soon,
        })
    }

    /// How many wallets there are.
    pub fn wallet_count(&self) -> usize {
        self.signers.len()
    }

    /// The name of wallet `index`.
    pub fn wallet_name(&self, index: usize) -> &str {
        self.signers[index].wallet.name()
    }

    /// Asks wallet `index` for its state and keeps the answer for the votes to come.
    ///
    /// # Errors
    /// As [`VoteSigner::info`].
    pub async fn refresh(&self, index: usize) -> Result<WalletInfo, WalletError> {
        let signer = &self.signers[index];
        *lock(&signer.asked) = Some(Instant::now());
        let info = signer.wallet.info().await?;
        *lock(&signer.info) = Some(info.clone());
        signer.answers.store(true, Ordering::Relaxed);
        Ok(info)
    }

    /// Asks wallet `index`, which is in the state `info`, what else votes depend on. A wallet that is unlocked, and that signs
    /// again where it did not, is preferred again.
    pub(super) async fn look_closer(&self, index: usize, info: &WalletInfo) {
        let signer = &self.signers[index];
        signer.learn_agendas(info.vote_version).await;
        let signs = info.unlocked && signer.signs(Route::default().limit(self.signers.len()), &self.problems).await;
        if signs && index < self.first_signer.load(Ordering::Relaxed) % self.signers.len() {
            self.first_signer.store(index, Ordering::Relaxed);
        }
    }

    /// The last known state of wallet `index`.
    pub fn wallet_info(&self, index: usize) -> Option<WalletInfo> {
        lock(&self.signers[index].info).clone()
    }

    /// Notes that wallet `index` did not give its state when it was asked.
    pub(super) fn unreachable(&self, index: usize) {
        self.signers[index].answers.store(false, Ordering::Relaxed);
    }

    /// Whether wallet `index` gave its state, or a vote, when it was last asked.
    pub fn wallet_answers(&self, index: usize) -> bool {
        let signer = &self.signers[index];
        signer.answers.load(Ordering::Relaxed) && lock(&signer.info).is_some()
    }

    /// Whether wallet `index` is unlocked, and signed the last vote that it was asked for.
    pub fn wallet_signs(&self, index: usize) -> bool {
        let signer = &self.signers[index];
        lock(&signer.info).as_ref().is_some_and(|info| info.unlocked) && lock(&signer.unsigned).is_none()
    }

    /// How long ago wallet `index` was last asked for its state.
    pub(super) fn asked(&self, index: usize) -> Duration {
        lock(&self.signers[index].asked).map_or(Duration::MAX, |asked| asked.elapsed())
    }

    /// The bits that the agendas of wallet `index` use under the version that it votes; `None` where it does not say.
    pub(super) fn agenda_bits(&self, index: usize) -> Option<VoteBits> {
        self.signers[index].agenda_bits(self.wallet_info(index)?.vote_version)
    }

    /// Makes votes begin with node `index`.
    pub fn prefer_node(&self, index: usize) {
        self.first_node.store(index, Ordering::Relaxed);
    }

    /// Casts a vote, trying all wallets and nodes again and again until it is cast or the block can no longer be
    /// voted on.
    pub async fn cast(&self, mut ballot: Ballot) -> VoteRecord {
        let mut attempts = 0;
        let mut pause = FIRST_PAUSE;
        let mut route = Route::default();
        loop {
            attempts += 1;
            let result = self.attempt(&ballot, &mut route).await;
            let last_error = match result {
                Ok(cast) => return self.record(&ballot, attempts, Ok(cast)),
                Err(error) => error,
            };
            tracing::warn!(
                ticket = %ballot.winner.ticket, block = %ballot.block,
                height = %ballot.height, attempts, error = %last_error, "a vote failed and is tried again"
            );
            // Every wallet is asked once before anything waits.
            let round = self.signers.len().max(self.nodes.len()).max(1);
            let round_is_over = (attempts as usize).is_multiple_of(round);
            route.rounds += u32::from(round_is_over);
            let wait = if round_is_over { pause } else { Duration::ZERO };
            pause = if wait.is_zero() { pause } else { (pause * 2).min(LAST_PAUSE) };
            let too_late = tokio::select! {
                biased;
                _ = ballot.votable.wait_for(|votable| !votable) => true,
                () = sleep(wait) => false,
            };
            if too_late {
                return self.record(&ballot, attempts, Err(last_error));
            }
        }
    }

    fn record(&self, ballot: &Ballot, attempts: u32, result: Result<Cast, CastError>) -> VoteRecord {
        let total = ballot.arrived.elapsed();
        let (bits, outcome, signing, sending) = match result {
            Ok(cast) => (cast.bits, cast.outcome, cast.signing, cast.sending),
            Err(error) => {
                let bits = ballot.winner.voting.map_or(VoteBits::APPROVE, |voting| voting.bits);
                (bits, VoteOutcome::Failed(error.to_string()), Duration::ZERO, Duration::ZERO)
            }
        };
        VoteRecord {
            ticket: ballot.winner.ticket,
            address: ballot.winner.address,
            block: ballot.block,
            height: ballot.height,
            bits,
            outcome,
            attempts,
            timings: VoteTimings { total, signing, sending },
            at: self.now(),
        }
    }

    fn now(&self) -> UnixMillis {
        self.clock.now_millis()
    }

    async fn attempt(&self, ballot: &Ballot, route: &mut Route) -> Result<Cast, CastError> {
        let began = Instant::now();
        let (vote, signer) = self.sign(ballot, route).await?;
        let signed = Instant::now();
        let sent = self.send(&vote, route).await;
        let sending = signed.elapsed();
        // Nothing that can wait stands between the signature and the node.
        signer.signed(&self.problems);
        let outcome = sent?;
        Ok(Cast { bits: vote.bits, outcome, signing: signed - began, sending })
    }

    /// The signed vote, and who signed it.
    async fn sign(&self, ballot: &Ballot, route: &mut Route) -> Result<(VoteTransaction, &Signer), CastError> {
        let first = self.first_signer.load(Ordering::Relaxed);
        let signer = &self.signers[first.wrapping_add(route.signers_failed) % self.signers.len()];
        let limit = route.limit(self.signers.len());
        let mut asked = None;
        let signed = match timeout(limit, sign_with(signer, ballot, &mut asked)).await {
            Ok(result) => result,
            Err(_) => Err(CastError::Slow(format!("wallet {}", signer.wallet.name()), limit)),
        };
        if let Err(error) = &signed {
            if let (CastError::Slow(..), Some(request)) = (error, &asked) {
                signer.was_slow(request, error, &self.problems);
            } else if signer.failed(error, &self.problems) {
                self.audit_soon.notify_one();
            }
            route.signers_failed += 1;
            if route.signers_failed == 1 && error.concerns_every_vote() {
                advance(&self.first_signer, first);
                route.signers_failed = 0;
            }
        }
        Ok((signed?, signer))
    }

    async fn send(&self, vote: &VoteTransaction, route: &mut Route) -> Result<VoteOutcome, CastError> {
        let first = self.first_node.load(Ordering::Relaxed);
        let node = &self.nodes[first.wrapping_add(route.nodes_failed) % self.nodes.len()];
        let limit = route.limit(self.nodes.len());
        let sent = match timeout(limit, node.send_vote(vote)).await {
            Ok(result) => result.map_err(CastError::from),
            Err(_) => Err(CastError::Slow(format!("node {}", node.name()), limit)),
        };
        let topic = format!("{}/votes", node.name());
        match &sent {
            Ok(_) => self.problems.solved(&topic),
            Err(error) => self.problems.happened(&topic, format!("a vote was not taken: {error}"), REFUSAL_STANDS),
        }
        match sent {
            Ok(VoteSubmission::Accepted) => Ok(VoteOutcome::Sent),
            Ok(VoteSubmission::AlreadyKnown) => Ok(VoteOutcome::AlreadyKnown),
            Ok(VoteSubmission::RivalVote) => Ok(VoteOutcome::RivalVote),
            Err(error) => {
                route.nodes_failed += 1;
                if route.nodes_failed == 1 && error.concerns_every_vote() {
                    advance(&self.first_node, first);
                    route.nodes_failed = 0;
                }
                Err(error)
            }
        }
    }
}

/// Which wallets and nodes one vote has tried.
#[derive(Default)]
struct Route {
    signers_failed: usize,
    nodes_failed: usize,
    rounds: u32,
}

impl Route {
    /// How long one of `choices` may take now.
    fn limit(&self, choices: usize) -> Duration {
        if choices == 1 {
            return LONGEST_ATTEMPT;
        }
        (FIRST_ATTEMPT_WITH_OTHERS * 2u32.saturating_pow(self.rounds.min(8))).min(LONGEST_ATTEMPT)
    }
}

impl CastError {
    /// Whether the wallet or node would fail for any other vote, too.
    const fn concerns_every_vote(&self) -> bool {
        match self {
            Self::Slow(..) | Self::Unsigned { .. } | Self::Wallet(WalletError::Locked { .. }) => true,
            Self::Wallet(error) => error.is_transient(),
            Self::Node(error) => matches!(error, NodeError::Unreachable { .. } | NodeError::Timeout { .. }),
            Self::OtherVote(_) => false,
        }
    }
}

/// Moves on from a failed one, once, however many votes failed there at the same time.
fn advance(first: &AtomicUsize, failed: usize) {
    let _ = first.compare_exchange(failed, failed.wrapping_add(1), Ordering::Relaxed, Ordering::Relaxed);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has a wallet sign a vote; `asked` is what it was asked, as soon as it is.
async fn sign_with(
    signer: &Signer,
    ballot: &Ballot,
    asked: &mut Option<VoteRequest>,
) -> Result<VoteTransaction, CastError> {
    let known = lock(&signer.info).clone();
    let info = match known {
        Some(info) => info,
        None => {
            let info = signer.wallet.info().await?;
            *lock(&signer.info) = Some(info.clone());
            info
        }
    };
    let request = VoteRequest {
        block: ballot.block,
        height: ballot.height,
        ticket: ballot.winner.ticket,
        bits: bits::choose(ballot.winner.voting, &info, signer.agenda_bits(info.vote_version)),
        bits_extended: info.vote_bits_extended,
    };
    let request = asked.insert(request);
    let vote = signer.wallet.generate_vote(request).await?;
    let wanted = (request.ticket, request.block, request.height, request.bits);
    if (vote.ticket, vote.block, vote.height, vote.bits) != wanted {
        return Err(CastError::OtherVote(signer.wallet.name().to_owned()));
    }
    if !vote.is_signed() {
        return Err(CastError::Unsigned {
            wallet: signer.wallet.name().to_owned(),
            request: Box::new(request.clone()),
        });
    }
    Ok(vote)
}

impl std::fmt::Debug for Caster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caster").field("wallets", &self.signers.len()).field("nodes", &self.nodes.len()).finish()
    }
}
