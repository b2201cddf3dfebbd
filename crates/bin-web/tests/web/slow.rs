//! Clients that take their time do not stop others.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, timeout};

use crate::world::World;

const SLOW_CLIENTS: usize = 1000;

async fn trickle(server: SocketAddr, request: &[u8]) -> std::io::Result<usize> {
    let mut stream = TcpStream::connect(server).await?;
    let mut seconds = interval(Duration::from_secs(1));
    let mut answer = [0; 1024];
    for byte in request.iter().cycle() {
        seconds.tick().await;
        stream.write_all(&[*byte]).await?;
        if let Ok(read) = timeout(Duration::from_millis(1), stream.read(&mut answer)).await {
            return read;
        }
    }
    Ok(0)
}

/// A client that asks and asks, and reads nothing.
async fn never_read(server: SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    let request = b"GET /assets/style.css HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    // Blocks once both sides' buffers are full, until the server gives up.
    while stream.write_all(&request).await.is_ok() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a minute and thousands of file descriptors"]
async fn a_thousand_clients_that_send_a_byte_a_second_do_not_stop_others() {
    let world = World::start().await;
    let server = world.server;
    let head = b"GET / HTTP/1.1\r\nhost: x\r\nx-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let readers: Vec<_> = (0..20).map(|_| tokio::spawn(never_read(server))).collect();
    // Until the buffers of those who do not read are full.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let mut slow: Vec<_> = (0..SLOW_CLIENTS).map(|_| tokio::spawn(trickle(server, head))).collect();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    for _ in 0..200 {
        let asked = Instant::now();
        assert_eq!(world.send("GET", "/", &[], b"").await.status, 200);
        assert_eq!(world.send("GET", "/api/v2/stats", &[], b"").await.status, 200);
        slowest = slowest.max(asked.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // All of them are sent away when the time for a head is over.
    for client in &mut slow {
        assert!(timeout(Duration::from_secs(40), client).await.is_ok(), "a slow client is still connected");
    }
    for reader in readers {
        reader.abort();
    }
}
