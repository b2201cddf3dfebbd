//! A pool without wallets, for tests of alerts.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{Email, PasswordCosts, PasswordHashes, VotingPreference};
use stakepool_core::chain::{BlockHeight, Network, VoteBits, VoteVersion};
use stakepool_core::desired::{FORMAT, FeeIndexes};
use stakepool_core::ports::{DaemonStatus, NewUser, TicketCheck, WalletState};
use stakepool_core::secret::Secret;
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::WalletGroup;
use stakepool_db::{Database, SqliteOptions};
use tempfile::TempDir;

use crate::parts::Parts;
use crate::pool::Pool;
use crate::registration::Registrar;
use crate::terms::{PoolSettings, PoolTerms, SiteIdentity};

const KEY: &str =
    "spubVW5P9qRiynbYg36SpAhBQnqev2v32WazWqvFbCkPbQX55BBmQs7tqXsoBjwJPZ3TRCaHUePEsUDWmDBVBAdpyyfhLHFgnLBCmaDMCzacrte";

pub(super) async fn database() -> (Arc<Database>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pool.sqlite");
    (Arc::new(Database::open_sqlite(file, SqliteOptions::default()).await.unwrap()), folder)
}

pub(super) fn terms() -> PoolTerms {
    let key = KEY.parse().unwrap();
    PoolTerms::new(Network::Simnet, key, key, PoolFee::from_percent(7.5).unwrap()).min_servers(0)
}

/// Parts that need no wallet in service.
pub(super) fn parts(database: Arc<Database>) -> Parts {
    let terms = terms();
    let members = Vec::new();
    let group = WalletGroup::new(terms.network, terms.voting_wallet, terms.min_servers, members, database.clone());
    let group = Arc::new(group);
    let registrar = Arc::new(Registrar::new(terms.keys().unwrap(), database.clone(), group.clone()));
    Parts::on_store(database, registrar, group)
}

pub(super) fn settings() -> PoolSettings {
    let secret = || Secret::new("a secret of these tests, long enough for an API");
    let mut settings = PoolSettings::new(SiteIdentity::new("http://127.0.0.1:8000"), secret(), secret());
    settings.password_costs = PasswordCosts { memory_kib: 64, passes: 1, floor: Duration::ZERO };
    settings
}

pub(super) fn pool(parts: Parts) -> Arc<Pool> {
    Arc::new(Pool::new(terms(), settings(), parts).unwrap())
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

/// What a daemon of this pool says that is in sync.
pub(super) fn daemon_status() -> DaemonStatus {
    DaemonStatus {
        id: "d".to_owned(),
        epoch: 1,
        version: "1".to_owned(),
        network: Network::Simnet,
        cold_wallet_xpub: KEY.to_owned(),
        old_cold_wallet_xpubs: Vec::new(),
        pool_fee: PoolFee::from_percent(7.5).unwrap(),
        wanted_digest: String::new(),
        users: 0,
        node_height: Some(BlockHeight(200)),
        synced_height: Some(BlockHeight(200)),
        wallets: vec![wallet_state()],
        live_tickets: 0,
        ignored_tickets: 0,
        problems: Vec::new(),
        problem_topics: Vec::new(),
        takes_acknowledged: true,
        takes_keys: true,
        takes_terms: true,
        takes_format: FORMAT,
        fee_indexes: FeeIndexes::default(),
        latest_blocks: Vec::new(),
        check: TicketCheck::default(),
    }
}
