//! Answers that many ask for, one for each of many questions.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::single_flight::SingleFlight;

/// Cached answers by their questions: each is fetched by one caller, however many ask, and given out while it is young.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use stakepool_core::flights::Flights;
///
/// let squares = Flights::new(Duration::from_secs(1), 100);
/// assert_eq!(squares.get(3, async { 9 }).await, 9);
/// assert_eq!(squares.get(3, async { 0 }).await, 9, "the answer is not yet a second old");
/// assert_eq!(squares.get(4, async { 16 }).await, 16);
/// # }
/// ```
#[derive(Debug)]
pub struct Flights<K, T> {
    max_age: Duration,
    most: usize,
    flights: Mutex<HashMap<K, Begun<T>>>,
}

/// When an answer was first asked for, and the answer.
type Begun<T> = (Instant, Arc<SingleFlight<T>>);

impl<K, T> Flights<K, T> {
    /// Answers that may be as old as `max_age`, and never more than `most` of them.
    pub fn new(max_age: Duration, most: usize) -> Self {
        Self { max_age, most, flights: Mutex::default() }
    }
}

impl<K: Eq + Hash, T: Clone> Flights<K, T> {
    /// The answer to a question where it is young enough, and otherwise what `fetch` returns.
    pub async fn get(&self, question: K, fetch: impl Future<Output = T>) -> T {
        self.flight(question).get(fetch).await
    }

    /// How many answers are kept.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn flight(&self, question: K) -> Arc<SingleFlight<T>> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, flight)) = flights.get(&question) {
            return flight.clone();
        }
        // Questions that nobody asks any more go with the next new one.
        flights.retain(|_, (begun, _)| begun.elapsed() < self.max_age);
        if flights.len() >= self.most {
            flights.clear();
        }
        let flight = Arc::new(SingleFlight::new(self.max_age));
        flights.insert(question, (Instant::now(), flight.clone()));
        flight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_question_has_its_answer_while_it_is_young() {
        let answers = Flights::new(Duration::from_secs(1), 10);
        assert_eq!((answers.get("a", async { 1 }).await, answers.get("b", async { 2 }).await), (1, 2));
        assert_eq!((answers.get("a", async { 3 }).await, answers.get("b", async { 3 }).await), (1, 2));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(answers.get("a", async { 3 }).await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_for_answers_is_bounded_and_old_ones_leave() {
        let answers = Flights::new(Duration::from_secs(1), 10);
        for question in 0..25 {
            answers.get(question, async { question }).await;
            assert!(answers.len() <= 10);
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        answers.get(99, async { 99 }).await;
        assert_eq!(answers.len(), 1);
    }
}
