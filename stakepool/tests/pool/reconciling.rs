//! Daemons are kept at the desired state, and what they report is stored.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use stakepool::daemons::{DesiredChanged, Expected, Reconciler};
use stakepool::ticket_source::{SourceError, TicketSource};
use stakepool::{Parts, VoteObserver};
use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{BlockHeight, Generation, Network, Params, ScriptAddress, TicketHash, VoteBits};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::{LedgerStore as _, LowFeeEntry, LowFeeStore as _, LowFeeTicket, WalletTickets};
use stakepool_core::reports::{DaemonEventKind, TicketReport, TicketState, VoteOutcome, VoteRecord};
use stakepool_core::testkit::tickets::{COLD, VERSION, address};
use stakepool_core::testkit::{DaemonMood, FakeDaemon};
use stakepool_core::ticket::TicketFacts;
use stakepool_core::time::UnixTime;

use crate::reports::{hash, low_fee, report, vote};
use crate::world::{ALICE, World, terms, until};

async fn world(daemon: &Arc<FakeDaemon>) -> World {
    World::with(|plan| plan.daemons = vec![Arc::clone(daemon)]).await
}

#[tokio::test]
async fn a_daemon_that_was_away_gets_what_it_missed_when_it_is_back() {
    let daemon = FakeDaemon::new("daemon:1");
    daemon.set(DaemonMood::Unreachable);
    let world = world(&daemon).await;
    world.keep_daemons();
    world.registered(ALICE).await;
    let error = until("an error", || world.pool.daemons().views().remove("daemon:1")?.error).await;
    assert_eq!(error, "voting daemon daemon:1 cannot be reached: refused");
    daemon.set(DaemonMood::Fine);
    until("the user", || (daemon.users() == 1).then_some(())).await;
    world.in_sync(&daemon).await;
    let view = world.pool.daemons().views().remove("daemon:1").unwrap();
    assert_eq!((view.error, view.last_in_sync), (None, Some(world.now())));
}

#[tokio::test]
async fn a_daemon_whose_health_changes_all_the_time_is_asked_for_events_once_a_second() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = world(&daemon).await;
    world.keep_daemons();
    world.in_sync(&daemon).await;
    let counts = || (daemon.looks.load(Ordering::SeqCst), daemon.asked.load(Ordering::SeqCst));
    let (looks, asked) = counts();
    // A look a second is the most, too.
    let flap = || {
        daemon.change_status(|_| {});
        (counts().0 >= looks + 4).then_some(())
    };
    until("four looks", flap).await;
    assert!(counts().1 - asked <= 7, "{} calls", counts().1 - asked);
}

#[tokio::test]
async fn a_daemon_whose_health_changes_is_looked_at_at_once() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = world(&daemon).await;
    world.keep_daemons();
    world.in_sync(&daemon).await;
    let began = Instant::now();
    for problem in ["a wallet is locked", "a node is away", "the disk is full", "the clock is wrong"] {
        daemon.change_status(|status| status.problems = vec![problem.to_owned()]);
        let is_seen = || world.pool.daemons().views().get("daemon:1")?.status.as_ref()?.problems.first().cloned();
        until(problem, || is_seen().filter(|seen| seen == problem)).await;
    }
    // The last three would be seen two seconds after the one before otherwise.
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_daemon_whose_events_break_off_is_looked_at_at_once() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = world(&daemon).await;
    world.keep_daemons();
    world.in_sync(&daemon).await;
    let began = Instant::now();
    daemon.set(DaemonMood::Unreachable);
    let is_away = || world.pool.daemons().views().get("daemon:1").is_some_and(|view| !view.reachable).then_some(());
    until("the daemon is away", is_away).await;
    assert!(began.elapsed() < Duration::from_millis(1800), "it waited until the next look was due");
}

