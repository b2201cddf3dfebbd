//! Connections: how many at a time, from whom, and how long one may keep an answer waiting.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::client::ClientAddress;

/// How many connections each client has.
type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Places for connections.
#[derive(Clone, Debug)]
pub struct Places {
    all: Arc<Semaphore>,
    of_address: Counts,
    most_of_address: usize,
}

/// A place in use; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    _place: OwnedSemaphorePermit,
    counted: Option<(IpAddr, Counts)>,
}

impl Places {
    /// Places for `all` connections, of which one client may use `most_of_address`.
    pub fn new(all: usize, most_of_address: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), of_address: Arc::default(), most_of_address }
    }

    /// Waits until there is a place for anybody.
    pub async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Gives a place to a client; `None` where it has its share already. `is_exempt` is for those who stand for many:
    /// proxies.
    pub fn give(&self, place: OwnedSemaphorePermit, client: ClientAddress, is_exempt: bool) -> Option<Place> {
        if is_exempt {
            return Some(Place { _place: place, counted: None });
        }
        let network = client.network();
        let mut counts = self.of_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= self.most_of_address {
            return None;
        }
        *count += 1;
        Some(Place { _place: place, counted: Some((network, Arc::clone(&self.of_address))) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((network, counts)) = &self.counted else { return };
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(network) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(network);
            }
        }
    }
}

/// A stream whose reader must take each answer within a time, however slowly it begins.
#[derive(Debug)]
pub struct Impatient<S> {
    stream: S,
    limit: Duration,
    /// Since the reader first kept us waiting with the answer that is being sent.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Impatient<S> {
    /// Gives the reader `limit` for each answer.
    pub const fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, waiting: None }
    }

    /// Pending until the reader's time is over.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the client does not read its answer"))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.wait(context).map(Err),
            written => written,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(context, pieces) {
            Poll::Pending => self.wait(context).map(Err),
            written => written,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when everything was written: the reader has taken the answer.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn client(last: u8) -> ClientAddress {
        ClientAddress(IpAddr::from([203, 0, 113, last]))
    }

    #[tokio::test]
    async fn a_client_has_its_share_of_the_places_and_a_proxy_any_number() {
        let places = Places::new(10, 2);
        let place = async |last, is_exempt| places.give(places.wait().await.unwrap(), client(last), is_exempt);
        let (first, _second) = (place(1, false).await.unwrap(), place(1, false).await.unwrap());
        assert!(place(1, false).await.is_none());
        assert!(place(2, false).await.is_some());
        assert!(place(1, true).await.is_some());
        drop(first);
        assert!(place(1, false).await.is_some());
        assert_eq!(places.all.available_permits(), 9);
        assert_eq!(places.of_address.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up_and_a_slow_one_is_not() {
        let limit = Duration::from_secs(60);
        let (near, mut far) = duplex(4);
        let mut stream = Impatient::new(near, limit);
        let began = Instant::now();
        let error = stream.write_all(b"more than fits").await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 60));

        let (near, mut slow) = duplex(4);
        let mut stream = Impatient::new(near, limit);
        let reading = tokio::spawn(async move {
            let mut taken = [0; 4];
            for _ in 0..4 {
                tokio::time::sleep(Duration::from_secs(25)).await;
                slow.read_exact(&mut taken).await.unwrap();
            }
        });
        for _ in 0..2 {
            stream.write_all(b"12345678").await.unwrap();
            stream.flush().await.unwrap();
        }
        reading.await.unwrap();
        let mut kept = [0; 4];
        far.read_exact(&mut kept).await.unwrap();
        assert_eq!(&kept, b"more");
    }
}
