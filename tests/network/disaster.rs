//! Disaster recovery: a wallet made anew from its seed, daemons without their state, and a database of yesterday, each alone and
//! all at once. No vote is lost, and users whom the database has lost are found in the wallets.

use std::fs;
use std::path::{Path, PathBuf};

use stakepool_core::accounts::Registration;
use stakepool_core::chain::{Generation, KeyIndex, TicketHash};
use stakepool_core::ports::UserStore;
use stakepool_db::{Existing, Restorable};
use stakepool_examples::{PoolOptions, SmallPool};

use crate::mariadb::MariaDb;
use crate::scene::{Scene, fee, options};

/// What is lost.
#[derive(Clone, Copy, Debug, Default)]
struct Lost {
    /// The first wallet is made anew from its seed.
    wallet: bool,
    /// The daemons start without what they kept.
    state: bool,
    /// The database is yesterday's.
    database: bool,
}

/// Where the pool's database is.
enum Place {
    /// In a file.
    File,
    /// On a server.
    Server(MariaDb),
}

impl Place {
    fn options(&self, options: &mut PoolOptions) {
        if let Self::Server(server) = self {
            options.database = Some(server.database());
        }
    }

    /// Takes a backup while the pool goes on.
    async fn backup(&self, scene: &Scene) -> PathBuf {
        match self {
            Self::File => {
                let yesterday = scene.folder.path().join("yesterday.sqlite");
                scene.pool.database.backup(&yesterday, Existing::Keep).await.unwrap();
                yesterday
            }
            Self::Server(server) => server.dump(),
        }
    }

    /// Puts a backup in the place of a database that is lost.
    async fn restore(&self, backup: &PathBuf, folder: &Path) {
        match self {
            Self::File => {
                for file in ["pool.sqlite", "pool.sqlite-wal", "pool.sqlite-shm"] {
                    let _ = fs::remove_file(folder.join(file));
                }
                let checked = Restorable::check(backup, folder.join("pool.sqlite")).await.unwrap();
                checked.put_in_place("2026-11-27").await.unwrap();
            }
            Self::Server(server) => server.load(backup),
        }
    }
}

/// A pool with a user of yesterday, one of today, and tickets of both that win in every block to come.
struct Pool {
    scene: Scene,
    place: Place,
    yesterday: PathBuf,
    late: Registration,
    tickets: Vec<TicketHash>,
}

impl Pool {
    async fn set(generation: Generation) -> Self {
        Self::set_at(generation, Place::File).await
    }

    async fn set_at(generation: Generation, place: Place) -> Self {
        let scene = Scene::set_with(generation, 1, |options| place.options(options)).await;
        let yesterday = place.backup(&scene).await;
        let user = scene.pool.user("late@example.org", "correct horse 43", false).await.unwrap();
        let key = scene.network.buyer_pubkey_address().unwrap().to_string();
        let late = scene.pool.register(user, &key).await.unwrap();
        scene.until("every daemon knows the late user", async || scene.daemons_agree().await).await;
        let mut tickets = scene.buy(30);
        tickets.extend(scene.network.buy_tickets(late.address, Some(late.fee_address), fee(), 30).unwrap());
        assert_eq!(scene.mine(22).await, 0);
        scene.network.let_win(&tickets);
        Self { scene, place, yesterday, late, tickets }
    }

    /// Loses this, and starts everything again.
    async fn after(self, lost: Lost) -> Self {
        let Self { scene, place, yesterday, late, tickets } = self;
        let Scene { network, pool, user, registration, folder } = scene;
        pool.stop().await.unwrap();
        if lost.wallet {
            network.wallet(0).stop().await;
            network.wallet(0).lose_scripts();
            network.wallet(0).start().await.unwrap();
        }
        if lost.state {
            for number in 1..=3 {
                // Certificate and key lie there, too; they stay in the pinned file of the web's configuration.
                forget_state(&folder.path().join(format!("daemon{number}")));
            }
        }
        if lost.database {
            place.restore(&yesterday, folder.path()).await;
        }
        let mut options = options(&folder);
        place.options(&mut options);
        let pool = SmallPool::start(&network, &options).await.unwrap();
        Self { scene: Scene { network, pool, user, registration, folder }, place, yesterday, late, tickets }
    }

