//! The figures of the README: key derivation, choosing winners, and our own time on the way of a vote.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rayon::prelude::*;
use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{
    BlockHeight, ExtendedPubKey, Generation, Hash160, KeyIndex, Network, OutputScript, PrivateKey, ScriptAddress,
    TicketHash, Transaction, VoteBits, VoteVersion,
};
use stakepool_core::desired::{DesiredState, DesiredUser, KeyTicket};
use stakepool_core::testkit::tickets::{self, COLD};
use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, TestClock};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};
use stakepool_core::voting::Lottery;

fn derive_fee_addresses(c: &mut Criterion) {
    let branch = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    c.bench_function("derive 10,000 fee addresses", |b| {
        b.iter(|| {
            let addresses = branch.addresses(KeyIndex(9_999)).unwrap();
            addresses.par_iter().map(|address| address.to_pubkey_hash().to_string()).collect::<Vec<_>>()
        });
    });
}

fn pool_with(users: u32, tickets: u32) -> (Lottery, Vec<TicketHash>) {
    let branch = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    let fees = FeeAddresses::derive(&branch, KeyIndex(5)).unwrap();
    let params = Network::Simnet.params(Generation::Today);
    let mut pool = Lottery::new(Evaluator::new(Network::Simnet, params, PoolFee::from_percent(7.5).unwrap(), fees));
    let script = |n: u32| {
        let mut hash = [0; 20];
        hash[..4].copy_from_slice(&n.to_le_bytes());
        Hash160(hash)
    };
    let voting = VotingPreference { bits: VoteBits(1), version: VoteVersion(11) };
    pool.set_desired(DesiredState::new(
        (0..users).map(|n| DesiredUser {
            user: UserId(n.into()),
            address: ScriptAddress::new(Network::Simnet, script(n)),
            voting,
        }),
        [],
    ));
    let template = tickets::ticket(1, 1, tickets::Fee::Enough);
    let hashes = (0..tickets)
        .map(|n| {
            let mut ticket: Transaction = template.clone();
            ticket.lock_time = n;
            ticket.outputs[0].script = [&[0xba][..], &OutputScript::ScriptHash(script(n % users)).to_bytes()].concat();
            pool.learn(&ticket, BlockHeight(1));
            ticket.hash().into()
        })
        .collect();
    pool.take_reports();
    (pool, hashes)
}

fn choose_winners(c: &mut Criterion) {
    let mut group = c.benchmark_group("choose the winners of a block");
    for (users, tickets) in [(10_000, 49_000), (100_000, 100_000), (1_000_000, 1_000_000)] {
        let (pool, hashes) = pool_with(users, tickets);
        // Five winners somewhere in the pool, other ones every time.
        let mut at = 0;
        group.bench_function(BenchmarkId::from_parameter(format!("{users} users, {tickets} tickets")), |b| {
            b.iter(|| {
                at = (at + 7919) % (hashes.len() - 5);
                black_box(pool.winners(&hashes[at..at + 5]).ours.len())
            });
        });
    }
    group.finish();
}

/// A lottery of tickets that vote by a key of their own.
fn keys_with(tickets: u32) -> (Lottery, Vec<TicketHash>) {
    let key = Arc::new(PrivateKey::from_bytes(&[1; 32]).unwrap());
    let template = tickets::key_ticket(&key, 1);
    let numbered = |n| Transaction { lock_time: n, ..template.clone() };
    let hashes: Vec<TicketHash> = (0..tickets).map(|n| numbered(n).hash().into()).collect();
    let voting = VotingPreference { bits: VoteBits(1), version: VoteVersion(11) };
    let entry = |ticket: &TicketHash| KeyTicket { ticket: *ticket, key: Arc::clone(&key), voting };
    let mut pool = Lottery::new(tickets::evaluator());
    pool.set_desired(DesiredState::default().with_key_tickets(hashes.iter().map(entry)));
    (0..tickets).for_each(|n| pool.learn(&numbered(n), BlockHeight(1)));
    pool.take_reports();
    (pool, hashes)
}

