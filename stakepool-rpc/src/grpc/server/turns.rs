//! One change of the desired state at a time. One that is silent while another waits loses its turn.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, sleep_until};
use tonic::Status;

use super::places::place;

/// How long a caller may be silent in its turn where another one waits.
const SILENCE: Duration = Duration::from_secs(2);

/// Gives turns.
#[derive(Debug)]
pub(super) struct Turns {
    free: Arc<Semaphore>,
    now: Mutex<Option<Holder>>,
}

/// Whose turn it is.
#[derive(Debug)]
struct Holder {
    heard: Heard,
    /// `None` where it has lost its turn already.
    end: Option<oneshot::Sender<()>>,
}

/// When a caller was last heard.
#[derive(Clone, Debug)]
pub(super) struct Heard(Arc<Mutex<Instant>>);

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) heard: Heard,
    /// Ready where the turn is lost.
    pub(super) lost: Option<oneshot::Receiver<()>>,
    _place: OwnedSemaphorePermit,
}

impl Heard {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// The caller was heard now.
    pub(super) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(1)), now: Mutex::default() }
    }
}

impl Turns {
    /// Waits for a turn.
    pub(super) async fn take(&self) -> Result<Turn, Status> {
        let free = place(&self.free);
        tokio::pin!(free);
        loop {
            tokio::select! {
                place = &mut free => return Ok(self.begin(place?)),
                () = sleep_until(self.silent_at()) => self.end_silent(),
            }
        }
    }

    fn begin(&self, place: OwnedSemaphorePermit) -> Turn {
        let (end, lost) = oneshot::channel();
        let heard = Heard::new();
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Holder { heard: heard.clone(), end: Some(end) });
        Turn { heard, lost: Some(lost), _place: place }
    }

    /// When the one whose turn it is will have been silent for too long.
    fn silent_at(&self) -> Instant {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let holder = now.as_ref().filter(|holder| holder.end.is_some());
        holder.map_or_else(Instant::now, |holder| holder.heard.last()) + SILENCE
    }

    fn end_silent(&self) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holder) = now.as_mut()
            && holder.heard.last() + SILENCE <= Instant::now()
            && let Some(end) = holder.end.take()
        {
            // Where it has just ended by itself, all the better.
            let _ = end.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_who_is_silent_loses_its_turn_to_one_who_waits_and_one_who_is_heard_does_not() {
        let turns = Turns::default();
        let mut first = turns.take().await.unwrap();
        let waiting = turns.take();
        tokio::pin!(waiting);
        for _ in 0..5 {
            let waited = tokio::time::timeout(SILENCE / 2, waiting.as_mut()).await;
            assert!(waited.is_err());
            first.heard.note();
        }
        let mut lost = first.lost.take().unwrap();
        tokio::select! {
            _ = &mut waiting => panic!("the first still holds its turn"),
            ended = &mut lost => ended.unwrap(),
        }
        drop(first);
        let mut second = waiting.await.unwrap();
        tokio::time::sleep(10 * SILENCE).await;
        assert!(second.lost.as_mut().unwrap().try_recv().is_err(), "nobody waits");
    }
}
