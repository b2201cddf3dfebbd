//! Signing up, in and out, and the password.

use stakepool_core::accounts::{Email, PasswordHashes, User, UserId};
use stakepool_core::ports::UserStore as _;
use warp::http::StatusCode;

use crate::browser::{PASSWORD, hidden_token};
use crate::world::{Plan, USER_KEY, World};

#[tokio::test]
async fn from_sign_up_to_the_first_ticket_everything_works_without_scripts() {
    let world = World::start().await;
    let mut browser = world.browser();
    assert_eq!(browser.sign_up("New@Example.org").await.location(), "/signin");
    assert!(browser.get("/signin").await.text().contains("Account created."));
    assert_eq!(browser.sign_in("new@example.org", PASSWORD).await.location(), "/start");
    assert_eq!(browser.get("/tickets").await.location(), "/address");
    let reply = browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    assert_eq!(reply.location(), "/tickets");
    let tickets = browser.get("/tickets").await.text();
    assert!(tickets.contains("Your address is registered"), "{tickets}");
    let user = world.database.by_id(UserId(1)).await.unwrap().unwrap();
    let registration = user.registration.unwrap();
    let buy = browser.get("/tickets/buy").await.text();
    assert!(buy.contains(&format!("ticketbuyer.votingaddress={}", registration.address)), "{buy}");
    assert!(browser.get("/tickets/backup").await.text().contains(&registration.script.to_string()));
    let key = browser.api_key().await;
    let info = world.call(&key, "/api/v2/getpurchaseinfo", None).await;
    assert!(info.contains(&format!("\"TicketAddress\":\"{}\"", registration.address)), "{info}");
    let mut again = world.browser();
    assert_eq!(again.sign_in("new@example.org", PASSWORD).await.location(), "/tickets");
}

#[tokio::test]
async fn a_sign_up_is_refused_with_the_reason_and_no_account_is_made() {
    let world = World::start().await;
    world.browser().sign_up("taken@example.org").await;
    for (email, password, repeat, reason) in [
        ("no address", PASSWORD, PASSWORD, "must look like name@example.org"),
        ("a@example.org", "short", "short", "at least 8 characters"),
        ("a@example.org", "password1", "password1", "tried first"),
        ("a@example.org", "a@example.org", "a@example.org", "must not be the e-mail address"),
        ("a@example.org", PASSWORD, "another password", "the two passwords differ"),
        ("TAKEN@example.org", PASSWORD, PASSWORD, "There is an account with this e-mail address already"),
    ] {
        let fields = [("email", email), ("password", password), ("passwordrepeat", repeat)];
        let reply = world.browser().submit("/signup", &fields).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(reply.text().contains(reason), "{reason}: {}", reply.text());
        assert!(!reply.text().contains(PASSWORD));
    }
    assert_eq!(world.database.counts().await.unwrap().0, 1);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_read_the_same() {
    let world = World::start().await;
    world.browser().sign_up("a@example.org").await;
    let wrong = world.browser().sign_in("a@example.org", "wrong").await.text();
    assert!(wrong.contains("The e-mail address or the password is wrong."));
    let strip = |text: &str| text.replace("a@example.org", "").replace("b@example.org", "");
    let token = |text: &str| hidden_token(text).unwrap();
    let unknown = world.browser().sign_in("b@example.org", "wrong").await.text();
    assert_eq!(strip(&wrong).replace(&token(&wrong), ""), strip(&unknown).replace(&token(&unknown), ""));
    assert!(world.browser().sign_in("no address", "wrong").await.text().contains("is wrong"));
}

#[tokio::test]
async fn too_many_tries_must_wait_and_are_told_how_long() {
    let world = World::start().await;
    world.browser().sign_up("a@example.org").await;
    for _ in 0..10 {
        assert_eq!(world.browser().sign_in("a@example.org", "wrong").await.status, StatusCode::OK);
    }
    let reply = world.browser().sign_in("a@example.org", PASSWORD).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(reply.text().contains("try again in 10 minutes"), "{}", reply.text());
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 590);
}

#[tokio::test]
async fn sign_ups_are_limited_by_address() {
    let mut plan = Plan::default();
    plan.settings.tries.sign_ups_per_client = 1;
    let world = World::of(plan).await;
    assert_eq!(world.browser().sign_up("a@example.org").await.status, StatusCode::SEE_OTHER);
    let reply = world.browser().sign_up("b@example.org").await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(reply.text().contains("Account not created"));
}

