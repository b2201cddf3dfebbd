//! Daemons are kept at the wanted state, and what they report is stored.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHeight, Hash160, Network, RedeemScript, ScriptAddress, TicketHash, VoteBits,
    VoteVersion,
};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::{
    Clock as _, EventCursor, LedgerStore as _, LowFeeStore as _, LowFeeTicket, UserStore as _,
};
use stakepool_core::reports::{DaemonEventKind, TicketReport, TicketState, TicketTimes};
use stakepool_core::testkit::{DaemonMood, FakeDaemon};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixTime;

use crate::fakes::{daemon, predecessor, reaches};
use crate::waiting::until;
use crate::world::{COLD, Plan, USER_KEY, World, key_of};

async fn world_with(daemons: &[Arc<FakeDaemon>]) -> World {
    let world = World::of(Plan { daemons: daemons.to_vec(), ..Plan::default() }).await;
    world.old_users(2).await;
    world
}

async fn register(world: &World) {
    let form = format!("UserPubKeyAddr={USER_KEY}");
    assert!(world.call(&key_of(1), "/api/v2/address", Some(&form)).await.contains("success"));
}

#[tokio::test]
async fn a_registration_reaches_every_daemon_at_once_old_ones_included() {
    let daemons = [daemon("new:1"), predecessor("old:1")];
    let world = world_with(&daemons).await;
    until("given the empty state", async || daemons[0].pushes.load(Ordering::SeqCst) == 1).await;
    assert_eq!(daemons[1].users(), 0, "who cannot tell what would be lost is given nothing without users");
    register(&world).await;
    until("one user", async || daemons.iter().all(|daemon| daemon.users() == 1)).await;
    assert_eq!(daemons[0].pushes.load(Ordering::SeqCst), 2, "and no more often than needed");
}

#[tokio::test]
async fn a_daemon_that_was_away_gets_what_it_missed_when_it_is_back() {
    let daemons = [daemon("away:1"), daemon("here:1")];
    daemons[0].set(DaemonMood::Unreachable);
    let world = world_with(&daemons).await;
    register(&world).await;
    until("the other one has it", async || daemons[1].users() == 1).await;
    assert_eq!(daemons[0].users(), 0);
    daemons[0].set(DaemonMood::Fine);
    until("the first has it", async || daemons[0].users() == 1).await;
}

/// Has a daemon compared once more, to the end.
async fn compared(world: &World, daemon: &FakeDaemon) {
    let looks = daemon.looks.load(Ordering::SeqCst);
    for more in 1..=2 {
        world.pool.daemons().changed();
        until("compared", async || daemon.looks.load(Ordering::SeqCst) >= looks + more).await;
    }
}

/// A state with a user that the web's database does not know.
fn foreign_state() -> DesiredState {
    let voting = VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(6) };
    let address = ScriptAddress::new(Network::Simnet, Hash160([4; 20]));
    DesiredState::new([DesiredUser { user: UserId(7), address, voting }], [])
}

#[tokio::test]
async fn a_daemon_without_a_token_gets_its_users_all_the_same() {
    let daemon = daemon("closed:1");
    daemon.set(DaemonMood::Closed);
    let world = world_with(std::slice::from_ref(&daemon)).await;
    register(&world).await;
    until("one user", async || daemon.users() == 1).await;
}

