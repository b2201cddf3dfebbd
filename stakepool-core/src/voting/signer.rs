//! One voting wallet as votes see it: what is known of its state, and whether it signs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::ballots::Ballot;
use super::bits;
use super::cast_error::CastError;
use super::problems::{Problems, unknown_ticket};
use crate::chain::{VoteBits, VoteTransaction, VoteVersion};
use crate::ports::{VoteRequest, VoteSigner, WalletError, WalletInfo};

/// How long it stays a problem that a wallet refused a vote, where it is not asked for another one.
const REFUSAL_STANDS: Duration = Duration::from_secs(3600);
/// The least time between two tests whether a wallet signs again: one that is slow must not be kept busy by them.
const LEAST_BETWEEN_TESTS: Duration = Duration::from_secs(3);
/// How long a wallet's word on its agendas counts before it is asked again.
const AGENDAS_LAST: Duration = Duration::from_secs(300);

/// A vote that a wallet answered unsigned or too late, to be asked again until it signs in time.
#[derive(Clone)]
struct Retest {
    request: VoteRequest,
    tested: Instant,
}

/// A wallet that signs votes, and what is known of it.
pub(super) struct Signer {
    wallet: Arc<dyn VoteSigner>,
    info: Mutex<Option<WalletInfo>>,
    /// The bits that its agendas use under a vote version, and when it said so.
    agendas: Mutex<Option<(VoteVersion, Option<VoteBits>, Instant)>>,
    /// Whether it answered when it was last asked for its state or a vote.
    answers: AtomicBool,
    /// When it was last asked for its state.
    asked: Mutex<Option<Instant>>,
    /// None once the wallet has signed in time again.
    retest: Mutex<Option<Retest>>,
}

impl Signer {
    pub(super) fn new(wallet: Arc<dyn VoteSigner>) -> Self {
        Self {
            wallet,
            info: Mutex::new(None),
            agendas: Mutex::new(None),
            answers: AtomicBool::new(true),
            asked: Mutex::new(None),
            retest: Mutex::new(None),
        }
    }

    /// What a problem of it is noted under.
    fn topic(&self, about: &str) -> String {
        format!("{}/{about}", self.wallet.name())
    }

    /// The bits that its agendas use, where it says so.
    pub(super) async fn learn_agendas(&self, version: VoteVersion) {
        let known = *lock(&self.agendas);
        if known.is_some_and(|(of, _, at)| of == version && at.elapsed() < AGENDAS_LAST) {
            return;
        }
        // Where it does not answer, what is known of this version still counts.
        if let Ok(bits) = self.wallet.agenda_bits(version).await {
            *lock(&self.agendas) = Some((version, bits, Instant::now()));
        }
    }

    pub(super) fn agenda_bits(&self, version: VoteVersion) -> Option<VoteBits> {
        lock(&self.agendas).filter(|(of, ..)| *of == version).and_then(|(_, bits, _)| bits)
    }

    /// Tells people that the wallet does not sign, until [`Signer::signed`].
    fn did_not_sign(&self, asked: Option<&VoteRequest>, problems: &Problems) {
        self.keep_for_test(asked);
        let name = self.wallet.name();
        let remedy =
            "unlock it, and check that it was made from the pool's seed; until it signs, others are asked first";
        problems.problem(&self.topic("unsigned"), format!("wallet {name} answers unsigned votes: {remedy}"));
    }

    /// The same of one that did not answer a vote in time. Its state may well be answered all the while.
    fn was_slow(&self, asked: Option<&VoteRequest>, error: &CastError, problems: &Problems) {
        self.keep_for_test(asked);
        let remedy =
            "see its log, and what keeps it or its computer busy; until it signs in time, others are asked first";
        problems.figures(&self.topic("slow"), format!("{error} when it was asked for a vote: {remedy}"));
    }

    fn keep_for_test(&self, asked: Option<&VoteRequest>) {
        if let Some(request) = asked.cloned() {
            *lock(&self.retest) = Some(Retest { request, tested: Instant::now() });
        }
    }

