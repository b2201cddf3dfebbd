//! Connections: how many at a time, from whom, and how long one may keep an answer waiting.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use stakepool::accounts::ClientAddress;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// How many connections each client has.
type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of everybody together.
    pub all: usize,
    /// Beside these, of those who stand for many: proxies, and this machine.
    pub reserved: usize,
    /// Of one client: an IPv4 address, or a /64 of IPv6.
    pub of_client: usize,
    /// Of a /48 of IPv6, which one customer of a provider may have.
    pub of_wide_network: usize,
}

/// ConnectionLimit for connections.
#[derive(Clone, Debug)]
pub struct ConnectionLimit {
    most: Limits,
    all: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
    counts: Counts,
}

/// A place in use; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    _place: OwnedSemaphorePermit,
    counted: Vec<IpAddr>,
    counts: Counts,
}

impl ConnectionLimit {
    /// So many places.
    pub fn new(most: Limits) -> Self {
        let (all, reserved) = (Arc::new(Semaphore::new(most.all)), Arc::new(Semaphore::new(most.reserved)));
        Self { most, all, reserved, counts: Arc::default() }
    }

    /// Gives a place to a client; `None` where there is none left, or it has its share already. `is_exempt` is for those
    /// who stand for many: they have no share, and places of their own where all others are taken.
    pub fn give(&self, client: ClientAddress, is_exempt: bool) -> Option<Place> {
        let free = Arc::clone(&self.all).try_acquire_owned().ok();
        let counts = Arc::clone(&self.counts);
        if is_exempt {
            let place = free.or_else(|| Arc::clone(&self.reserved).try_acquire_owned().ok())?;
            return Some(Place { _place: place, counted: Vec::new(), counts });
        }
        let place = free?;
        let wide = client.wide_network().map(|wide| (wide, self.most.of_wide_network));
        let shares: Vec<_> = [(client.network(), self.most.of_client)].into_iter().chain(wide).collect();
        let mut counted = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.iter().any(|(network, most)| counted.get(network).is_some_and(|count| count >= most)) {
            return None;
        }
        for (network, _) in &shares {
            *counted.entry(*network).or_default() += 1;
        }
        Some(Place { _place: place, counted: shares.into_iter().map(|(network, _)| network).collect(), counts })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for network in &self.counted {
            if let Some(count) = counts.get_mut(network) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    counts.remove(network);
                }
            }
        }
    }
}

/// A stream whose reader must take each answer within a time, however slowly it begins.
#[derive(Debug)]
pub struct WriteTimeout<S> {
    stream: S,
    limit: Duration,
    /// Since the reader first kept us waiting with the answer that is being sent.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteTimeout<S> {
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

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeout<S> {
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

    fn places(all: usize) -> ConnectionLimit {
        ConnectionLimit::new(Limits { all, reserved: 1, of_client: 2, of_wide_network: 3 })
    }

    #[test]
    fn a_client_has_its_share_of_the_places_and_a_proxy_any_number() {
        let places = places(10);
        let (first, _second) = (places.give(client(1), false).unwrap(), places.give(client(1), false).unwrap());
        assert!(places.give(client(1), false).is_none());
        assert!(places.give(client(2), false).is_some());
        assert!(places.give(client(1), true).is_some());
        drop(first);
        assert!(places.give(client(1), false).is_some());
        assert_eq!((places.all.available_permits(), places.counts.lock().unwrap().len()), (9, 1));
    }

    #[test]
    fn one_customers_many_networks_have_one_share() {
        let places = places(10);
        let from = |network: u8| ClientAddress(format!("2001:db8:0:{network:x}::1").parse().unwrap());
        let _taken: Vec<_> = (0..3).map(|network| places.give(from(network), false).unwrap()).collect();
        assert!(places.give(from(3), false).is_none());
        assert!(places.give(ClientAddress("2001:db8:1::1".parse().unwrap()), false).is_some());
    }

    #[test]
    fn who_stands_for_many_gets_in_where_all_places_are_taken() {
        let places = places(2);
        let _taken = (places.give(client(1), false).unwrap(), places.give(client(2), false).unwrap());
        assert!(places.give(client(3), false).is_none());
        let _reserved = places.give(client(9), true).unwrap();
        assert!(places.give(client(9), true).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up_and_a_slow_one_is_not() {
        let limit = Duration::from_secs(60);
        let (near, mut far) = duplex(4);
        let mut stream = WriteTimeout::new(near, limit);
        let began = Instant::now();
        let error = stream.write_all(b"more than fits").await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 60));

        let (near, mut slow) = duplex(4);
        let mut stream = WriteTimeout::new(near, limit);
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
