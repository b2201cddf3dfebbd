//! Agendas: what tickets can vote on beside the previous block.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stakepool_core::chain::{VoteBits, VoteVersion};
use stakepool_core::ports::{Agenda, AgendaSource};
use tokio::sync::Mutex as Turn;
use tokio::time::{Instant, timeout};

/// How long an answer is good for. Agendas change once in months.
const MAX_AGE: Duration = Duration::from_secs(60);
/// How long to wait before the next try where nobody answers.
const PAUSE: Duration = Duration::from_secs(5);
/// How long one of the sources may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether bits approve the previous block and choose one answer of every agenda, and nothing else.
pub fn are_valid(bits: VoteBits, agendas: &[Agenda]) -> bool {
    let known = agendas.iter().fold(VoteBits::APPROVE.0, |known, agenda| known | agenda.mask);
    bits.0 & VoteBits::APPROVE.0 != 0
        && bits.0 & !known == 0
        && agendas.iter().all(|agenda| agenda.choice(bits).is_some())
}

/// The agendas of the present vote version, as the daemons last reported them. Nobody who asks again waits for a wallet.
pub struct Agendas(Arc<Board>);

struct Board {
    sources: Vec<Arc<dyn AgendaSource>>,
    known: Mutex<Option<Known>>,
    /// Held while the sources are asked: by one at a time.
    asking: Turn<()>,
}

#[derive(Clone)]
struct Known {
    version: VoteVersion,
    /// `None` where nobody ever answered for the version.
    agendas: Option<Arc<[Agenda]>>,
    ask_again: Instant,
}

impl Agendas {
    /// The agendas that the first of `sources` returns that answers.
    pub fn new(sources: Vec<Arc<dyn AgendaSource>>) -> Self {
        Self(Arc::new(Board { sources, known: Mutex::default(), asking: Turn::default() }))
    }

    /// The agendas of a version; `None` where no daemon has reported any. What was reported last is handed out at once, and asked
    /// for again meanwhile where it is old; only the first answer for a version is waited for.
    pub async fn of(&self, version: VoteVersion) -> Option<Arc<[Agenda]>> {
        let board = &self.0;
        match board.known(version) {
            Some(known) => {
                if known.is_old() {
                    let board = board.clone();
                    tokio::spawn(async move {
                        if let Ok(_turn) = board.asking.try_lock() {
                            board.refresh(version).await;
                        }
                    });
                }
                known.agendas
            }
            None => {
                let _turn = board.asking.lock().await;
                board.refresh(version).await;
                board.known(version)?.agendas
            }
        }
    }
}

impl Known {
    fn is_old(&self) -> bool {
        self.ask_again <= Instant::now()
    }
}

impl Board {
    fn known(&self, version: VoteVersion) -> Option<Known> {
        self.last().clone().filter(|known| known.version == version)
    }

    fn last(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the sources, where nobody did so in the meantime. Where none answers, what was reported before stays.
    async fn refresh(&self, version: VoteVersion) {
        let before = self.known(version);
        if before.as_ref().is_some_and(|known| !known.is_old()) {
            return;
        }
        let known = match self.ask(version).await {
            Some(agendas) => Known { version, agendas: Some(agendas), ask_again: Instant::now() + MAX_AGE },
            None => {
                let agendas = before.and_then(|known| known.agendas);
                Known { version, agendas, ask_again: Instant::now() + PAUSE }
            }
        };
        *self.last() = Some(known);
    }

    async fn ask(&self, version: VoteVersion) -> Option<Arc<[Agenda]>> {
        if self.sources.is_empty() {
            return Some(Arc::default());
        }
        for source in &self.sources {
            match timeout(LIMIT, source.agendas(version)).await {
                Ok(Ok(agendas)) => return Some(agendas.into()),
                Ok(Err(error)) => tracing::debug!(%error, "no word about agendas"),
                Err(_) => tracing::debug!("a wallet does not answer about agendas"),
            }
        }
        tracing::warn!("no wallet reports which agendas there are");
        None
    }
}

impl std::fmt::Debug for Agendas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agendas").field("sources", &self.0.sources.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use stakepool_core::ports::{AgendaChoice, WalletError};
    use std::sync::atomic::{AtomicU32, Ordering};

    fn agenda(id: &str, mask: u16, choices: &[u16]) -> Agenda {
        let choice = |bits: &u16| AgendaChoice { id: bits.to_string(), description: String::new(), bits: *bits };
        let (description, status) = (String::new(), "started".to_owned());
        Agenda { id: id.to_owned(), description, status, mask, choices: choices.iter().map(choice).collect() }
    }

    #[test]
    fn without_agendas_only_approval_is_valid() {
        let valid: Vec<u16> = (0..=u16::MAX).filter(|bits| are_valid(VoteBits(*bits), &[])).collect();
        assert_eq!(valid, [1]);
    }

    #[test]
    fn with_agendas_every_answer_must_be_a_choice_of_its_agenda() {
        let agendas = [agenda("a", 0b0110, &[0b0000, 0b0010, 0b0100]), agenda("b", 0b1000, &[0b0000, 0b1000])];
        let valid: Vec<u16> = (0..=u16::MAX).filter(|bits| are_valid(VoteBits(*bits), &agendas)).collect();
        assert_eq!(valid, [0b0001, 0b0011, 0b0101, 0b1001, 0b1011, 0b1101]);
    }

    /// Answers twice, and then no more.
    struct Twice(AtomicU32);

    #[async_trait]
    impl AgendaSource for Twice {
        async fn agendas(&self, _: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 | 1 => Ok(vec![agenda("a", 2, &[0, 2])]),
                _ => Err(WalletError::Locked { wallet: "w".to_owned() }),
            }
        }
    }

    /// Lets what was spawned run as far as it can.
    async fn settled() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_lasts_a_minute_and_the_last_one_is_kept_while_nobody_answers() {
        let source = Arc::new(Twice(AtomicU32::new(0)));
        let board = Agendas::new(vec![source.clone()]);
        let asked = || source.0.load(Ordering::Relaxed);
        for (seconds, expected) in [(0, 1), (59, 1), (1, 2), (60, 3), (4, 3), (1, 4)] {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            assert_eq!(board.of(VoteVersion(11)).await.map(|agendas| agendas.len()), Some(1));
            settled().await;
            assert_eq!(asked(), expected, "after {seconds} seconds more");
        }
        assert_eq!(board.of(VoteVersion(12)).await, None, "no daemon reported that version");
        assert_eq!(Agendas::new(Vec::new()).of(VoteVersion(11)).await, Some(Arc::default()));
    }

    /// Answers once, and hangs from then on.
    struct Once(AtomicU32);

    #[async_trait]
    impl AgendaSource for Once {
        async fn agendas(&self, _: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
            if self.0.fetch_add(1, Ordering::Relaxed) > 0 {
                std::future::pending::<()>().await;
            }
            Ok(vec![agenda("a", 2, &[0, 2])])
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_wallet_that_hangs_once_there_was_an_answer() {
        let source = Arc::new(Once(AtomicU32::new(0)));
        let board = Agendas::new(vec![source.clone(), source.clone()]);
        assert!(board.of(VoteVersion(11)).await.is_some());
        tokio::time::advance(MAX_AGE).await;
        let begin = Instant::now();
        for _ in 0..3 {
            assert!(board.of(VoteVersion(11)).await.is_some());
            settled().await;
        }
        assert_eq!(Instant::now(), begin);
        assert_eq!(source.0.load(Ordering::Relaxed), 2, "one asks, and the others do not wait for their turn");
    }
}
