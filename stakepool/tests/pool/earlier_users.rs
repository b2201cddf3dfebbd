//! Wallets that hold scripts of users whom the database does not know: of a pool before this one, or registered after the
//! backup that was restored.

use std::sync::Arc;
use std::time::Duration;

use stakepool::administration::UnknownAddressError;
use stakepool::registration::RegistrationError;
use stakepool::status::UnknownAddressReport;
use stakepool::wallets::WalletsError;
use stakepool_core::accounts::Actor;
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, KeyIndex, RedeemScript, ScriptAddress, TicketHash};
use stakepool_core::ports::{PoolWallet, ScriptWallet as _, UpkeepStore as _, WalletTicket, WalletTickets};
use stakepool_core::testkit::tickets::COLD;
use stakepool_core::testkit::{FakeDaemon, FakeWallet, MemoryStore, Mood};
use stakepool_core::wallets::{Agreement, GroupError, Health, ScriptCensus, WalletGroup};
use tokio::time::timeout;

use crate::world::{ALICE, BOB, USER_KEY, World, until};

/// The script of an earlier user, whose own key is one of the pool's here.
fn script(index: u32) -> RedeemScript {
    let branch = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    RedeemScript::for_user(&branch, KeyIndex(index), &branch.address(KeyIndex(100 + index)).unwrap()).unwrap()
}

fn address(index: u32) -> ScriptAddress {
    script(index).address(stakepool_core::chain::Network::Simnet)
}

/// Has wallets hold the scripts of earlier users, the last of whom has a ticket in the lottery.
async fn hold(wallets: &[Arc<FakeWallet>], indexes: &[u32]) {
    let ticket = WalletTicket {
        ticket: TicketHash::from_bytes([7; 32]),
        status: "live".to_owned(),
        mined_at: BlockHeight(200),
        spent_at: None,
    };
    for wallet in wallets {
        for index in indexes {
            wallet.import_script(&script(*index)).await.unwrap();
        }
        if let Some(last) = indexes.last() {
            let tickets = WalletTickets { tickets: vec![ticket.clone()], invalid: Vec::new() };
            wallet.user_tickets.lock().unwrap().insert(address(*last), tickets);
        }
    }
}

async fn recover(world: &World) {
    world.pool.parts().wallets.as_ref().unwrap().group.recover_all().await;
}

fn census(world: &World) -> ScriptCensus {
    world.pool.parts().stats.wallets()[0].census.clone().unwrap()
}

fn indexes(census: &ScriptCensus) -> Vec<u32> {
    census.unknown.iter().map(|script| script.index.0).collect()
}

