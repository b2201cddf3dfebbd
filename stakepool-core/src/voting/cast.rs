//! Casting one vote: signing in a wallet or by key, sending through a node, and trying again while that makes sense.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::ballots::Ballot;
use super::cast_error::CastError;
use super::key_signer::KeySignError;
use super::key_votes::KeyVotes;
use super::problems::Problems;
use super::signer::Signer;
use super::winners::{SignedBy, Winner};
use crate::chain::{VoteBits, VoteTransaction};
use crate::ports::{Clock, Node, VoteSigner, VoteSubmission, WalletError, WalletInfo};
use crate::reports::{VoteOutcome, VoteRecord, VoteTimings};
use crate::time::UnixMillis;

/// A wallet or node that takes longer is given up for this attempt. Real ones take 1 to 12 ms.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);
/// The same in the first round where another one can be asked instead; doubles with every round, so that wallets that
/// are slow but alive vote in the end.
const FIRST_ATTEMPT_WITH_OTHERS: Duration = Duration::from_millis(700);
/// First pause between two rounds of attempts; doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);
/// How long it stays a problem that a node refused a vote, where it is not asked for another one.
const REFUSAL_STANDS: Duration = Duration::from_secs(3600);

/// Casts votes with the first wallet and node that work.
pub struct Caster {
    signers: Vec<Signer>,
    nodes: Vec<Arc<dyn Node>>,
    keys: Option<KeyVotes>,
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
            keys: None,
            first_signer: AtomicUsize::new(0),
            first_node: AtomicUsize::new(0),
            clock,
            problems,
            audit_soon,
        })
    }

    /// The same, which signs by keys, too.
    pub(super) fn with_keys(self, keys: KeyVotes) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// Whether it can sign for users without a wallet.
    pub(super) fn has_voting_key(&self) -> bool {
        self.keys.as_ref().is_some_and(KeyVotes::has_voting_key)
    }

    /// Whether a vote would be signed by key, if only what its ticket says were known.
    pub(super) fn lacks(&self, ballot: &Ballot) -> bool {
        let Winner { ticket, address, .. } = ballot.winner;
        self.keys.as_ref().is_some_and(|keys| keys.signer.lacks(ticket, address.output_script()))
    }

    /// How many wallets there are.
    pub fn wallet_count(&self) -> usize {
        self.signers.len()
    }

    /// The name of wallet `index`.
    pub fn wallet_name(&self, index: usize) -> &str {
        self.signers[index].name()
    }

    /// Asks wallet `index` for its state and keeps the answer for the votes to come.
    ///
    /// # Errors
    /// As [`VoteSigner::info`].
    pub async fn refresh(&self, index: usize) -> Result<WalletInfo, WalletError> {
        self.signers[index].refresh().await
    }

    /// Asks wallet `index`, which is in the state `info`, what else votes depend on. A wallet that is unlocked, and that signs
    /// again where it did not, is preferred again.
    pub(super) async fn look_closer(&self, index: usize, info: &WalletInfo) {
        let signer = &self.signers[index];
        signer.learn_agendas(info.vote_version).await;
        let signs =
            info.unlocked && signer.signs_again(Route::default().limit(self.signers.len()), &self.problems).await;
        if signs && index < self.first_signer.load(Ordering::Relaxed) % self.signers.len() {
            self.first_signer.store(index, Ordering::Relaxed);
        }
    }

    /// The last known state of wallet `index`.
    pub fn wallet_info(&self, index: usize) -> Option<WalletInfo> {
        self.signers[index].info()
    }

    /// Notes that wallet `index` did not give its state when it was asked.
    pub(super) fn unreachable(&self, index: usize) {
        self.signers[index].unreachable();
    }

    /// Whether wallet `index` gave its state, or a vote, when it was last asked.
    pub fn wallet_answers(&self, index: usize) -> bool {
        self.signers[index].answers()
    }

    /// Whether wallet `index` is unlocked, and signed the last vote that it was asked for.
    pub fn wallet_signs(&self, index: usize) -> bool {
        self.signers[index].is_able_to_sign()
    }

    /// How long ago wallet `index` was last asked for its state.
    pub(super) fn asked(&self, index: usize) -> Duration {
        self.signers[index].asked()
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
        let (vote, wallet) = self.sign(ballot, route).await?;
        let signed = Instant::now();
        let sent = self.send(&vote, route).await;
        let sending = signed.elapsed();
        // Nothing that can wait stands between the signature and the node.
        match wallet {
            Some(wallet) => wallet.signed(&self.problems),
            None => self.problems.solved(KeyVotes::TOPIC),
        }
        let outcome = sent?;
        Ok(Cast { bits: vote.bits, outcome, signing: signed - began, sending })
    }

    /// The signed vote, and the wallet that signed it, where it was not signed by key.
    async fn sign(&self, ballot: &Ballot, route: &mut Route) -> Result<(VoteTransaction, Option<&Signer>), CastError> {
        let by_key = || self.sign_by_key(ballot).map(|vote| (vote, None));
        let voting_key = self.keys.as_ref().filter(|keys| keys.has_voting_key());
        match (ballot.winner.signed_by, voting_key) {
            (SignedBy::OwnKey, _) => by_key(),
            (SignedBy::Pool, None) => self.sign_by_wallet(ballot, route).await,
            (SignedBy::Pool, Some(keys)) if keys.are_first() => match by_key() {
                Ok(signed) => Ok(signed),
                Err(error) => {
                    self.problems.happened(KeyVotes::TOPIC, error.to_string(), REFUSAL_STANDS);
                    self.sign_by_wallet(ballot, route).await
                }
            },
            (SignedBy::Pool, Some(_)) => match self.sign_by_wallet(ballot, route).await {
                Ok(signed) => Ok(signed),
                Err(error) => by_key().map_err(|_| error),
            },
        }
    }

    fn sign_by_key(&self, ballot: &Ballot) -> Result<VoteTransaction, CastError> {
        let keys = self.keys.as_ref().ok_or(KeySignError::UnknownKey)?;
        // The wallets' own words on their votes count, as far as one has ever answered: the votes are then the same.
        let said = (0..self.signers.len()).find_map(|index| Some((self.wallet_info(index)?, self.agenda_bits(index))));
        Ok(keys.sign(ballot, said)?)
    }

    async fn sign_by_wallet(
        &self,
        ballot: &Ballot,
        route: &mut Route,
    ) -> Result<(VoteTransaction, Option<&Signer>), CastError> {
        let first = self.first_signer.load(Ordering::Relaxed);
        let signer = &self.signers[first.wrapping_add(route.signers_failed) % self.signers.len()];
        let limit = route.limit(self.signers.len() + usize::from(self.has_voting_key()));
        let mut asked = None;
        let signed = match timeout(limit, signer.sign(ballot, &mut asked)).await {
            Ok(result) => result,
            Err(_) => Err(CastError::Slow(format!("wallet {}", signer.name()), limit)),
        };
        if let Err(error) = &signed {
            if signer.failed(error, asked.as_ref(), &self.problems) {
                self.audit_soon.notify_one();
            }
            route.signers_failed += 1;
            if route.signers_failed == 1 && error.concerns_every_vote() {
                advance(&self.first_signer, first);
                route.signers_failed = 0;
            }
        }
        Ok((signed?, Some(signer)))
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

/// Moves on from a failed one, once, however many votes failed there at the same time.
fn advance(first: &AtomicUsize, failed: usize) {
    let _ = first.compare_exchange(failed, failed.wrapping_add(1), Ordering::Relaxed, Ordering::Relaxed);
}

impl std::fmt::Debug for Caster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caster").field("wallets", &self.signers.len()).field("nodes", &self.nodes.len()).finish()
    }
}
