//! What a block costs the service for wallets of today that has 200,000 registered tickets: `cargo bench -p stakepool --bench
//! blocks`. A quarter of the tickets is to be voted; the others have ended. Wanted: 50 ms at most.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use stakepool::sealed::SealingKey;
use stakepool::vsp::{DaemonsSeen, Vsp, VspParts, VspTerms};
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHash, BlockHeight, Hash160, KeyIndex, Network, PrivateKey, TicketHash,
    Transaction, VoteBits,
};
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{RegisteredTicket, SealedSecret, VspTicketStore as _};
use stakepool_core::testkit::tickets::{COLD, key_ticket, vote};
use stakepool_core::testkit::{FakeVspNode, TestClock};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{
    FeeAddress, FeeStatus, FeeTerms, Outcome, Preferences, Quote, TicketRegistration, server_version,
};
use stakepool_db::{Database, SqliteOptions};

const TICKETS: u32 = 200_000;
const TO_BE_VOTED: u32 = 50_000;
/// Tickets that are voted in a block.
const VOTES: u32 = 5;
const BLOCKS: u32 = 30;
const HEIGHT: u32 = 1_000_000;
const KEY_FILE: [u8; 32] = [7; 32];

/// The ticket of a number, as a wallet bought it.
fn bought(key: &PrivateKey, number: u32) -> Transaction {
    Transaction { lock_time: number, ..key_ticket(key, 1) }
}

/// A ticket as it is kept: one of the first is to be voted, and the others voted some blocks ago.
fn registered(transaction: Transaction, number: u32, sealing: &SealingKey, key: &PrivateKey) -> RegisteredTicket {
    let ticket: TicketHash = transaction.hash().into();
    let mut hash = [0; 20];
    hash[..4].copy_from_slice(&number.to_le_bytes());
    let ended = number.checked_sub(TO_BE_VOTED).map(|older| HEIGHT - older / VOTES);
    let registration = TicketRegistration {
        ticket,
        owner: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
        alternate: None,
        fee_address: FeeAddress {
            index: KeyIndex(number),
            address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160(hash))),
        },
        quote: Quote { amount: Amount::from_atoms(2_000_000), expires: UnixTime(0) },
        confirmed_at: Some(BlockHeight(HEIGHT - 50_000)),
        fee: FeeStatus::Confirmed,
        fee_transaction: Some(ticket.into()),
        preferences: Preferences::default(),
        outcome: ended.map(|_| Outcome::Voted),
    };
    let is_kept = ended.is_none_or(|ended| ended > HEIGHT - 256);
    let place = format!("voting key of ticket {ticket}");
    RegisteredTicket {
        voting_key: is_kept.then(|| SealedSecret(sealing.seal(&*key.to_bytes(), place.as_bytes()).unwrap())),
        fee_mined_at: Some(BlockHeight(HEIGHT - 49_990)),
        ended_at: ended.map(BlockHeight),
        ..RegisteredTicket::new(registration, transaction, UnixTime(i64::from(number)))
    }
}

async fn fill(database: &Database) {
    let (sealing, key) = (SealingKey::from_bytes(&KEY_FILE), PrivateKey::from_bytes(&[1; 32]).unwrap());
    for number in 0..TICKETS {
        let ticket = registered(bought(&key, number), number, &sealing, &key);
        assert!(database.add_registered(&ticket).await.unwrap());
    }
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: {:.1} ms, at most {:.1} ms", milliseconds(middle), milliseconds(last));
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Database::open_sqlite(folder.path().join("pool.sqlite"), SqliteOptions::default()).await;
    let database = Arc::new(opened.unwrap());
    fill(&database).await;
    let terms = VspTerms {
        network: Network::Simnet,
        fee: FeeTerms { fee: PoolFee::from_percent(5.0).unwrap(), most: None },
        fee_key: COLD.parse().unwrap(),
        closed: None.into(),
        max_lag: 3,
        version: server_version("0.1.0"),
    };
    let node = Arc::new(FakeVspNode::at(HEIGHT));
    let parts = VspParts { stores: database.clone().into(), node: node.clone(), clock: Arc::<TestClock>::default() };
    let vsp = Vsp::open(terms, parts, SealingKey::from_bytes(&KEY_FILE)).await.unwrap();
    vsp.pass().await.unwrap();
    let began = Instant::now();
    let state = vsp.add_to(DesiredState::default()).await.unwrap();
    assert!(state.key_tickets().len() as u32 >= TO_BE_VOTED);
    println!("the first desired state, all keys opened: {:.1} s", began.elapsed().as_secs_f64());

    let key = PrivateKey::from_bytes(&[1; 32]).unwrap();
    let (mut passes, mut states, mut looks) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..BLOCKS {
        let votes = (0..VOTES).map(|winner| {
            let ticket = bought(&key, number * VOTES + winner).hash().into();
            vote(ticket, BlockHash::from_bytes([2; 32]), BlockHeight(HEIGHT + number), VoteBits(1), true)
        });
        {
            let mut chain = node.chain();
            chain.height += 1;
            let height = chain.height;
            chain.blocks.insert(height, votes.collect());
        }
        let began = Instant::now();
        vsp.pass().await.unwrap();
        passes.push(began.elapsed());
        let began = Instant::now();
        vsp.add_to(DesiredState::default()).await.unwrap().digest();
        states.push(began.elapsed());
        let began = Instant::now();
        vsp.look(DaemonsSeen { all: 1, voting: 1, synced: None, fee_index: None }).await;
        looks.push(began.elapsed());
    }
    let counted = database.registered_counts().await.unwrap();
    assert_eq!(counted.voting, u64::from(TO_BE_VOTED - BLOCKS * VOTES));
    show("the work of a block", passes);
    show("the desired state after it", states);
    show("a look with the tickets counted anew", looks);
}