#[tokio::test]
async fn a_database_without_users_before_wallets_with_users_stops_the_pool_and_takes_no_address() {
    let world = World::start().await;
    hold(&world.wallets, &[1, 2, 5]).await;
    recover(&world).await;
    let alice = world.account(ALICE).await;
    let refused = world.pool.register(alice.id, USER_KEY).await.unwrap_err();
    assert!(
        matches!(&refused, RegistrationError::Wallets(GroupError::EarlierUsers { wallet }) if wallet == "wallet:1"),
        "{refused}"
    );
    let (_stop, running) = world.run();
    let error = timeout(Duration::from_secs(5), running).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error, WalletsError::EarlierUsers { scripts: 3, tickets: 1, .. }), "{error}");
    let text = error.to_string();
    for part in ["the scripts of 3 users with 1 ticket that may still vote", "lose votes", "restore it", "--newpool"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn a_new_pool_leaves_earlier_users_behind_and_gives_none_of_their_key_indexes() {
    let world = World::with(|plan| plan.terms = plan.terms.clone().new_pool(true)).await;
    hold(&world.wallets, &[1, 2, 5]).await;
    recover(&world).await;
    let (_stop, running) = world.run();
    for (email, index) in [(ALICE, 3), (BOB, 4), ("carol@example.org", 6)] {
        let user = world.account(email).await;
        let key = match index {
            3 => USER_KEY.to_owned(),
            index => COLD
                .parse::<ExtendedPubKey>()
                .unwrap()
                .external_branch()
                .unwrap()
                .address(KeyIndex(50 + index))
                .unwrap()
                .to_string(),
        };
        assert_eq!(world.pool.register(user.id, &key).await.unwrap().key_index, KeyIndex(index));
    }
    recover(&world).await;
    assert_eq!((census(&world).scripts, census(&world).users, indexes(&census(&world))), (6, 3, vec![1, 2, 5]));
    assert!(!running.is_finished());
    let problems = world.pool.status().await.problems.join("; ");
    assert!(problems.contains("3 of them of users whom the database does not know (key indexes 1 to 5)"), "{problems}");
    assert!(problems.contains("1 ticket that may still vote"), "{problems}");
}

#[tokio::test]
async fn users_who_are_missing_from_a_restored_database_are_named_and_keep_their_key_indexes() {
    let world = World::start().await;
    world.registered(ALICE).await;
    assert!(world.pool.status().await.problems.is_empty());
    hold(&world.wallets, &[2]).await;
    recover(&world).await;
    let status = world.pool.status().await;
    assert_eq!((status.wallets[0].scripts, status.wallets[0].unknown_scripts), (Some(2), Some(1)));
    assert_eq!(status.problems.len(), 2, "{:?}", status.problems);
    assert_eq!(world.pool.look().await.problems, status.problems, "one who only looks sees the same");
    let bob = world.account(BOB).await;
    let key = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap().address(KeyIndex(60)).unwrap();
    assert_eq!(world.pool.register(bob.id, &key.to_string()).await.unwrap().key_index, KeyIndex(3));
}

#[tokio::test]
async fn an_acknowledged_address_is_no_problem_and_listed_also_after_a_restart_and_the_daemons_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::new("daemon:1");
    let start = async || {
        let world = World::in_folder_with(folder.path(), |plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
        world.keep_daemons();
        world
    };
    let world = start().await;
    world.registered(ALICE).await;
    hold(&world.wallets, &[2, 5]).await;
    recover(&world).await;
    world.in_sync(&daemon).await;
    let status = world.pool.status().await;
    assert_eq!(status.problems.len(), 2, "one a wallet: {:?}", status.problems);
    let reported = status.unknown_addresses;
    let seen: Vec<_> = reported.iter().map(|it| (it.address, it.key_index.unwrap().0, it.live_tickets)).collect();
    assert_eq!(seen, [(address(5), 5, 1), (address(2), 2, 0)]);
    assert_eq!(reported[0].reported_by.len(), 2, "{reported:?}");
    let nobodys = world.pool.acknowledge(Actor::CommandLine, address(9), &reported).await.unwrap_err();
    assert_eq!(nobodys, UnknownAddressError::NotReported(address(9)));
    assert_eq!(world.pool.acknowledge(Actor::CommandLine, address(2), &reported).await, Ok(true));
    assert!(world.pool.status().await.problems[0].contains("(key index 5)"));
    assert_eq!(world.pool.acknowledge(Actor::CommandLine, address(5), &reported).await, Ok(true));
    assert_eq!(world.pool.acknowledge(Actor::CommandLine, address(5), &reported).await, Ok(false));
    let (actor, action, subject, detail) = world.last_act().await;
    assert_eq!(
        (actor.as_str(), action.as_str(), subject),
        ("stakepoolctl", "unknown.acknowledge", address(5).to_string())
    );
    assert_eq!(detail, "1 live and 0 ignored tickets, key index 5");
    assert!(world.pool.status().await.problems.is_empty());
    let has_both = || {
        let desired = daemon.desired.lock().unwrap();
        desired
            .as_ref()
            .is_some_and(|it| it.is_acknowledged(&address(2)) && it.is_acknowledged(&address(5)))
            .then_some(())
    };
    until("the daemon is told", has_both).await;

    let again = start().await;
    hold(&again.wallets, &[2, 5]).await;
    recover(&again).await;
    let status = again.pool.status().await;
    let acknowledged = |it: &UnknownAddressReport| it.acknowledged.as_ref().map(|noted| noted.by.clone());
    assert_eq!(status.unknown_addresses.iter().filter_map(acknowledged).collect::<Vec<_>>(), ["stakepoolctl"; 2]);
    assert!(!status.problems.iter().any(|problem| problem.contains("does not know")), "{:?}", status.problems);
    assert_eq!(again.pool.alarm_again(Actor::CommandLine, address(2)).await, Ok(true));
    assert_eq!(again.pool.alarm_again(Actor::CommandLine, address(2)).await, Ok(false));
    assert!(again.pool.status().await.problems[0].contains("(key index 2)"));
    let quiet = || (!daemon.desired.lock().unwrap().as_ref().unwrap().is_acknowledged(&address(2))).then_some(());
    until("the daemon is told again", quiet).await;
}

#[tokio::test]
async fn an_acknowledgement_is_forgotten_where_the_address_is_a_users_by_now() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
    let users = world.registered(ALICE).await.registration.unwrap().address;
    for acknowledged in [users, address(5)] {
        world
            .database
            .set_note(&format!("unknown/ack/{acknowledged}"), r#"{"at":1,"by":"stakepoolctl"}"#)
            .await
            .unwrap();
    }
    world.keep_daemons();
    world.in_sync(&daemon).await;
    let notes = world.database.notes("unknown/ack/").await.unwrap();
    let noted: Vec<_> = notes.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, _)| name).collect();
    assert_eq!(noted, [format!("unknown/ack/{}", address(5))]);
    let desired = daemon.desired.lock().unwrap().clone().unwrap();
    assert!(!desired.is_acknowledged(&users) && desired.is_acknowledged(&address(5)));
    let (actor, action, subject, detail) = world.last_act().await;
    assert_eq!((actor.as_str(), action.as_str()), ("the pool", "unknown.alarm"));
    assert_eq!((subject, detail.as_str()), (users.to_string(), "it is a user's by now"));
}

