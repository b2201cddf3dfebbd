//! Webs of two versions on one database.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Address, AddressKind, Hash160, Network};
use stakepool_core::desired::FORMAT;
use stakepool_core::ports::{EventCursor, LedgerStore as _, UpkeepStore as _};
use stakepool_core::reports::{DaemonEventKind, TicketState};
use stakepool_core::testkit::FakeDaemon;
use stakepool_core::testkit::samples::registration;

use crate::reports::{hash, report};
use crate::world::{ALICE, World, until};

/// Notes that a web with this format runs.
async fn note(world: &World, format: u32) {
    let beat = format!(r#"{{"version":"{format}.0.0","at":{}}}"#, world.now().0);
    world.database.set_note(&format!("webs/format/{format:010}"), &beat).await.unwrap();
}

#[tokio::test]
async fn a_web_leaves_the_daemons_to_a_newer_one_for_as_long_as_that_runs_and_says_so() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
    note(&world, FORMAT + 1).await;
    world.keep_daemons();
    world.registered(ALICE).await;
    world.compared(&daemon).await;
    let pushes = || daemon.pushes.load(Ordering::SeqCst);
    world.pool.daemons().reconcile_once().await;
    assert_eq!((pushes(), daemon.users()), (0, 0));
    let view = world.pool.daemons().views().remove("daemon:1").unwrap();
    assert!(view.in_sync && view.error.is_none(), "{view:?}");
    for status in [world.pool.status().await, world.pool.look().await] {
        let said = &status.warnings;
        assert!(
            said.iter().any(|text| text.contains("a web of a newer version (2.0.0) runs on this database")),
            "{said:?}"
        );
    }
    world.clock.advance(Duration::from_secs(61));
    until("the user", || (daemon.users() == 1).then_some(())).await;
    assert_eq!(world.pool.status().await.warnings, Vec::<String>::new());
}

#[tokio::test]
async fn a_web_notes_that_it_runs_and_names_an_older_one_whose_daemons_it_keeps() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
    note(&world, 0).await;
    world.registered(ALICE).await;
    world.keep_daemons();
    until("the user", || (daemon.users() == 1).then_some(())).await;
    let own = format!("webs/format/{FORMAT:010}");
    while !world.database.notes(&own).await.unwrap().iter().any(|(_, text)| text.contains(env!("CARGO_PKG_VERSION"))) {
        tokio::task::yield_now().await;
    }
    let said = world.pool.status().await.warnings;
    assert!(said.len() == 1 && said[0].contains("a web of an older version (0.0.0) runs on this database"), "{said:?}");
}

#[tokio::test]
async fn what_a_daemon_did_not_send_to_an_older_web_is_not_lost() {
    let daemon = FakeDaemon::new("daemon:1");
    let mut of_key = report(UserId(1), &registration(1), 9, TicketState::Live);
    of_key.user = None;
    of_key.address = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([9; 20])));
    daemon.report(DaemonEventKind::Ticket(of_key));
    let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
    // The older web was sent what lies around that ticket.
    world.database.set_cursor("daemon:1", EventCursor { epoch: 1, seq: 1 }).await.unwrap();
    world.keep_daemons();
    world.collected(&daemon, 1).await;
    assert!(world.database.ticket(&hash(9)).await.unwrap().is_some());
}
