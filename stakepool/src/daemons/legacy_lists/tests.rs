use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stakepool_core::accounts::{Email, PasswordHashes, Registration, VotingPreference};
use stakepool_core::chain::{
    Address, AddressKind, Amount, ExtendedPubKey, Generation, Hash160, KeyIndex, Network, RedeemScript, VoteBits,
    VoteVersion,
};
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{
    DaemonStatus, EventBatch, EventCursor, LedgerStore, LowFeeStore, LowFeeTicket, NewUser, UserStore, WalletTickets,
};
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::WalletGroup;
use stakepool_db::{Database, SqliteOptions};
use tempfile::TempDir;

use super::*;
use crate::registration::{PoolKeys, Registrar};

const KEY: &str =
    "spubVW5P9qRiynbYg36SpAhBQnqev2v32WazWqvFbCkPbQX55BBmQs7tqXsoBjwJPZ3TRCaHUePEsUDWmDBVBAdpyyfhLHFgnLBCmaDMCzacrte";
const SCRIPT: &str = "5121021eb44bdc00e01912d8385b09338b1fd40952716a0f1b82eac4d0d07eb7bdb6c121034c2cddbbe9fd8b703d42615a5d01c4cc9e1352e4c28efaf511d683d8b1f6e15d52ae";
const MINED_AT: u32 = 200;

/// The predecessor's daemon, with its lists.
#[derive(Default)]
struct OldDaemon {
    live: Mutex<Vec<LowFeeEntry>>,
    ignored: Mutex<Vec<LowFeeEntry>>,
}

#[async_trait]
impl VotingDaemon for OldDaemon {
    fn name(&self) -> &str {
        "old:1"
    }

    async fn status(&self) -> Result<DaemonStatus, DaemonError> {
        Err(DaemonError::Unsupported { daemon: "old:1".into() })
    }

    async fn put_desired(&self, _: &DesiredState) -> Result<(), DaemonError> {
        Ok(())
    }

    async fn events(&self, _: EventCursor) -> Result<EventBatch, DaemonError> {
        Err(DaemonError::Unsupported { daemon: "old:1".into() })
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        Ok(self.live.lock().unwrap().clone())
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        Ok(self.ignored.lock().unwrap().clone())
    }
}

/// A wallet at some height.
#[derive(Default)]
struct Source {
    tip: Mutex<u32>,
    tickets: Mutex<HashMap<ScriptAddress, WalletTickets>>,
    asked: Mutex<u32>,
    judged: Mutex<u32>,
}

fn params() -> Params {
    Network::Simnet.params(Generation::Legacy)
}

#[async_trait]
impl TicketSource for Source {
    async fn tip(&self) -> Result<(BlockHeight, Params), SourceError> {
        Ok((BlockHeight(*self.tip.lock().unwrap()), params()))
    }

    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, SourceError> {
        *self.asked.lock().unwrap() += 1;
        Ok(self.tickets.lock().unwrap().get(address).cloned().unwrap_or_default())
    }

    async fn judge(&self, ticket: &TicketHash) -> Result<Option<TicketFacts>, SourceError> {
        *self.judged.lock().unwrap() += 1;
        let unmined = *ticket == hash(99);
        Ok((!unmined).then_some(TicketFacts {
            verdict: Verdict::LowFee,
            price: Amount::from_atoms(20_000),
            fee_address: fee_address(),
            committed_fee: Amount::from_atoms(1),
            required_fee: Amount::from_atoms(2),
            mined_at: BlockHeight(MINED_AT),
        }))
    }
}

struct Scene {
    parts: Parts,
    database: Arc<Database>,
    daemon: OldDaemon,
    source: Source,
    reader: ListReader,
    address: ScriptAddress,
    _folder: TempDir,
}

impl Scene {
    /// A pool with one registered user, and the predecessor's daemon.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pool.sqlite");
        let database = Arc::new(Database::open_sqlite(file, SqliteOptions::default()).await.unwrap());
        let key: ExtendedPubKey = KEY.parse().unwrap();
        let group = Arc::new(WalletGroup::new(Network::Simnet, key, 1, Vec::new(), database.clone()));
        let branch = key.external_branch().unwrap();
        let keys =
            PoolKeys { network: Network::Simnet, voting: branch, cold: branch, max_users: 9999, closed: None.into() };
        let registrar = Arc::new(Registrar::new(keys, database.clone(), group.clone()));
        let parts = Parts::on_store(database.clone(), registrar, group);
        let address = registered(&database).await;
        let (daemon, source) = (OldDaemon::default(), Source::default());
        Self { parts, database, daemon, source, reader: ListReader::default(), address, _folder: folder }
    }

    /// The wallet's word on the user's tickets at a height.
    fn wallet_says(&self, height: u32, tickets: &[(u8, &str, Option<u32>)], invalid: &[u8]) {
        *self.source.tip.lock().unwrap() = height;
        let ticket = |(number, status, spent_at): &(u8, &str, Option<u32>)| WalletTicket {
            ticket: hash(*number),
            status: (*status).to_owned(),
            mined_at: BlockHeight(MINED_AT),
            spent_at: spent_at.map(BlockHeight),
        };
        let told = WalletTickets {
            tickets: tickets.iter().map(ticket).collect(),
            invalid: invalid.iter().copied().map(hash).collect(),
        };
        self.source.tickets.lock().unwrap().insert(self.address, told);
    }

    fn daemon_lists(&self, live: &[u8], ignored: &[u8]) {
        let entry = |number: &u8| LowFeeEntry { ticket: hash(*number), address: self.address };
        *self.daemon.live.lock().unwrap() = live.iter().map(entry).collect();
        *self.daemon.ignored.lock().unwrap() = ignored.iter().map(entry).collect();
    }

    /// A round, as it is done for a daemon: what is new is stored.
    async fn round(&mut self) -> usize {
        let reports = self.reader.round(&self.parts, &self.source, &self.daemon).await.unwrap();
        self.database.put_tickets("old:1", &reports, UnixTime(0)).await.unwrap();
        reports.len()
    }

    async fn ticket(&self, number: u8) -> Option<(TicketState, Option<u32>, bool)> {
        let report = self.database.ticket(&hash(number)).await.unwrap()?;
        Some((report.state, report.ended_at.map(|height| height.0), report.is_ignored()))
    }
}

