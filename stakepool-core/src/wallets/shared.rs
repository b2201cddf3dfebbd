//! An answer that many ask for, fetched by one of them at a time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How old an answer may be that is given without asking.
const FRESH: Duration = Duration::from_secs(2);
/// How old it may be while somebody asks already.
const STALE: Duration = Duration::from_secs(30);

/// The last answer, so that any number of visitors ask a slow wallet no more than once.
pub(super) struct Shared<T> {
    last: Mutex<Option<(Instant, T)>>,
    turn: tokio::sync::Mutex<()>,
}

impl<T: Clone> Shared<T> {
    pub(super) fn new() -> Self {
        Self { last: Mutex::new(None), turn: tokio::sync::Mutex::new(()) }
    }

    /// The last answer where it is young enough, or else a new one.
    pub(super) async fn get(&self, fetch: impl Future<Output = T>) -> T {
        if let Some(answer) = self.younger_than(FRESH) {
            return answer;
        }
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(_) => match self.younger_than(STALE) {
                Some(answer) => return answer,
                None => self.turn.lock().await,
            },
        };
        // Somebody may have asked while we waited.
        if let Some(answer) = self.younger_than(FRESH) {
            return answer;
        }
        let answer = fetch.await;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), answer.clone()));
        answer
    }

    fn younger_than(&self, age: Duration) -> Option<T> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, answer)| answer.clone())
    }
}
