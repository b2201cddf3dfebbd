//! An answer that many ask for and one of them fetches.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// A cached answer: while it is young it is given out as it is; when it is too old, one caller fetches it anew.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use stakepool_core::single_flight::SingleFlight;
///
/// let height = SingleFlight::new(Duration::from_secs(1));
/// assert_eq!(height.get(async { 100 }).await, 100);
/// assert_eq!(height.get(async { 101 }).await, 100, "the answer is not yet a second old");
/// # }
/// ```
#[derive(Debug)]
pub struct SingleFlight<T> {
    max_age: Duration,
    /// How old an answer may be for those who would otherwise wait for the fetch.
    max_stale: Duration,
    last: RwLock<Option<(Instant, T)>>,
    fetching: Mutex<()>,
}

impl<T> SingleFlight<T> {
    /// An answer that may be as old as `max_age`. Callers wait for a fetch that is under way.
    pub fn new(max_age: Duration) -> Self {
        Self::serving_stale(max_age, Duration::ZERO)
    }

    /// As [`SingleFlight::new`], but while a fetch is under way, the other callers get the last answer where it is younger
    /// than `max_stale`.
    pub fn serving_stale(max_age: Duration, max_stale: Duration) -> Self {
        Self { max_age, max_stale, last: RwLock::new(None), fetching: Mutex::new(()) }
    }
}

impl<T: Clone> SingleFlight<T> {
    /// The last answer where it is young enough, and otherwise what `fetch` returns.
    pub async fn get(&self, fetch: impl Future<Output = T>) -> T {
        if let Some(answer) = self.younger_than(self.max_age) {
            return answer;
        }
        let _turn = match self.fetching.try_lock() {
            Ok(turn) => turn,
            Err(_) => match self.younger_than(self.max_stale) {
                Some(answer) => return answer,
                None => self.fetching.lock().await,
            },
        };
        // Another caller may have fetched it meanwhile.
        if let Some(answer) = self.younger_than(self.max_age) {
            return answer;
        }
        let answer = fetch.await;
        // The age counts from the answer: a slow source would otherwise be asked by one caller after the other.
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), answer.clone()));
        answer
    }

    fn younger_than(&self, age: Duration) -> Option<T> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, answer)| answer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    async fn slowly(calls: &AtomicU32) -> u32 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        calls.fetch_add(1, Ordering::Relaxed) + 1
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_fetched_once_an_age_however_many_ask() {
        let (answer, calls) = (SingleFlight::new(Duration::from_secs(1)), AtomicU32::new(0));
        let read = || answer.get(slowly(&calls));
        assert_eq!(futures_util::future::join_all((0..50).map(|_| read())).await, [1; 50]);
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(read().await, 1);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(read().await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stale_answer_is_given_only_while_a_new_one_is_fetched() {
        let calls = AtomicU32::new(0);
        let answer = SingleFlight::serving_stale(Duration::from_secs(2), Duration::from_secs(30));
        assert_eq!(answer.get(slowly(&calls)).await, 1);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(tokio::join!(answer.get(slowly(&calls)), answer.get(slowly(&calls))), (2, 1));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(tokio::join!(answer.get(slowly(&calls)), answer.get(slowly(&calls))), (3, 3));
    }
}
