//! When things happened to tickets, and what they earned: filled in from blocks, added up, and listed by year.

use std::sync::Arc;

use stakepool::tickets::block_facts::{self, FactsError};
use stakepool::tickets::money::{EventKind, Year, events};
use stakepool::tickets::{FeeSum, FeesByMonth};
use stakepool_core::accounts::User;
use stakepool_core::chain::{Amount, BlockHeight, Generation, Network, Params, TicketHash, TxHash};
use stakepool_core::ports::{LedgerStore as _, MoneyStore as _};
use stakepool_core::reports::{BlockFacts, Spend, TicketReport, TicketState};
use stakepool_core::testkit::{DaemonMood, FakeDaemon};
use stakepool_core::time::UnixTime;

use crate::reports::{hash, report};
use crate::world::{ALICE, World};

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_767_225_600;

fn params() -> Params {
    Network::Simnet.params(Generation::Today)
}

/// Two minutes a block: block 216 was made as the year 2026 began.
fn time(height: u32) -> UnixTime {
    UnixTime(NEW_YEAR + 120 * (i64::from(height) - 216))
}

fn block(height: u32, spends: &[u8]) -> BlockFacts {
    let spend = |number: &u8| (hash(*number), spend(*number, height));
    BlockFacts { height: BlockHeight(height), time: time(height), spends: spends.iter().map(spend).collect() }
}

fn spend(number: u8, height: u32) -> Spend {
    Spend {
        transaction: TxHash::from_bytes([100 + number; 32]),
        mined_at: BlockHeight(height),
        time: Some(time(height)),
        paid: Amount::from_atoms(20_009_000),
        first: Amount::from_atoms(720),
    }
}

/// A pool with a user, a daemon that reads no blocks, and one that does.
async fn start(mood: DaemonMood) -> (World, User, Arc<FakeDaemon>) {
    let daemons = [FakeDaemon::new("old:1"), FakeDaemon::new("new:1")];
    daemons[0].set(DaemonMood::Predecessor);
    daemons[1].set(mood);
    let new = Arc::clone(&daemons[1]);
    let world = World::with(|plan| plan.daemons = daemons.to_vec()).await;
    let user = world.registered(ALICE).await;
    (world, user, new)
}

async fn fill(world: &World) -> Result<u64, FactsError> {
    block_facts::fill(world.pool.parts(), &params()).await
}

async fn put(world: &World, user: &User, tickets: &[(u8, TicketState)]) {
    let registration = user.registration.as_ref().unwrap();
    let reports: Vec<_> = tickets.iter().map(|(n, state)| report(user.id, registration, *n, *state)).collect();
    world.database.put_tickets("new:1", &reports, world.now()).await.unwrap();
}