#[tokio::test]
async fn a_daemon_that_does_not_know_acknowledgements_is_in_sync_without_them_and_gets_new_users() {
    let daemon = FakeDaemon::new("daemon:1");
    daemon.change_status(|status| status.takes_acknowledged = false);
    let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
    world.keep_daemons();
    world.registered(ALICE).await;
    hold(&world.wallets, &[5]).await;
    recover(&world).await;
    let reported = world.pool.status().await.unknown_addresses;
    assert_eq!(world.pool.acknowledge(Actor::CommandLine, address(5), &reported).await, Ok(true));
    let account = world.account(BOB).await;
    let key = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap().address(KeyIndex(60)).unwrap();
    world.pool.register(account.id, &key.to_string()).await.unwrap();
    until("it has the new user", || (daemon.users() == 2).then_some(())).await;
    let views = world.pool.daemons().look().await;
    assert!(views["daemon:1"].in_sync, "{views:?}");
    assert!(!daemon.desired.lock().unwrap().as_ref().unwrap().is_acknowledged(&address(5)));
}

#[tokio::test]
async fn users_scripts_go_to_daemons_and_one_that_does_not_know_them_is_in_sync_without() {
    let (daemon, older) = (FakeDaemon::new("daemon:1"), FakeDaemon::new("daemon:2"));
    older.change_status(|status| status.takes_keys = false);
    let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon), Arc::clone(&older)]).await;
    world.keep_daemons();
    world.registered(ALICE).await;
    until("both have the user", || (daemon.users() == 1 && older.users() == 1).then_some(())).await;
    let scripts = |daemon: &FakeDaemon| {
        let desired = daemon.desired.lock().unwrap().clone().unwrap();
        desired.scripts().map(|script| script.address(stakepool_core::chain::Network::Simnet)).collect::<Vec<_>>()
    };
    let of_user = daemon.desired.lock().unwrap().as_ref().unwrap().users().next().unwrap().address;
    assert_eq!(scripts(&daemon), [of_user]);
    assert!(scripts(&older).is_empty());
    let views = world.pool.daemons().look().await;
    assert!(views.values().all(|view| view.in_sync), "{views:?}");
}

