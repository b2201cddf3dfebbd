//! A pool without wallets, for tests of alerts.

use std::sync::Arc;
use std::time::Duration;

use stakepool::registration::{PoolKeys, Registrar};
use stakepool_core::accounts::{Email, PasswordCosts, PasswordHashes, VotingPreference};
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, Network, VoteBits, VoteVersion};
use stakepool_core::ports::{DaemonStatus, NewUser, WalletState};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::WalletGroup;
use stakepool_db::{Database, SqliteOptions};
use tempfile::TempDir;

use crate::Parts;
use stakepool_core::secret::Secret;
use stakepool_web::options::WebOptions;
use stakepool_web::site::Site;

const KEY: &str =
    "spubVW5P9qRiynbYg36SpAhBQnqev2v32WazWqvFbCkPbQX55BBmQs7tqXsoBjwJPZ3TRCaHUePEsUDWmDBVBAdpyyfhLHFgnLBCmaDMCzacrte";

pub(super) async fn database() -> (Arc<Database>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pool.sqlite");
    (Arc::new(Database::open_sqlite(file, SqliteOptions::default()).await.unwrap()), folder)
}

/// Parts that need no wallet in service.
pub(super) fn parts(database: Arc<Database>) -> Parts {
    let key: ExtendedPubKey = KEY.parse().unwrap();
    let group = Arc::new(WalletGroup::new(Network::Simnet, key, 0, Vec::new(), database.clone()));
    let branch = key.external_branch().unwrap();
    let keys = PoolKeys { network: Network::Simnet, voting: branch, cold: branch, max_users: 9999, closed: None };
    let registrar = Arc::new(Registrar::new(keys, database.clone(), group.clone()));
    Parts::on_database(database, registrar, group)
}

pub(super) fn options() -> WebOptions {
    let secret = || Secret::new("a secret of these tests, long enough for an API");
    let mut options = WebOptions::new(Network::Simnet, PoolFee::from_percent(7.5).unwrap(), secret(), secret());
    options.password_costs = PasswordCosts { memory_kib: 64, passes: 1, floor: Duration::ZERO };
    options
}

pub(super) fn pool(options: WebOptions, parts: Parts) -> Arc<Pool> {
    Arc::new(Pool::new(options, parts).unwrap())
}

pub(super) fn new_user(email: &str, verified: bool, admin: bool) -> NewUser {
    NewUser {
        email: Email::parse(email).unwrap(),
        password: PasswordHashes::default(),
        verified,
        admin,
        voting: VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(11) },
        created: UnixTime(0),
    }
}

fn wallet_state() -> WalletState {
    let name = "w:1".to_owned();
    WalletState { name, reachable: true, unlocked: true, votes_itself: false, account_key: None }
}

/// What a daemon of this pool says that is in order.
pub(super) fn daemon_status() -> DaemonStatus {
    DaemonStatus {
        id: "d".to_owned(),
        epoch: 1,
        version: "1".to_owned(),
        network: Network::Simnet,
        cold_wallet_xpub: String::new(),
        pool_fee: PoolFee::from_percent(7.5).unwrap(),
        wanted_digest: String::new(),
        users: 0,
        node_height: Some(BlockHeight(200)),
        synced_height: Some(BlockHeight(200)),
        wallets: vec![wallet_state()],
        live_tickets: 0,
        ignored_tickets: 0,
        problems: Vec::new(),
    }
}
