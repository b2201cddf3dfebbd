//! Closing an account.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{LedgerStore as _, UserStore as _};
use stakepool_core::reports::{DaemonEventKind, TicketReport, TicketState};
use stakepool_core::testkit::samples;
use stakepool_core::testkit::{FakeDaemon, Mood};

use super::world::{ALICE, NEW_PASSWORD, PASSWORD, USER_KEY, World, is_in, post, sign_in};
use crate::browser::{Browser, Reply};

async fn close(browser: &mut Browser) -> Reply {
    post(browser, "/close", json!({ "password": PASSWORD })).await
}

/// Reports a ticket of the first user, and waits until the ledger has it.
async fn report(world: &World, daemon: &FakeDaemon, state: TicketState) {
    let address = world.stored(ALICE).await.unwrap().registration.unwrap().address;
    let report = TicketReport { address: address.into(), state, ..samples::report(1, 1) };
    let ticket = report.ticket;
    daemon.report(DaemonEventKind::Ticket(report));
    for _ in 0..1000 {
        if world.store.ticket(&ticket).await.unwrap().is_some_and(|ticket| ticket.state == state) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the ledger does not learn of the ticket");
}

#[tokio::test]
async fn an_account_closes_once_its_tickets_are_over_and_nothing_opens_it_again() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| (plan.daemons, plan.mail) = (vec![daemon.clone()], true)).await;
    let mut browser = world.user(ALICE).await;
    assert_eq!(post(&mut browser, "/address", json!({ "key": USER_KEY })).await.status, StatusCode::OK);
    let key =
        post(&mut browser, "/key/show", json!({ "password": PASSWORD })).await.body["key"].as_str().unwrap().to_owned();
    post(&mut browser, "/reset", json!({ "email": ALICE })).await;
    let link = world.letters.token(ALICE, "new password").await;
    let (stolen, address) = (browser.clone(), world.stored(ALICE).await.unwrap().registration);

    report(&world, &daemon, TicketState::Live).await;
    close(&mut browser).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "live or immature");
    assert!(is_in(&browser).await);
    report(&world, &daemon, TicketState::Voted).await;
    let wrong = post(&mut browser, "/close", json!({ "password": "wrong" })).await;
    wrong.refuses(StatusCode::UNAUTHORIZED, "the current password is wrong");
    assert_eq!(close(&mut browser).await.status, StatusCode::OK);

    assert!(!is_in(&browser).await && !is_in(&stolen).await);
    assert_eq!(browser.call("/purchaseinfo", &key).await.unwrap().status, StatusCode::UNAUTHORIZED);
    sign_in(&mut browser, ALICE, PASSWORD).await.refuses(StatusCode::UNAUTHORIZED, "or the password is wrong");
    let set = post(&mut browser, "/reset/set", json!({ "token": link, "new_password": NEW_PASSWORD })).await;
    set.refuses(StatusCode::UNPROCESSABLE_ENTITY, "the link was used");
    let closed = world.store.by_id(UserId(1)).await.unwrap().unwrap();
    assert!(closed.disabled && closed.registration == address, "should a ticket turn up, it is voted");
    let again = json!({ "email": ALICE, "password": PASSWORD });
    assert_eq!(post(&mut browser, "/signup", again).await.status, StatusCode::OK, "the e-mail address is free again");
    world.letters.take(ALICE, "verify").await;
}

#[tokio::test]
async fn an_account_stays_open_while_nobody_says_whether_it_holds_tickets() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    assert_eq!(post(&mut browser, "/address", json!({ "key": USER_KEY })).await.status, StatusCode::OK);
    world.wallets.iter().for_each(|wallet| wallet.set(Mood::Unreachable));
    close(&mut browser).await.refuses(StatusCode::SERVICE_UNAVAILABLE, "neither voting daemons nor wallets say");
    assert!(is_in(&browser).await);
}
