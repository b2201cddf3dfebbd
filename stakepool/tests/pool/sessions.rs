//! The browsers that are signed in.

use std::time::Duration;

use stakepool::accounts::SignedIn;

use crate::world::{ALICE, BOB, PASSWORD, World, from, token};

#[tokio::test]
async fn browsers_are_listed_and_signed_out_one_by_one() {
    let world = World::start().await;
    let (alice, bob) = (world.account(ALICE).await, world.account(BOB).await);
    let here = world.sign_in(ALICE, PASSWORD).await;
    let phone = from("198.51.100.1").device("Safari on iPhone");
    let SignedIn::Session(phone) = world.pool.sign_in(ALICE, PASSWORD, &phone, None).await.unwrap() else { panic!() };
    let listed = world.pool.sessions_of(alice.id).await.unwrap();
    let mut clients: Vec<_> = listed.iter().map(|(_, session)| session.client.as_str()).collect();
    clients.sort_unstable();
    assert_eq!(clients, ["198.51.100.1, Safari on iPhone", "203.0.113.9, Firefox on Linux"]);

    let name = hex::encode(token(&phone).0);
    assert!(world.pool.end_session(&bob, &name, &from("203.0.113.9")).await.unwrap().is_none(), "it is not Bob's");
    assert!(world.is_open(&phone).await);
    let ended = world.pool.end_session(&alice, &name, &from("203.0.113.9")).await.unwrap();
    assert!(ended == Some(token(&phone)) && !world.is_open(&phone).await && world.is_open(&here).await);
    assert_eq!(world.acts(1).await, ["account.session.end"]);
    for name in [&name[..], "nonsense"] {
        let gone = world.pool.end_session(&alice, name, &from("203.0.113.9")).await.unwrap();
        assert!(gone.is_none(), "one that has ended by itself is as good as ended");
    }
}

#[tokio::test]
async fn all_other_browsers_are_signed_out_at_once() {
    let world = World::start().await;
    let (alice, _) = (world.account(ALICE).await, world.account(BOB).await);
    let (here, elsewhere) = (world.sign_in(ALICE, PASSWORD).await, world.sign_in(ALICE, PASSWORD).await);
    let of_bob = world.sign_in(BOB, PASSWORD).await;
    world.pool.end_other_sessions(&alice, Some(&token(&here)), &from("203.0.113.9")).await.unwrap();
    assert!(world.is_open(&here).await && !world.is_open(&elsewhere).await && world.is_open(&of_bob).await);
    assert_eq!(world.acts(1).await, ["account.session.end_all"]);
}

#[tokio::test]
async fn a_session_ends_on_sign_out_and_what_is_no_secret_opens_none() {
    let world = World::start().await;
    world.account(ALICE).await;
    let session = world.sign_in(ALICE, PASSWORD).await;
    let hash = hex::encode(token(&session).0);
    for nothing in ["", "nonsense", &hash] {
        assert!(world.pool.session(nothing).await.unwrap().is_none(), "{nothing}");
    }
    world.pool.sign_out(&token(&session)).await.unwrap();
    assert!(!world.is_open(&session).await);
}

#[tokio::test]
async fn a_disabled_user_is_out_within_a_second() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let session = world.sign_in(ALICE, PASSWORD).await;
    assert!(world.is_open(&session).await);
    world.change(user.id, |user| user.disabled = true).await;
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert!(!world.is_open(&session).await);
}

#[tokio::test]
async fn an_administrators_session_ends_when_it_is_idle_and_goes_on_while_it_is_used() {
    let world = World::start().await;
    world.administrator(ALICE).await;
    world.account(BOB).await;
    let (admin, user) = (world.sign_in(ALICE, PASSWORD).await, world.sign_in(BOB, PASSWORD).await);
    for _ in 0..10 {
        world.clock.advance(Duration::from_secs(29 * 60));
        assert!(world.is_open(&admin).await);
    }
    world.clock.advance(Duration::from_secs(30 * 60));
    assert!(!world.is_open(&admin).await && world.is_open(&user).await);
    let admin = world.sign_in(ALICE, PASSWORD).await;
    for _ in 0..7 * 48 {
        world.clock.advance(Duration::from_secs(29 * 60));
        world.is_open(&admin).await;
    }
    world.clock.advance(Duration::from_secs(7 * 24 * 3600 - 7 * 48 * 29 * 60));
    assert!(!world.is_open(&admin).await, "no session lasts longer than a week");
}

#[tokio::test]
async fn who_becomes_an_administrator_has_an_idle_limit_from_then_on() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let session = world.sign_in(ALICE, PASSWORD).await;
    world.change(user.id, |user| user.admin = true).await;
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert!(world.is_open(&session).await);
    world.clock.advance(Duration::from_secs(30 * 60));
    assert!(!world.is_open(&session).await);
}
