//! A server of MariaDB, and what only it can be asked.

mod abandoned;
mod connection;
mod copying;
mod desired;
mod inspection;
mod migration;
mod predecessor;
mod server;
mod start;

use stakepool_core::testkit::store_tests::Fixture;
use stakepool_db::Database;

use self::server::MariaDb;
use crate::returning::ByHand;

/// A database of its own on the server of this process.
pub struct MariaDbFixture {
    pub name: String,
}

impl MariaDbFixture {
    pub fn server(&self) -> &'static MariaDb {
        MariaDb::shared()
    }
}

impl Fixture for MariaDbFixture {
    type Stores = Database;

    async fn empty() -> Self {
        let server = MariaDb::shared();
        let name = server.new_name();
        server.run(format!("CREATE DATABASE {name}")).await;
        Self { name }
    }

    async fn open(&self) -> Database {
        let mut tries = 0;
        loop {
            match Database::open_mysql(self.server().options(&self.name)).await {
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

impl ByHand for MariaDbFixture {
    async fn by_hand(&self, statement: &str) {
        self.server().run(format!("USE {}; {statement}", self.name)).await;
    }
}