#[tokio::test]
async fn a_session_ends_on_sign_out_and_nowhere_else() {
    let world = World::start().await;
    let mut here = world.user("a@example.org").await;
    let mut there = world.browser();
    there.sign_in("a@example.org", PASSWORD).await;
    let stolen = here.clone();
    assert!(here.get("/logout").await.text().contains("<button"), "looking at the page changes nothing");
    assert_eq!(here.get("/settings").await.status, StatusCode::OK);
    assert_eq!(here.submit("/logout", &[]).await.location(), "/");
    assert!(here.get("/").await.text().contains("You are signed out"));
    for mut browser in [here, stolen] {
        assert_eq!(browser.get("/settings").await.location(), "/signin");
    }
    assert_eq!(there.get("/settings").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_password_signs_out_every_other_device() {
    let world = World::start().await;
    let mut here = world.user("a@example.org").await;
    let mut there = world.browser();
    there.sign_in("a@example.org", PASSWORD).await;
    let old = here.clone();
    let key = here.api_key().await;
    let change = |current: &'static str, new: &'static str, repeat: &'static str| {
        [("password", current), ("newpassword", new), ("newpasswordrepeat", repeat), ("updatePassword", "true")]
    };
    for (fields, reason) in [
        (change("wrong", "another long one", "another long one"), "the current password is wrong"),
        (change(PASSWORD, "another long one", "a third one"), "the two new passwords differ"),
        (change(PASSWORD, "12345678", "12345678"), "tried first"),
    ] {
        let text = here.submit("/settings", &fields).await.text();
        assert!(text.contains("Your password stays as it is") && text.contains(reason), "{text}");
    }
    let fields = change(PASSWORD, "another long one", "another long one");
    assert_eq!(here.submit("/settings", &fields).await.location(), "/settings");
    assert!(here.get("/settings").await.text().contains("Your password is changed"));
    for mut browser in [there, old] {
        assert_eq!(browser.get("/settings").await.location(), "/signin");
    }
    assert_eq!(here.api_key_by("another long one").await, key);
    assert!(world.browser().sign_in("a@example.org", PASSWORD).await.text().contains("is wrong"));
    assert_eq!(world.browser().sign_in("a@example.org", "another long one").await.location(), "/start");
}

#[tokio::test]
async fn a_session_does_not_outlast_a_week() {
    let world = World::start().await;
    let mut browser = world.user("a@example.org").await;
    world.advance(7 * 24 * 3600 - 1);
    assert_eq!(browser.get("/settings").await.status, StatusCode::OK);
    world.advance(1);
    assert_eq!(browser.get("/settings").await.location(), "/signin");
}

#[tokio::test]
async fn a_disabled_account_is_out_within_a_second_and_cannot_come_back() {
    let world = World::start().await;
    let mut browser = world.user("a@example.org").await;
    let key = browser.api_key().await;
    change(&world, |user| user.disabled = true).await;
    tokio::time::sleep(std::time::Duration::from_millis(1050)).await;
    assert_eq!(browser.get("/settings").await.location(), "/signin");
    assert!(world.call(&key, "/api/v2/getpurchaseinfo", None).await.contains("invalid api token"));
    let text = world.browser().sign_in("a@example.org", PASSWORD).await.text();
    assert!(text.contains("This account is disabled"), "{text}");
}

#[tokio::test]
async fn a_user_of_the_predecessor_signs_in_and_gets_a_new_hash_beside_the_old_one() {
    let world = World::start().await;
    world.browser().sign_up("a@example.org").await;
    let bcrypt = "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga";
    change(&world, |user| user.password = PasswordHashes { bcrypt: Some(bcrypt.into()), argon2: None }).await;
    for _ in 0..2 {
        assert_eq!(world.browser().sign_in("a@example.org", "allmine").await.location(), "/start");
        let user = world.database.by_email(&Email::parse("a@example.org").unwrap()).await.unwrap().unwrap();
        assert!(user.password.argon2.is_some());
        assert_eq!(user.password.bcrypt.as_deref(), Some(bcrypt));
    }
}

/// Changes the first user behind the application's back, as another instance does.
async fn change(world: &World, change: impl FnOnce(&mut User)) {
    let before = world.database.by_id(UserId(1)).await.unwrap().unwrap();
    let mut after = before.clone();
    change(&mut after);
    world.database.update(&before, &after).await.unwrap();
}