fn choose_winners_by_key(c: &mut Criterion) {
    let mut group = c.benchmark_group("choose the winners of a block that vote by keys");
    for tickets in [50_000, 1_000_000] {
        let (pool, hashes) = keys_with(tickets);
        let mut at = 0;
        group.bench_function(BenchmarkId::from_parameter(format!("{tickets} tickets")), |b| {
            b.iter(|| {
                at = (at + 7919) % (hashes.len() - 5);
                black_box(pool.winners(&hashes[at..at + 5]).ours.len())
            });
        });
    }
    group.finish();
}

/// Who signs the votes that are measured.
#[derive(Clone, Copy)]
enum Signs {
    Wallet,
    OwnKeys,
}

fn vote(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let name = "from the notification to sendrawtransaction, five winners";
    for (name, signs) in [(name.to_owned(), Signs::Wallet), (format!("{name} by keys"), Signs::OwnKeys)] {
        vote_by(c, &runtime, &name, signs);
    }
}

fn vote_by(c: &mut Criterion, runtime: &tokio::runtime::Runtime, name: &str, signs: Signs) {
    use stakepool_core::ports::NodeEvent;
    use stakepool_core::voting::{Engine, EngineParts, TaggedEvent};
    use tokio::sync::{mpsc, oneshot};
    use tokio::time::Instant;

    c.bench_function(name, |b| {
        b.to_async(runtime).iter_custom(|rounds| async move {
            let node = FakeNode::at(199);
            let key = Arc::new(PrivateKey::from_bytes(&[1; 32]).unwrap());
            let bought: Vec<_> = match signs {
                Signs::Wallet => (1..=5).map(|n| tickets::ticket(1, n, tickets::Fee::Enough)).collect(),
                Signs::OwnKeys => (1..=5).map(|n| tickets::key_ticket(&key, n)).collect(),
            };
            let voting = VotingPreference { bits: VoteBits(1), version: VoteVersion(11) };
            let entry = |ticket| KeyTicket { ticket: tickets::hash(ticket), key: Arc::clone(&key), voting };
            let keys: Vec<_> = match signs {
                Signs::Wallet => Vec::new(),
                Signs::OwnKeys => bought.iter().map(entry).collect(),
            };
            node.mine(200, 1, bought.clone());
            let won: Vec<TicketHash> = bought.iter().map(tickets::hash).collect();
            let wallet = FakeWallet::new("wallet");
            let file = Arc::new(MemoryFile::default());
            let parts = EngineParts::new(tickets::evaluator(), vec![wallet], vec![Arc::clone(&node) as _], file)
                .clock(Arc::new(TestClock::default()))
                .check_every(Duration::from_secs(3600))
                .desired(tickets::desired(&[1], &[]).with_key_tickets(keys));
            let engine = Engine::new(parts).unwrap();
            let (events, receiver) = mpsc::channel(16);
            let (stop, stopped) = oneshot::channel();
            let until_stopped = async { stopped.await.unwrap() };
            let running = tokio::spawn(Arc::clone(&engine).run(receiver, until_stopped));
            let tell = |event| events.try_send(TaggedEvent { node: 0, arrived: Instant::now(), event }).unwrap();
            tell(NodeEvent::Connected);
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut total = Duration::ZERO;
            for round in 0..rounds {
                let height = 300 + u32::try_from(round).unwrap();
                let began = Instant::now();
                tell(NodeEvent::WinningTickets {
                    block: tickets::block(height, 1),
                    height: BlockHeight(height),
                    tickets: won.clone(),
                });
                while node.sent_count() < 5 {
                    tokio::task::yield_now().await;
                }
                total += began.elapsed();
                node.forget_sent();
            }
            stop.send(()).unwrap();
            running.await.unwrap().unwrap();
            total
        });
    });
}

criterion_group!(benches, derive_fee_addresses, choose_winners, choose_winners_by_key, vote);
criterion_main!(benches);