    /// It signed a vote, so that it answers and is unlocked, whatever was known of it.
    pub(super) fn signed(&self, problems: &Problems) {
        lock(&self.retest).take();
        self.answers.store(true, Ordering::Relaxed);
        if let Some(info) = lock(&self.info).as_mut() {
            info.unlocked = true;
        }
        for about in ["unsigned", "slow", "reach", "locked", "votes"] {
            problems.solved(&self.topic(about));
        }
        problems.solved(&unknown_ticket(self.wallet.name()));
    }

    /// It did not sign a vote, for which it was `asked`, or failed before that: what that says of its state counts at once.
    /// True where its tickets should be looked at.
    pub(super) fn failed(&self, error: &CastError, asked: Option<&VoteRequest>, problems: &Problems) -> bool {
        match error {
            CastError::Unsigned { .. } => self.did_not_sign(asked, problems),
            CastError::Slow(..) if asked.is_some() => self.was_slow(asked, error, problems),
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
            CastError::Node(_) | CastError::Key(_) => {}
        }
        false
    }

    /// Asks a wallet that did not sign for the same vote once more, which is sent nowhere. True where it signs within `limit`.
    pub(super) async fn signs_again(&self, limit: Duration, problems: &Problems) -> bool {
        let request = match lock(&self.retest).as_mut() {
            None => return true,
            Some(retest) if retest.tested.elapsed() < LEAST_BETWEEN_TESTS => return false,
            Some(retest) => {
                retest.tested = Instant::now();
                retest.request.clone()
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

    /// Signs a vote; `asked` is what the wallet was asked, as soon as it is.
    pub(super) async fn sign(
        &self,
        ballot: &Ballot,
        asked: &mut Option<VoteRequest>,
    ) -> Result<VoteTransaction, CastError> {
        let known = self.info();
        let info = match known {
            Some(info) => info,
            None => {
                let info = self.wallet.info().await?;
                *lock(&self.info) = Some(info.clone());
                info
            }
        };
        let request = VoteRequest {
            block: ballot.block,
            height: ballot.height,
            ticket: ballot.winner.ticket,
            bits: bits::choose(ballot.winner.voting, &info, self.agenda_bits(info.vote_version)),
            bits_extended: info.vote_bits_extended,
        };
        let request = asked.insert(request);
        let vote = self.wallet.generate_vote(request).await?;
        let wanted = (request.ticket, request.block, request.height, request.bits);
        if (vote.ticket, vote.block, vote.height, vote.bits) != wanted {
            return Err(CastError::OtherVote(self.wallet.name().to_owned()));
        }
        if !vote.is_signed() {
            return Err(CastError::Unsigned { wallet: self.wallet.name().to_owned() });
        }
        Ok(vote)
    }

    /// Asks the wallet for its state and keeps the answer for the votes to come.
    pub(super) async fn refresh(&self) -> Result<WalletInfo, WalletError> {
        *lock(&self.asked) = Some(Instant::now());
        let info = self.wallet.info().await?;
        *lock(&self.info) = Some(info.clone());
        self.answers.store(true, Ordering::Relaxed);
        Ok(info)
    }

    pub(super) fn name(&self) -> &str {
        self.wallet.name()
    }

    /// Its last known state.
    pub(super) fn info(&self) -> Option<WalletInfo> {
        lock(&self.info).clone()
    }

    /// Notes that it did not give its state when it was asked.
    pub(super) fn unreachable(&self) {
        self.answers.store(false, Ordering::Relaxed);
    }

    /// Whether it gave its state, or a vote, when it was last asked.
    pub(super) fn answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed) && lock(&self.info).is_some()
    }

    /// Whether it is unlocked, and signed the last vote that it was asked for.
    pub(super) fn is_able_to_sign(&self) -> bool {
        lock(&self.info).as_ref().is_some_and(|info| info.unlocked) && lock(&self.retest).is_none()
    }

    /// How long ago it was last asked for its state.
    pub(super) fn asked(&self) -> Duration {
        lock(&self.asked).map_or(Duration::MAX, |asked| asked.elapsed())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