#[tokio::test]
async fn an_empty_database_takes_the_users_from_no_daemon() {
    let daemon = daemon("full:1");
    *daemon.desired.lock().unwrap() = Some(foreign_state());
    let world = world_with(std::slice::from_ref(&daemon)).await;
    compared(&world, &daemon).await;
    assert_eq!((daemon.pushes.load(Ordering::SeqCst), daemon.users()), (0, 1));
    register(&world).await;
    until("given the pool's user", async || daemon.pushes.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn a_daemon_with_another_cold_wallet_gets_no_users_until_that_is_mended() {
    let daemon = daemon("other:1");
    daemon.status.lock().unwrap().cold_wallet_xpub = "spubOther".to_owned();
    let world = world_with(std::slice::from_ref(&daemon)).await;
    register(&world).await;
    compared(&world, &daemon).await;
    assert_eq!(daemon.pushes.load(Ordering::SeqCst), 0);
    daemon.status.lock().unwrap().cold_wallet_xpub = COLD.to_owned();
    compared(&world, &daemon).await;
    until("one user", async || daemon.users() == 1).await;
}

fn report(address: ScriptAddress, ticket: u8, state: TicketState) -> TicketReport {
    TicketReport {
        ticket: TicketHash::from_bytes([ticket; 32]),
        address: address.into(),
        user: Some(UserId(1)),
        state,
        facts: TicketFacts {
            verdict: Verdict::LowFee,
            price: Amount::from_atoms(1),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
            committed_fee: Amount::ZERO,
            required_fee: Amount::from_atoms(1),
            mined_at: BlockHeight(200),
        },
        added: true,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: (state != TicketState::Live).then_some(BlockHeight(300)),
    }
}

#[tokio::test]
async fn where_no_daemon_tells_its_height_the_wallets_do() {
    let daemon = predecessor("old:1");
    let world = world_with(std::slice::from_ref(&daemon)).await;
    let address = ScriptAddress::new(Network::Simnet, Hash160([4; 20]));
    let now = world.clock.now();
    // The wallets are at 224, and a ticket takes 16 blocks to mature.
    for (number, ended_at) in [(8, 208), (9, 209)] {
        let added = LowFeeTicket {
            ticket: TicketHash::from_bytes([number; 32]),
            address,
            added_by: None,
            created: now,
            expires: now.plus(Duration::from_secs(99)),
            outcome: None,
        };
        world.database.add(&added).await.unwrap();
        let ended =
            TicketReport { ended_at: Some(BlockHeight(ended_at)), ..report(address, number, TicketState::Voted) };
        world.database.put_tickets("old:1", &[ended], now).await.unwrap();
    }
    register(&world).await;
    let active = async || world.database.active(now).await.unwrap();
    until("one is settled", async || active().await.len() == 1).await;
    assert_eq!(active().await[0].ticket, TicketHash::from_bytes([9; 32]));
}

#[tokio::test]
async fn an_added_ticket_that_voted_is_marked_and_leaves_the_wanted_state() {
    let daemon = daemon("daemon:1");
    let world = world_with(std::slice::from_ref(&daemon)).await;
    let script: RedeemScript = "5121021eb44bdc00e01912d8385b09338b1fd40952716a0f1b82eac4d0d07eb7bdb6c121034c2cddbbe9fd8b703d42615a5d01c4cc9e1352e4c28efaf511d683d8b1f6e15d52ae".parse().unwrap();
    let address = script.address(Network::Simnet);
    register(&world).await;
    let ticket = LowFeeTicket {
        ticket: TicketHash::from_bytes([9; 32]),
        address,
        added_by: None,
        created: UnixTime(1_699_999_999),
        expires: UnixTime(1_800_000_000),
        outcome: None,
    };
    world.database.add(&ticket).await.unwrap();
    // A ticket added by another instance is found with the next comparison; told of a change, it looks at once.
    world.pool.daemons().changed();
    let added = || daemon.desired.lock().unwrap().as_ref().map_or(0, |desired| desired.added().len());
    until("the ticket is wanted", async || added() == 1).await;
    daemon.report(DaemonEventKind::Ticket(report(address, 9, TicketState::Live)));
    daemon.report(DaemonEventKind::Ticket(report(address, 9, TicketState::Voted)));
    until("the cursor is stored", async || {
        world.database.cursor(&EventCursor::kept_as("daemon:1")).await.unwrap().is_some_and(|cursor| cursor.seq == 2)
    })
    .await;
    // The end may yet be undone, until it is one ticket maturity deep.
    reaches(&daemon, 315);
    compared(&world, &daemon).await;
    assert_eq!(added(), 1);
    reaches(&daemon, 316);
    compared(&world, &daemon).await;
    until("the ticket is no longer wanted", async || added() == 0).await;
    let stored = world.database.ticket(&TicketHash::from_bytes([9; 32])).await.unwrap().unwrap();
    assert_eq!(stored.state, TicketState::Voted);
    assert!(world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.is_some());
}
