//! A database whose connections go to one node after the other.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use stakepool_core::ports::DatabaseServer;
use stakepool_core::testkit::store_tests::Fixture;
use stakepool_db::Database;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::galera::{NODES, host};
use crate::whole;

/// A database of its own, whose every connection is to another node than the one before.
pub struct Spread {
    name: String,
    port: u16,
}

impl Fixture for Spread {
    type Stores = Database;

    async fn empty() -> Self {
        let galera = whole();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(share_out(listener, galera.port));
        Self { name: galera.new_database(), port }
    }

    async fn open(&self) -> Database {
        let hosts = vec![Ipv4Addr::LOCALHOST.to_string()];
        let options = DatabaseServer { hosts, port: self.port, ..whole().options(&self.name, 0) };
        let mut tries = 0;
        loop {
            match Database::open_mysql(options.clone()).await {
                // As an operator would, where the machine is too busy for the server to answer in time.
                Err(error) if error.to_string().contains("did not answer") && tries < 10 => tries += 1,
                opened => return opened.unwrap(),
            }
        }
    }

    async fn close(&self, database: Database) {
        database.close().await;
    }
}

async fn share_out(listener: TcpListener, port: u16) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    while let Ok((mut client, _)) = listener.accept().await {
        let node = NEXT.fetch_add(1, Ordering::Relaxed) % NODES;
        tokio::spawn(async move {
            let mut server = TcpStream::connect((host(node), port)).await?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}
