//! A daemon that notes what it received and answers what the test gave it, and sample values.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHash, BlockHeight, Hash160, KeyIndex, Network, ScriptAddress, TicketHash,
    TxHash, VoteBits, VoteVersion,
};
use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser, FORMAT, FeeIndexes};
use stakepool_core::ports::{
    DaemonStatus, EventBatch, EventCursor, LowFeeEntry, MissingUser, TicketCheck, TicketSet, TicketSets,
    UnknownAddress, WalletState,
};
use stakepool_core::reports::{
    BlockFacts, DaemonEvent, DaemonEventKind, Spend, TicketReport, TicketState, TicketTimes, VoteOutcome, VoteRecord,
    VoteTimings,
};
use stakepool_core::ticket::{PoolFee, TicketFacts, Verdict};
use stakepool_core::time::{UnixMillis, UnixTime};
use stakepool_rpc::grpc::server::{BackendError, DaemonBackend};
use tokio::sync::Notify;

#[derive(Default)]
pub struct Fake {
    pub received: Mutex<Received>,
    happened: Notify,
    /// A call waits for events.
    pub waiting: Notify,
}

#[derive(Default)]
pub struct Received {
    pub wanted: DesiredState,
    pub live: Vec<LowFeeEntry>,
    pub ignored: Vec<LowFeeEntry>,
    pub events: Vec<DaemonEvent>,
    pub starting: bool,
}

pub const EPOCH: u64 = 9;

impl Fake {
    pub fn happen(&self, kind: DaemonEventKind) {
        let mut received = self.received.lock().unwrap();
        let seq = received.events.len() as u64 + 1;
        received.events.push(DaemonEvent { seq, kind });
        self.happened.notify_waiters();
    }

    fn batch(&self, after: EventCursor) -> EventBatch {
        let received = self.received.lock().unwrap();
        let snapshot = after.epoch != EPOCH;
        let seen = if snapshot { 0 } else { after.seq };
        let events: Vec<_> = received.events.iter().filter(|event| event.seq > seen).cloned().collect();
        let next = EventCursor { epoch: EPOCH, seq: events.last().map_or(seen, |event| event.seq) };
        EventBatch { next, snapshot, events }
    }
}

#[async_trait]
impl DaemonBackend for Fake {
    fn network(&self) -> Network {
        Network::Simnet
    }

    async fn status(&self) -> Result<DaemonStatus, BackendError> {
        let received = self.received.lock().unwrap();
        if received.starting {
            return Err(BackendError::NotReady("the daemon is still reading the chain".to_owned()));
        }
        Ok(status(&received.wanted))
    }

    async fn put_desired(&self, wanted: DesiredState) -> Result<(), BackendError> {
        self.received.lock().unwrap().wanted = wanted;
        Ok(())
    }

    async fn set_users(&self, users: Vec<DesiredUser>) -> Result<(), BackendError> {
        self.received.lock().unwrap().wanted.set_users(users);
        Ok(())
    }

    async fn set_added(&self, added: Vec<AddedTicket>) -> Result<(), BackendError> {
        self.received.lock().unwrap().wanted.set_added(added);
        Ok(())
    }

    async fn events(&self, after: EventCursor, wait: Duration) -> Result<EventBatch, BackendError> {
        let happened = self.happened.notified();
        let batch = self.batch(after);
        if !batch.events.is_empty() || batch.snapshot {
            return Ok(batch);
        }
        self.waiting.notify_one();
        let _ = tokio::time::timeout(wait, happened).await;
        Ok(self.batch(after))
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        Ok(self.received.lock().unwrap().live.clone())
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        Ok(self.received.lock().unwrap().ignored.clone())
    }

    async fn blocks(&self, heights: Vec<BlockHeight>) -> Result<Vec<BlockFacts>, BackendError> {
        Ok(heights.into_iter().filter(|height| height.0 < 100).map(block).collect())
    }

    async fn added_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        let received = self.received.lock().unwrap();
        Ok(received.wanted.added().map(|&AddedTicket { ticket, address }| LowFeeEntry { ticket, address }).collect())
    }
}