    /// Waits until every wallet has the script of a user, and knows one of the tickets.
    async fn wallets_know(&self, registration: &Registration) {
        let know = async || {
            self.scene.network.voting_wallets().iter().all(|wallet| {
                let known = wallet.tickets();
                wallet.scripts().contains(&registration.address.hash())
                    && self.tickets.iter().any(|ticket| known.contains(ticket))
            })
        };
        self.scene.until("every wallet has script and tickets", know).await;
    }

    /// The key index with which the late user is reported as one whom the database does not know.
    async fn reported(&self) -> Option<KeyIndex> {
        let status = self.scene.pool.pool.status().await;
        let report = status.unknown_addresses.into_iter().find(|report| report.address == self.late.address)?;
        assert!(
            status.problems.iter().any(|problem| problem.contains("the database does not know")),
            "{:?}",
            status.problems
        );
        report.key_index
    }
}

/// Takes away what a daemon kept for its next start, but for its certificate.
fn forget_state(home: &Path) {
    let mut lost = 0;
    for entry in fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        let is_pair = path.extension().is_some_and(|it| it == "cert" || it == "key");
        if path.is_file() && !is_pair {
            fs::remove_file(path).unwrap();
            lost += 1;
        }
    }
    assert!(lost > 0, "there was nothing to lose");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_made_anew_from_its_seed_votes_alone_for_all_users() {
    let pool = Pool::set(Generation::Today).await.after(Lost { wallet: true, ..Lost::default() }).await;
    pool.wallets_know(&pool.late).await;
    pool.wallets_know(&pool.scene.registration).await;
    for daemon in &pool.scene.pool.daemons[1..] {
        daemon.stop().await.unwrap();
    }
    assert_eq!(pool.scene.mine(3).await, 0, "the wallet that was made anew does not vote");
    pool.scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn daemons_without_their_state_vote_each_alone_for_all_users() {
    let pool = Pool::set(Generation::Today).await.after(Lost { state: true, ..Lost::default() }).await;
    pool.scene.until("every daemon has the users", async || pool.scene.daemons_agree().await).await;
    assert_eq!(pool.scene.mine(1).await, 0);
    for daemon in &pool.scene.pool.daemons[..2] {
        daemon.stop().await.unwrap();
    }
    assert_eq!(pool.scene.mine(3).await, 0, "a daemon without its state does not vote");
    pool.scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_since_a_database_of_yesterday_are_voted_for_reported_and_keep_their_key_index() {
    let pool = Pool::set(Generation::Today).await.after(Lost { database: true, ..Lost::default() }).await;
    assert_eq!(pool.scene.mine(3).await, 0, "a user whom the database has lost lost a vote");
    pool.scene.until("the late user is reported", async || pool.reported().await.is_some()).await;
    assert_eq!(pool.reported().await, Some(pool.late.key_index));
    let user = pool.scene.pool.user("next@example.org", "correct horse 44", false).await.unwrap();
    let key = pool.scene.network.buyer_pubkey_address().unwrap().to_string();
    let next = pool.scene.pool.register(user, &key).await.unwrap();
    assert!(next.key_index > pool.late.key_index, "the key index of a user was given again");
    let known = pool.scene.pool.database.registered().await.unwrap();
    assert!(known.iter().all(|user| user.registration.as_ref().is_some_and(|it| it.address != pool.late.address)));
    pool.scene.end().await;
}

/// All at once: a wallet, the state of every daemon, and the database.
async fn everything(generation: Generation, place: Place) {
    let lost = Lost { wallet: true, state: true, database: true };
    let pool = Pool::set_at(generation, place).await.after(lost).await;
    pool.wallets_know(&pool.scene.registration).await;
    pool.scene.until("every daemon has the users", async || pool.scene.daemons_agree().await).await;
    assert_eq!(pool.scene.mine(3).await, 0, "votes are missing");
    pool.scene.until("the late user is reported", async || pool.reported().await.is_some()).await;
    assert_eq!(pool.reported().await, Some(pool.late.key_index));
    // What the first wallet has lost for good, the database being yesterday's, the others still have.
    assert_eq!(pool.scene.mine(3).await, 0, "votes are missing");
    pool.scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_every_daemons_state_and_the_database_may_be_lost_at_once_today() {
    everything(Generation::Today, Place::File).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_every_daemons_state_and_the_database_may_be_lost_at_once_legacy() {
    everything(Generation::Legacy, Place::File).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs mariadb-server"]
async fn everything_may_be_lost_at_once_with_a_database_on_a_server_that_is_yesterdays() {
    everything(Generation::Today, Place::Server(MariaDb::start())).await;
}
