//! The way to the first vote, and what to buy with.

use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::ports::UserStore as _;
use stakepool_core::reports::TicketState;

use super::scene::{put, report, user};
use crate::fakes::daemon;
use crate::world::{Plan, USER_KEY, World};

#[tokio::test]
async fn three_steps_tick_themselves_off_from_the_sign_up_to_the_vote() {
    let world = World::start().await;
    let done = |page: &str| page.matches("class=\"done\"").count();
    let nobody = world.send("GET", "/start?wallet=exccwallet", &[], b"").await.text();
    assert!(done(&nobody) == 0 && nobody.contains("/signup") && nobody.contains("once step 2 is done"), "{nobody}");
    let mut browser = world.user("a@example.org").await;
    let signed_in = browser.get("/start?wallet=exccwallet").await.text();
    assert!(done(&signed_in) == 1 && signed_in.contains("exccctl --simnet --wallet getnewaddress"), "{signed_in}");
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    let registered = browser.get("/start?wallet=exccwallet-2.2").await.text();
    assert!(done(&registered) == 2 && registered.contains("ticketbuyer.maxpriceabsolute=0.01"), "{registered}");
    let today = browser.get("/start?wallet=exccwallet").await.text();
    assert!(today.contains("ticketbuyer.limit=1") && !today.contains("maxpriceabsolute"), "{today}");
    put(&world, &[report(&world, 100, TicketState::Live, None).await]).await;
    let bought = browser.get("/start?wallet=exccwallet").await.text();
    assert!(done(&bought) == 4 && bought.contains("the pool votes it as soon as it is drawn"), "{bought}");
    assert_eq!(done(&browser.get("/tickets").await.text()), 2, "two of the three steps");
    put(&world, &[report(&world, 100, TicketState::Voted, Some(200)).await]).await;
    assert_eq!(done(&browser.get("/start?wallet=exccwallet").await.text()), 6);
    assert_eq!(done(&browser.get("/tickets").await.text()), 0, "nothing is left to do");
    let exilibrium = browser.get("/start").await.text();
    assert!(exilibrium.contains("Exilibrium 1.8 and later cannot use this pool"), "{exilibrium}");
}

#[tokio::test]
async fn what_to_buy_with_is_filled_in() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let registration = world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.unwrap();
    assert!(browser.get("/tickets").await.text().contains("You have no tickets here yet."));
    let page = browser.get("/tickets/buy").await.text();
    let by_hand = format!(
        "exccctl --simnet --wallet purchaseticket default 0.01 1 {} 1 {} 7.5",
        registration.address, registration.fee_address
    );
    for text in [
        by_hand,
        format!("ticketbuyer.votingaddress={}", registration.address),
        format!("pooladdress={}\npoolfees=7.5", registration.fee_address),
        "ticketbuyer.maxpriceabsolute=0.01".to_owned(),
        "http://pool.example".to_owned(),
    ] {
        assert!(page.contains(&text), "{text}: {page}");
    }
    let sheet = browser.get("/tickets/backup").await.text();
    for text in [
        format!("exccctl --simnet --wallet importscript {}", registration.script),
        registration.address.to_string(),
        registration.fee_address.to_string(),
        USER_KEY.to_owned(),
        "The redeem script as a QR code".to_owned(),
        "there are no recovery codes".to_owned(),
    ] {
        assert!(sheet.contains(&text), "{text}: {sheet}");
    }
}

#[tokio::test]
async fn without_wallets_times_come_from_the_daemons_and_commands_leave_the_price_open() {
    let daemon = daemon("daemon:1");
    let world = World::of(Plan { daemons: vec![daemon.clone()], ..Plan::default() }).await;
    let mut browser = user(&world).await;
    put(&world, &[report(&world, 190, TicketState::Immature, None).await]).await;
    world.wallets_away(true);
    // The pages' figures are at most a second old.
    let mut page = String::new();
    for _ in 0..1000 {
        page = browser.get("/tickets/buy").await.text();
        if page.contains("HIGHEST_PRICE") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(page.contains("purchaseticket default HIGHEST_PRICE 1"), "{page}");
    assert!(page.contains("ticketbuyer.maxpriceabsolute=HIGHEST_PRICE"), "{page}");
    assert!(page.contains("since the price is not known now"), "{page}");
    let list = browser.get("/tickets/list?show=immature").await.text();
    assert!(list.contains(" now</caption>") && !list.contains("Times are missing"), "{list}");
}