#[tokio::test]
async fn an_empty_database_takes_the_users_from_no_daemon() {
    let daemon = FakeDaemon::new("full:1");
    let voting = VotingPreference { bits: VoteBits::APPROVE, version: VERSION };
    let foreign = DesiredState::new([DesiredUser { user: UserId(7), address: address(4), voting }], []);
    *daemon.desired.lock().unwrap() = Some(foreign);
    let world = world(&daemon).await;
    world.keep_daemons();
    world.compared(&daemon).await;
    assert_eq!((daemon.pushes.load(Ordering::SeqCst), daemon.users()), (0, 1));
    let view = world.pool.daemons().views().remove("full:1").unwrap();
    assert!(
        !view.in_sync && view.error.unwrap().starts_with("it keeps its 1 users, because the web's database has none")
    );
    world.registered(ALICE).await;
    until("the pool's user", || (daemon.pushes.load(Ordering::SeqCst) == 1).then_some(())).await;
}

#[tokio::test]
async fn a_daemon_with_another_cold_wallet_gets_no_users_until_that_is_mended() {
    let daemon = FakeDaemon::new("other:1");
    daemon.status.lock().unwrap().cold_wallet_xpub = "spubOther".to_owned();
    let world = world(&daemon).await;
    world.registered(ALICE).await;
    world.keep_daemons();
    world.compared(&daemon).await;
    let view = world.pool.daemons().views().remove("other:1").unwrap();
    assert!(view.refused && view.error.unwrap().contains("its coldwalletextpub is spubOther"));
    assert_eq!(daemon.pushes.load(Ordering::SeqCst), 0);
    daemon.status.lock().unwrap().cold_wallet_xpub = COLD.to_owned();
    world.compared(&daemon).await;
    until("the user", || (daemon.users() == 1).then_some(())).await;
}

/// An added ticket that no daemon has reported yet.
async fn add(world: &World, number: u8) {
    let (now, params) = (world.now(), world.pool.terms().network.params(stakepool_core::chain::Generation::Today));
    world.database.add(&LowFeeTicket::added_at(now, hash(number), address(4), None, &params)).await.unwrap();
}

#[tokio::test]
async fn where_no_daemon_says_its_height_the_wallets_do() {
    let daemon = FakeDaemon::new("old:1");
    daemon.set(DaemonMood::Predecessor);
    let world = world(&daemon).await;
    let user = world.registered(ALICE).await;
    // The wallets are at 321, and a ticket takes 16 blocks to mature.
    for (number, ended_at) in [(8, 305), (9, 306)] {
        add(&world, number).await;
        let voted = low_fee(user.id, user.registration.as_ref().unwrap(), number, TicketState::Voted);
        let ended = TicketReport { added: true, ended_at: Some(BlockHeight(ended_at)), ..voted };
        world.database.put_tickets("old:1", &[ended], world.now()).await.unwrap();
    }
    world.keep_daemons();
    world.in_sync(&daemon).await;
    let active = world.database.active(world.now()).await.unwrap();
    assert_eq!(active.iter().map(|ticket| ticket.ticket).collect::<Vec<_>>(), [hash(9)]);
}

#[tokio::test]
async fn an_added_ticket_that_voted_leaves_the_desired_state_once_no_reorganisation_undoes_it() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = world(&daemon).await;
    let user = world.registered(ALICE).await;
    add(&world, 9).await;
    world.keep_daemons();
    let added = || daemon.desired.lock().unwrap().as_ref().map_or(0, |desired| desired.added().len());
    until("the ticket is desired", || (added() == 1).then_some(())).await;
    let of = |state| low_fee(user.id, user.registration.as_ref().unwrap(), 9, state);
    for (state, ended_at) in [(TicketState::Live, None), (TicketState::Voted, Some(BlockHeight(306)))] {
        daemon.report(DaemonEventKind::Ticket(TicketReport { added: true, ended_at, ..of(state) }));
    }
    world.collected(&daemon, 2).await;
    world.compared(&daemon).await;
    assert_eq!(added(), 1, "its end may yet be undone");
    daemon.status.lock().unwrap().synced_height = Some(BlockHeight(322));
    world.compared(&daemon).await;
    until("the ticket is no longer desired", || (added() == 0).then_some(())).await;
    assert_eq!(world.database.ticket(&hash(9)).await.unwrap().unwrap().state, TicketState::Voted);
}

