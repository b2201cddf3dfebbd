//! How the pool is, its figures and its past.

use std::sync::Arc;
use std::time::Duration;

use stakepool::status::{DaemonCondition, Overall, PoolStatus, Severity, WalletCondition};
use stakepool::{DAYS, FiguresError};
use stakepool_core::alert::AlertKind;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{HistoryStore as _, LedgerStore as _, NetworkDay, UpkeepStore as _};
use stakepool_core::reports::TicketState;
use stakepool_core::testkit::{DaemonMood, FakeDaemon, Mood};
use stakepool_core::time::Day;

use crate::reports::{low_fee, report};
use crate::world::{ALICE, BOB, World, terms, until};

#[tokio::test]
async fn a_pool_whose_wallets_serve_and_whose_daemon_is_in_sync_is_well() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| {
        plan.daemons = vec![Arc::clone(&daemon)];
        plan.settings.warnings = vec!["look at this".to_owned()];
    });
    let world = world.await;
    let before = world.pool.status().await;
    assert_eq!(
        (before.state, before.daemons[0].state),
        (Overall::Starting, DaemonCondition::Unknown),
        "it was not asked yet"
    );
    assert_eq!((before.failures.len(), before.problems.len()), (0, 0), "{:?} {:?}", before.failures, before.problems);
    assert_eq!((before.unheard(), before.daemons[0].can_vote), (vec!["daemon daemon:1".to_owned()], None));
    world.keep_daemons();
    world.in_sync(&daemon).await;
    let status = world.pool.status().await;
    assert_eq!((status.state, status.height, status.quorum), (Overall::Ok, Some(321), 2), "{:?}", status.problems);
    assert_eq!(status.warnings, ["look at this"]);
    assert!(status.wallets.iter().all(|wallet| wallet.state == WalletCondition::InService));
    assert!(status.daemons[0].can_vote == Some(true) && status.daemons[0].last_in_sync == Some(world.now()));
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!((&json["state"], &json["daemons"][0]["state"]), (&"ok".into(), &"in order".into()));
    assert_eq!(json["daemons"][0]["last_in_order"], world.now().0);
}

#[tokio::test]
async fn what_is_away_or_of_another_pool_is_said_with_the_remedy() {
    let daemons = [FakeDaemon::new("away:1"), FakeDaemon::new("other:1")];
    daemons[0].set(DaemonMood::Unreachable);
    daemons[1].status.lock().unwrap().cold_wallet_xpub = "spubOther".to_owned();
    let world = World::with(|plan| plan.daemons = daemons.to_vec()).await;
    world.keep_daemons();
    until("both are asked", || (world.pool.daemons().views().len() == 2).then_some(())).await;
    world.wallets[1].set(Mood::Unreachable);
    world.pool.parts().wallets.as_ref().unwrap().group.recover_all().await;
    let status = world.pool.status().await;
    assert_eq!(status.state, Overall::Down);
    assert_eq!(status.failures.len(), 2, "{:?}", status.failures);
    assert!(status.failures[0].starts_with("only 1 of the 2 voting wallets needed are in service"));
    assert_eq!(status.failures[1], "no voting daemon is known to be able to vote");
    let states = [status.daemons[0].state, status.daemons[1].state];
    assert_eq!(states, [DaemonCondition::OutOfSync, DaemonCondition::Refused]);
    let problems = status.problems.join("\n");
    for expected in [
        "wallet wallet:2 cannot be reached: refused",
        "voting daemon away:1 cannot be reached: refused",
        "its coldwalletextpub is spubOther, but the web's is spubVVUL7",
    ] {
        assert!(problems.contains(expected), "{expected}: {problems}");
    }
}