fn hash(number: u8) -> TicketHash {
    TicketHash::from_bytes([number; 32])
}

fn fee_address() -> Address {
    Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20])))
}

async fn registered(database: &Database) -> ScriptAddress {
    let user = NewUser {
        email: Email::parse("u@example.org").unwrap(),
        password: PasswordHashes::default(),
        verified: true,
        admin: false,
        voting: VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(6) },
        created: UnixTime(0),
    };
    let id = database.create(user).await.unwrap();
    database.reserve_index(id, 9999).await.unwrap();
    let script: RedeemScript = SCRIPT.parse().unwrap();
    let registration = Registration {
        key_index: KeyIndex(1),
        address: script.address(Network::Simnet),
        script,
        fee_address: fee_address(),
        registered_at: BlockHeight(100),
    };
    database.register(id, &registration).await.unwrap();
    registration.address
}

#[tokio::test]
async fn a_ticket_is_followed_from_immature_to_its_vote_and_judged_once() {
    let mut scene = Scene::new().await;
    scene.wallet_says(201, &[(1, "live", None)], &[]);
    scene.round().await;
    assert_eq!(scene.ticket(1).await, Some((TicketState::Immature, None, false)));
    scene.wallet_says(216, &[(1, "live", None)], &[]);
    scene.daemon_lists(&[1], &[]);
    scene.round().await;
    assert_eq!(scene.ticket(1).await, Some((TicketState::Live, None, false)));
    scene.wallet_says(230, &[(1, "voted", Some(229))], &[]);
    scene.daemon_lists(&[], &[]);
    scene.round().await;
    assert_eq!(scene.ticket(1).await, Some((TicketState::Voted, Some(229), false)));
    assert_eq!(*scene.source.judged.lock().unwrap(), 1);
}

#[tokio::test]
async fn wallets_are_asked_where_a_list_changed_and_now_and_then_for_all() {
    let mut scene = Scene::new().await;
    scene.wallet_says(216, &[(1, "live", None)], &[]);
    scene.daemon_lists(&[1], &[]);
    assert_eq!(scene.round().await, 1);
    for _ in 1..ALL_EVERY {
        assert_eq!(scene.round().await, 0);
    }
    assert_eq!(*scene.source.asked.lock().unwrap(), 1);
    assert_eq!(scene.round().await, 0, "what is known is not reported again");
    assert_eq!(*scene.source.asked.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_refused_ticket_is_ignored_until_it_is_added_and_expires_in_the_end() {
    let mut scene = Scene::new().await;
    scene.wallet_says(216, &[], &[2]);
    scene.daemon_lists(&[], &[2]);
    scene.round().await;
    assert_eq!(scene.ticket(2).await, Some((TicketState::Live, None, true)));
    let now = scene.parts.clock.now();
    let added = LowFeeTicket::added_at(now, hash(2), scene.address, None, &params());
    scene.database.add(&added).await.unwrap();
    scene.daemon_lists(&[2], &[]);
    scene.reader.rounds = 0;
    scene.round().await;
    assert_eq!(scene.ticket(2).await, Some((TicketState::Live, None, false)));
    scene.wallet_says(601, &[], &[2]);
    scene.daemon_lists(&[], &[]);
    scene.round().await;
    assert_eq!(scene.ticket(2).await, Some((TicketState::Expired, Some(600), false)));
}

#[tokio::test]
async fn unmined_tickets_and_lists_of_strangers_are_left_out() {
    let mut scene = Scene::new().await;
    scene.wallet_says(216, &[(99, "live", None)], &[]);
    let stranger = ScriptAddress::new(Network::Simnet, Hash160([9; 20]));
    scene.daemon.live.lock().unwrap().push(LowFeeEntry { ticket: hash(3), address: stranger });
    assert_eq!(scene.round().await, 0);
    assert_eq!((scene.ticket(99).await, scene.ticket(3).await), (None, None));
}