async fn ticket(world: &World, ticket: TicketHash) -> TicketReport {
    world.database.ticket(&ticket).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_older_tickets_lack_is_filled_in_by_the_first_daemon_that_reads_blocks() {
    let (world, user, daemon) = start(DaemonMood::Fine).await;
    put(&world, &user, &[(1, TicketState::Voted), (2, TicketState::Live), (3, TicketState::Missed)]).await;
    *daemon.blocks.lock().unwrap() = vec![block(200, &[]), block(216, &[]), block(219, &[]), block(220, &[1])];
    assert_eq!(fill(&world).await.unwrap(), 3);
    let voted = ticket(&world, hash(1)).await;
    assert_eq!((voted.times.mined, voted.times.drawn), (Some(time(200)), Some(time(219))));
    assert_eq!((voted.times.ended, voted.spend), (Some(time(220)), Some(spend(1, 220))));
    assert_eq!(world.database.count_lacking_facts().await, Ok(0));
    assert_eq!(fill(&world).await.unwrap(), 0, "nothing is lacking");
}

#[tokio::test]
async fn where_no_daemon_reads_blocks_nothing_is_lost() {
    let (world, user, daemon) = start(DaemonMood::Unreachable).await;
    put(&world, &user, &[(1, TicketState::Voted)]).await;
    let error = fill(&world).await.unwrap_err().to_string();
    assert!(error.contains("no voting daemon reads blocks") && error.contains("new:1"), "{error}");
    assert_eq!(world.database.count_lacking_facts().await, Ok(1));
    daemon.set(DaemonMood::Fine);
    // The vote is not where the ledger has it: that is not made up.
    *daemon.blocks.lock().unwrap() = vec![block(200, &[]), block(216, &[]), block(219, &[]), block(220, &[])];
    assert_eq!(fill(&world).await.unwrap(), 1);
    assert_eq!((ticket(&world, hash(1)).await.spend, world.database.count_lacking_facts().await), (None, Ok(1)));
}

#[tokio::test]
async fn a_pool_that_runs_fills_them_in_by_itself() {
    let (world, user, daemon) = start(DaemonMood::Fine).await;
    put(&world, &user, &[(1, TicketState::Voted)]).await;
    *daemon.blocks.lock().unwrap() = vec![block(200, &[]), block(216, &[]), block(219, &[]), block(220, &[1])];
    let (stop, running) = world.run();
    while world.database.count_lacking_facts().await.unwrap() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(ticket(&world, hash(1)).await.spend, Some(spend(1, 220)));
}

#[tokio::test]
async fn a_year_has_its_events_by_the_times_of_their_blocks() {
    let (world, user, daemon) = start(DaemonMood::Fine).await;
    put(&world, &user, &[(1, TicketState::Voted), (2, TicketState::Live)]).await;
    *daemon.blocks.lock().unwrap() = vec![block(200, &[]), block(216, &[]), block(219, &[]), block(220, &[1])];
    fill(&world).await.unwrap();
    let of = async |year| {
        let found = events(world.pool.parts(), &params(), user.id, Year(year), BlockHeight(224)).await.unwrap();
        found.iter().map(|event| (event.kind, event.ticket, event.is_estimate)).collect::<Vec<_>>()
    };
    assert_eq!(of(2025).await, [(EventKind::Bought, hash(1), false), (EventKind::Bought, hash(2), false)]);
    assert_eq!(of(2026).await, [(EventKind::Voted, hash(1), false)]);
    assert_eq!(of(2027).await, []);
    let voted = events(world.pool.parts(), &params(), user.id, Year(2026), BlockHeight(224)).await.unwrap().remove(0);
    let amounts = [voted.price, voted.reward, voted.to_pool, voted.net()].map(Amount::atoms);
    assert_eq!(amounts, [20_000_000, 9_000, 720, 8_280]);
    assert_eq!((voted.transaction, voted.is_by_rule), (Some(TxHash::from_bytes([101; 32])), false));

    let fees = FeesByMonth::find(world.database.as_ref()).await.unwrap();
    let months: Vec<_> = fees.months.iter().map(|month| (month.month.as_str(), month.accounts)).collect();
    assert_eq!(months, [("2026-01", FeeSum { tickets: 1, amount: Amount::from_atoms(720) })]);
}

#[tokio::test]
async fn sums_are_made_anew_where_a_ticket_has_changed() {
    let (world, user, _) = start(DaemonMood::Fine).await;
    let tip = BlockHeight(224);
    let earned = async || world.pool.money(user.id, tip).await.unwrap();
    assert_eq!(earned().await.all.votes, 0);
    put(&world, &user, &[(1, TicketState::Voted)]).await;
    assert_eq!(earned().await.all.votes, 1);
    put(&world, &user, &[(2, TicketState::Voted)]).await;
    assert_eq!(earned().await.all.votes, 2, "within the same second, too");
    world.clock.advance(std::time::Duration::from_secs(60));
    let (one, other) = (earned().await, earned().await);
    assert!(Arc::ptr_eq(&one, &other), "nothing has changed");
    assert!(!Arc::ptr_eq(&one, &world.pool.money(user.id, BlockHeight(225)).await.unwrap()), "there is a new block");
}