#[tokio::test]
async fn a_trouble_says_since_when_also_after_a_restart_and_to_who_only_looks() {
    let folder = tempfile::tempdir().unwrap();
    let before = World::in_folder(folder.path(), terms()).await;
    assert_eq!(before.pool.status().await.troubles, []);
    assert_eq!(before.pool.outlook().borrow().open, [""; 0]);
    let well = before.now();
    before.clock.advance(Duration::from_secs(15));
    let began = before.now();
    let away = async |world: &World| {
        world.wallets[1].set(Mood::Unreachable);
        world.pool.parts().wallets.as_ref().unwrap().group.recover_all().await;
    };
    away(&before).await;
    let status = before.pool.status().await;
    let of_wallet = |status: &PoolStatus| {
        status.troubles.iter().find(|trouble| trouble.kind == AlertKind::WalletAway).cloned().unwrap()
    };
    let trouble = of_wallet(&status);
    assert_eq!((trouble.about.as_str(), trouble.since, trouble.last_good), ("wallet wallet:2", began, Some(well)));
    assert_eq!((status.troubles[0].kind, status.troubles[0].severity), (AlertKind::Down, Severity::Critical));
    assert_eq!(before.pool.open_problems(), (2, 1));
    let (stop, running) = before.run();
    let mut noted = Vec::new();
    while noted.is_empty() {
        tokio::task::yield_now().await;
        noted = before.database.notes("troubles").await.unwrap();
    }
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();

    let after = World::in_folder(folder.path(), terms()).await;
    after.clock.advance(Duration::from_secs(3600));
    away(&after).await;
    for status in [after.pool.look().await, after.pool.status().await] {
        let trouble = of_wallet(&status);
        assert_eq!((trouble.since, trouble.last_good), (began, Some(well)));
    }
}

#[tokio::test]
async fn figures_are_read_once_a_second_however_many_ask() {
    let world = World::start().await;
    world.account(BOB).await;
    world.registered(ALICE).await;
    let figures = world.pool.figures().await.unwrap();
    assert_eq!((figures.users, figures.active_users, figures.stake.height), (2, 1, BlockHeight(321)));
    assert!(Arc::ptr_eq(&figures, &world.pool.figures().await.unwrap()));
    tokio::time::sleep(Duration::from_millis(1050)).await;
    let later = world.pool.figures().await.unwrap();
    assert!(!Arc::ptr_eq(&figures, &later));
}

#[tokio::test]
async fn without_wallets_there_are_no_figures() {
    let world = World::start().await;
    for wallet in &world.wallets {
        wallet.set(Mood::Unreachable);
    }
    assert!(matches!(world.pool.figures().await, Err(FiguresError::Wallets(_))));
}

#[tokio::test]
async fn the_tally_and_the_past_count_tickets_and_ignored_ones_apart() {
    let world = World::start().await;
    let user = world.registered(ALICE).await;
    let registration = user.registration.as_ref().unwrap();
    let states = [TicketState::Live, TicketState::Voted, TicketState::Voted, TicketState::Missed];
    let mut reports: Vec<_> =
        (1..).zip(states).map(|(number, state)| report(user.id, registration, number, state)).collect();
    reports.push(low_fee(user.id, registration, 9, TicketState::Live));
    world.database.put_tickets("daemon:1", &reports, world.now()).await.unwrap();
    let tally = world.pool.tally().await.unwrap();
    assert_eq!((tally.live, tally.voted, tally.missed, tally.ignored), (1, 2, 1, 1));

    // Everything ended at block 220: yesterday ended at 210, so that it was today.
    let today = Day::of(world.now());
    let seen = NetworkDay { day: today.back(1), height: BlockHeight(210), network_live: 100, pool_live: 4 };
    world.database.note_day(&seen).await.unwrap();
    for of in [None, Some(user.id)] {
        let past = world.pool.past(of, tally, BlockHeight(321)).await.unwrap();
        assert_eq!((past.days.len(), past.turnover.len(), past.stock.len()), (DAYS, DAYS, DAYS));
        assert_eq!((past.days.last(), &past.seen[..]), (Some(&today), &[seen][..]));
        let last = past.turnover.last().unwrap();
        assert_eq!((last.voted, last.missed), (2, 1));
        assert_eq!(past.stock[DAYS - 2..], [(0, 4), (1, 0)], "yesterday all four were immature");
    }
    let stake = world.pool.figures().await.unwrap().stake;
    assert_eq!(world.pool.today(&stake, tally).pool_live, 1);
}
