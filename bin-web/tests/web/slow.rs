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

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_408_after_its_time() {
    let world = World::start().await;
    let mut clients = Vec::new();
    for path in ["/signin", "/api/v2/voting"] {
        let mut stream = TcpStream::connect(world.server).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\nexpect: 100-continue\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server says that it waits for the body, gets a part of it, and no more.
        let mut told = [0; 25];
        stream.read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"VoteBits=").await.unwrap();
        clients.push(stream);
    }
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    for (mut stream, told) in clients.into_iter().zip([
        "The request did not arrive within the time",
        "{\"status\":\"error\",\"code\":3,\"message\":\"request too slow\"}\n",
    ]) {
        let (mut answer, mut part) = (String::new(), [0; 4096]);
        while !answer.contains(told) {
            let read = stream.read(&mut part).await.unwrap();
            assert_ne!(read, 0, "{answer}");
            answer.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    }
    let took = began.elapsed();
    assert!((Duration::from_secs(19)..Duration::from_secs(30)).contains(&took), "{took:?}");
}