/// The status of a daemon that has such users and added tickets.
pub fn status(wanted: &DesiredState) -> DaemonStatus {
    let wallet = |name: &str, reachable| WalletState {
        name: name.to_owned(),
        reachable,
        unlocked: reachable,
        votes_itself: !reachable,
        account_key: reachable.then(|| "spub…".to_owned()),
    };
    DaemonStatus {
        id: "voter-1".to_owned(),
        epoch: EPOCH,
        version: "0.1.0".to_owned(),
        network: Network::Simnet,
        cold_wallet_xpub: "spub…".to_owned(),
        old_cold_wallet_xpubs: vec!["spub0".to_owned(), "spub1".to_owned()],
        pool_fee: PoolFee::from_percent(8.2).unwrap(),
        wanted_digest: wanted.digest().to_string(),
        users: wanted.users().len() as u64,
        node_height: Some(BlockHeight(0)),
        synced_height: None,
        wallets: vec![wallet("localhost:19557", true), wallet("[::1]:19557", false)],
        live_tickets: 3,
        ignored_tickets: u64::MAX,
        problems: vec!["the wallet [::1]:19557 votes by itself".to_owned()],
        problem_topics: vec!["[::1]:19557/voting".to_owned()],
        takes_acknowledged: true,
        takes_keys: true,
        takes_terms: true,
        takes_format: FORMAT,
        fee_indexes: FeeIndexes::new([("spub2".to_owned(), KeyIndex(u32::MAX))]),
        latest_blocks: (0..3).map(|n| (BlockHash::from_bytes(spread(n)), BlockHeight(9 - n))).collect(),
        check: TicketCheck {
            unknown: vec![UnknownAddress { address: address(7), voted: 3, ignored: 1 }],
            missing: vec![MissingUser { user: UserId(i64::MAX), address: address(8), tickets: u64::MAX }],
            unknown_addresses: 101,
            unknown_tickets: 303,
            lacking: 2,
            wallet_tickets: Some(0),
            missed: 5,
            missed_unvoted: u64::MAX,
            key_tickets: Some(12),
            sets: Some(TicketSets {
                block: BlockHash::from_bytes(spread(9)),
                height: BlockHeight(u32::MAX),
                voted: TicketSet { count: 3, digest: u64::MAX },
                ignored: TicketSet::default(),
                others: 7,
            }),
        },
    }
}

fn spread<const N: usize>(n: u32) -> [u8; N] {
    let mut bytes = [0x5a; N];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    bytes
}

pub fn address(n: u32) -> ScriptAddress {
    ScriptAddress::new(Network::Simnet, Hash160(spread(n)))
}

pub fn entry(n: u32) -> LowFeeEntry {
    LowFeeEntry { ticket: TicketHash::from_bytes(spread(n)), address: address(n) }
}

pub fn wanted(users: u32, added: u32) -> DesiredState {
    let user = |n| DesiredUser {
        user: UserId(i64::from(n) + 1),
        address: address(n),
        voting: VotingPreference { bits: VoteBits(n as u16), version: VoteVersion(u32::MAX - n) },
    };
    let ticket = |n| AddedTicket { ticket: entry(n).ticket, address: address(n) };
    DesiredState::new((0..users).map(user), (0..added).map(ticket))
}

/// What is said of the block at a height.
pub fn block(height: BlockHeight) -> BlockFacts {
    let time = UnixTime(1_790_000_000 + i64::from(height.0));
    BlockFacts { height, time, spends: vec![(entry(height.0).ticket, spend(height.0))] }
}

fn spend(n: u32) -> Spend {
    Spend {
        transaction: TxHash::from_bytes(spread(n)),
        mined_at: BlockHeight(n + 1),
        time: (n % 2 == 1).then_some(UnixTime(i64::from(n))),
        paid: Amount::from_atoms(i64::MAX),
        first: Amount::from_atoms(7),
    }
}

/// A report on ticket `n`; states and verdicts take turns.
pub fn ticket_report(n: u32) -> DaemonEventKind {
    use TicketState::{Expired, Immature, Live, Missed, Voted};
    let verdicts = [Verdict::Accepted, Verdict::LowFee, Verdict::UnknownFeeAddress];
    DaemonEventKind::Ticket(TicketReport {
        ticket: entry(n).ticket,
        address: address(n).into(),
        user: Some(UserId(i64::from(n) + 1)),
        state: [Immature, Live, Voted, Missed, Expired][n as usize % 5],
        facts: TicketFacts {
            verdict: verdicts[n as usize % 3],
            price: Amount::from_atoms(20_000_000),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160(spread(n)))),
            committed_fee: Amount::from_atoms(i64::MAX),
            required_fee: Amount::from_atoms(-1),
            mined_at: BlockHeight(n),
        },
        added: n % 2 == 1,
        ended_at: (n % 5 > 1).then_some(BlockHeight(n + 1)),
        revoked: n % 5 > 2,
        times: TicketTimes {
            mined: (!n.is_multiple_of(3)).then_some(UnixTime(-1)),
            matured: Some(UnixTime(i64::MAX)),
            drawn: (n % 5 > 1).then_some(UnixTime(1_790_000_000)),
            ended: None,
        },
        spend: (n % 5 > 1).then(|| spend(n)),
    })
}

pub fn vote_record(outcome: VoteOutcome) -> DaemonEventKind {
    DaemonEventKind::Vote(VoteRecord {
        ticket: entry(1).ticket,
        address: address(1).into(),
        block: BlockHash::from_bytes(spread(3)),
        height: BlockHeight(u32::MAX),
        bits: VoteBits(u16::MAX),
        outcome,
        attempts: 4,
        timings: VoteTimings {
            total: Duration::new(1, 2),
            signing: Duration::from_micros(1_500),
            sending: Duration::from_nanos(7),
        },
        at: UnixMillis(1_790_000_000_123),
    })
}