/// Wallets to which one ticket is known, which they refuse for its fee.
struct OneRefused(TicketFacts);

#[async_trait]
impl TicketSource for OneRefused {
    async fn tip(&self) -> Result<(BlockHeight, Params), SourceError> {
        Ok((BlockHeight(321), Network::Simnet.params(Generation::Legacy)))
    }

    async fn user_tickets(&self, _: &ScriptAddress) -> Result<WalletTickets, SourceError> {
        Ok(WalletTickets { tickets: Vec::new(), invalid: vec![hash(9)] })
    }

    async fn judge(&self, _: &TicketHash) -> Result<Option<TicketFacts>, SourceError> {
        Ok(Some(self.0))
    }
}

#[tokio::test]
async fn an_added_ticket_that_outlives_its_row_is_desired_as_soon_as_it_is_known_of_an_old_daemon() {
    let daemon = FakeDaemon::new("old:1");
    daemon.set(DaemonMood::Predecessor);
    let world = world(&daemon).await;
    let user = world.registered(ALICE).await;
    let ignored = low_fee(user.id, user.registration.as_ref().unwrap(), 9, TicketState::Live);
    let address = ignored.address.try_into().unwrap();
    daemon.ignored.lock().unwrap().push(LowFeeEntry { ticket: hash(9), address });
    // As after a take-over: the blocks were slow, and the ledger is empty still.
    let before = UnixTime(world.now().0 - 1_000_000_000);
    let params = Network::Simnet.params(Generation::Legacy);
    let row = LowFeeTicket::added_at(before, hash(9), address, None, &params);
    assert!(row.expires < world.now());
    world.database.add(&row).await.unwrap();
    let facts = TicketFacts { mined_at: BlockHeight(300), ..ignored.facts };
    let parts = Parts { tickets: Some(Arc::new(OneRefused(facts))), ..world.pool.parts().clone() };
    let expected = Expected::of(terms());
    let reconciler = Reconciler::new(parts, DesiredChanged::default(), expected);
    tokio::spawn(async move { reconciler.run().await });
    let added = || daemon.desired.lock().unwrap().as_ref().map_or(0, |desired| desired.added().len());
    // It would be minutes until the daemon is given everything anyhow.
    until("the ticket is desired", || (added() == 1).then_some(())).await;
}

/// Keeps the votes that it sees.
#[derive(Default)]
struct Seen(Mutex<Vec<VoteRecord>>);

impl VoteObserver for Seen {
    fn votes(&self, records: &[VoteRecord]) {
        self.0.lock().unwrap().extend_from_slice(records);
    }
}

#[tokio::test]
async fn votes_are_stored_and_seen_once_by_who_observes_them() {
    let daemon = FakeDaemon::new("daemon:1");
    let seen = Arc::new(Seen::default());
    let world = World::with(|plan| {
        plan.daemons = vec![Arc::clone(&daemon)];
        plan.vote_observer = Some(Arc::clone(&seen) as Arc<dyn VoteObserver>);
    });
    let world = world.await;
    let user = world.registered(ALICE).await;
    let voted = report(user.id, user.registration.as_ref().unwrap(), 9, TicketState::Voted);
    let record = vote(&voted, VoteOutcome::Sent);
    daemon.report(DaemonEventKind::Ticket(voted.clone()));
    daemon.report(DaemonEventKind::Vote(record.clone()));
    let running = world.keep_daemons();
    until("the vote", || (!seen.0.lock().unwrap().is_empty()).then_some(())).await;
    let stored = world.database.votes(Some(&voted.ticket), 5).await.unwrap();
    assert!(stored.len() == 1 && stored[0].daemon == "daemon:1" && stored[0].record == record);
    world.collected(&daemon, 2).await;
    // As after a restart of the pool: what is stored does not come again.
    running.abort();
    world.keep_daemons();
    world.compared(&daemon).await;
    assert_eq!(*seen.0.lock().unwrap(), [record]);
}
