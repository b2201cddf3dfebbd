//! Reading the bodies of requests, within limits of size and of memory.

use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest body that is taken.
const LIMIT: usize = 1 << 20;
/// How much of a body that is too large is read and thrown away, so that the client reads the answer.
const DISCARD_LIMIT: usize = 16 << 20;
/// What every request may hold: all forms but the administrator's longest, and all calls of the API.
const FREE: usize = 8 << 10;
/// What all bodies together may hold beyond that. A client that sends large bodies slowly keeps only large ones waiting.
const SHARED: usize = 16 << 20;
/// The unit in which the shared memory is given.
const UNIT: usize = 4 << 10;

/// The memory that is there for bodies.
#[derive(Clone, Debug)]
pub struct BodyMemory(Arc<Semaphore>);

impl Default for BodyMemory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(SHARED / UNIT)))
    }
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than any that we take.
    TooLarge,
    /// It is large, and there are too many large ones now.
    NoMemory,
    /// It ended before its end.
    Broken,
}

/// A body, and the shared memory that it holds until it is dropped.
pub struct Held {
    /// The body.
    pub bytes: Bytes,
    _memory: Vec<OwnedSemaphorePermit>,
}

impl BodyMemory {
    /// Reads a body.
    ///
    /// # Errors
    /// [`BodyError`].
    pub async fn read(&self, body: Incoming) -> Result<Held, BodyError> {
        if body.is_end_stream() {
            return Ok(Held { bytes: Bytes::new(), _memory: Vec::new() });
        }
        if body.size_hint().lower() > DISCARD_LIMIT as u64 {
            return Err(BodyError::TooLarge);
        }
        self.collect(body).await
    }

    async fn collect<B>(&self, mut body: B) -> Result<Held, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (mut kept, mut seen, mut memory, mut held) = (Vec::new(), 0_usize, Vec::new(), FREE);
        let mut refused = None;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
            seen = seen.saturating_add(data.len());
            if seen > DISCARD_LIMIT {
                break;
            }
            if seen > LIMIT {
                refused = Some(BodyError::TooLarge);
            }
            while refused.is_none() && held < seen {
                match Arc::clone(&self.0).try_acquire_owned() {
                    Ok(unit) => memory.push(unit),
                    Err(_) => refused = Some(BodyError::NoMemory),
                }
                held += UNIT;
            }
            if refused.is_some() {
                // What was kept is of no use, and its memory is another's.
                kept = Vec::new();
                memory.clear();
            } else {
                kept.extend_from_slice(&data);
            }
        }
        match refused {
            Some(error) => Err(error),
            None if seen > LIMIT => Err(BodyError::TooLarge),
            None => Ok(Held { bytes: kept.into(), _memory: memory }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    fn body(length: usize) -> Full<Bytes> {
        Full::new(vec![b'x'; length].into())
    }

    #[tokio::test]
    async fn a_body_within_the_limit_is_read_whole() {
        let memory = BodyMemory::default();
        for length in [0, 1, FREE, FREE + 1, LIMIT] {
            assert_eq!(memory.collect(body(length)).await.unwrap_or_else(|_| panic!("{length}")).bytes.len(), length);
        }
        assert_eq!(memory.collect(body(LIMIT + 1)).await.err(), Some(BodyError::TooLarge));
        assert_eq!(memory.0.available_permits(), SHARED / UNIT);
    }

    #[tokio::test]
    async fn large_bodies_share_a_memory_and_small_ones_need_none() {
        let memory = BodyMemory::default();
        let mut held = Vec::new();
        while let Ok(one) = memory.collect(body(LIMIT)).await {
            held.push(one);
        }
        assert_eq!(held.len(), SHARED / LIMIT);
        assert_eq!(memory.collect(body(LIMIT)).await.err(), Some(BodyError::NoMemory));
        assert!(memory.collect(body(FREE)).await.is_ok());
        held.pop();
        assert!(memory.collect(body(LIMIT)).await.is_ok());
    }
}