#[tokio::test]
async fn a_script_of_a_registration_that_did_not_come_to_its_end_is_no_unknown_users() {
    let world = World::start().await;
    let alice = world.account(ALICE).await;
    world.wallets[1].faults.lock().unwrap().locked = true;
    assert!(world.pool.register(alice.id, USER_KEY).await.is_err());
    assert_eq!(world.wallets[0].scripts.lock().unwrap().len(), 1, "the first wallet has it");
    world.wallets[1].faults.lock().unwrap().locked = false;
    recover(&world).await;
    assert_eq!(indexes(&census(&world)), [0; 0]);
    let key = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap().address(KeyIndex(60)).unwrap();
    let registration = world.pool.register(alice.id, &key.to_string()).await.unwrap();
    assert_eq!(registration.key_index, KeyIndex(1));
    recover(&world).await;
    assert!(world.pool.status().await.problems.is_empty());
    // Tickets show that somebody uses the other script of the index.
    let stray = world.wallets[0].scripts.lock().unwrap()[0];
    let unseen = WalletTickets { tickets: Vec::new(), invalid: vec![TicketHash::from_bytes([9; 32])] };
    world.wallets[0].user_tickets.lock().unwrap().insert(stray, unseen);
    recover(&world).await;
    assert_eq!(indexes(&census(&world)), [1]);
}

#[tokio::test]
async fn a_wallet_that_cannot_say_whether_a_key_index_is_used_is_out_of_service_until_it_can() {
    let world = World::start().await;
    let alice = world.account(ALICE).await;
    world.wallets[1].faults.lock().unwrap().locked = true;
    assert!(world.pool.register(alice.id, USER_KEY).await.is_err());
    let stray = world.wallets[0].scripts.lock().unwrap()[0];
    let unseen = WalletTickets { tickets: Vec::new(), invalid: vec![TicketHash::from_bytes([9; 32])] };
    world.wallets[0].user_tickets.lock().unwrap().insert(stray, unseen);
    world.wallets[0].faults.lock().unwrap().unlisted = true;
    recover(&world).await;
    let health = || world.pool.parts().stats.wallets()[0].health.clone();
    assert!(
        matches!(health(), Health::Unreachable { error } if error.contains("whether somebody uses key index 1")),
        "{:?}",
        health()
    );
    world.wallets[0].faults.lock().unwrap().unlisted = false;
    recover(&world).await;
    assert_eq!((health(), indexes(&census(&world))), (Health::Healthy, vec![1]));
}

#[tokio::test]
async fn the_first_user_of_all_waits_for_every_wallet() {
    let wallets = ["one", "two", "three"].map(FakeWallet::new);
    wallets[2].set(Mood::Unreachable);
    let (key, store): (ExtendedPubKey, _) = (COLD.parse().unwrap(), Arc::new(MemoryStore::default()));
    let members = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn PoolWallet>).collect();
    let group =
        WalletGroup::new(stakepool_core::chain::Network::Simnet, key, 2, members, store).first_user_needs_all_wallets();
    group.recover_all().await;
    let agreement = Agreement { index: KeyIndex(1), script: script(1) };
    let refused = group.agree(&agreement).await;
    assert!(matches!(&refused, Err(GroupError::FirstUser { wallets }) if wallets == "three"), "{refused:?}");
    wallets[2].set(Mood::Fine);
    group.recover_all().await;
    assert_eq!(group.agree(&agreement).await.unwrap().len(), 3);
}
