//! Accounts of a pool that sends mail: verification, reset and change of address.

use stakepool_core::accounts::{Email, EmailState, User, UserId};
use stakepool_core::ports::{AuditStore as _, UserStore as _};
use warp::http::StatusCode;

use crate::browser::{Browser, PASSWORD, hidden_token};
use crate::sink::{Letter, Sink};
use crate::waiting::until;
use crate::world::{Plan, World};

const ALICE: &str = "alice@example.org";
const NEW: &str = "another long one";

async fn world() -> (World, Sink) {
    let sink = Sink::start().await;
    let world = World::of(Plan { mail: Some(sink.address), ..Plan::default() }).await;
    (world, sink)
}

/// A user who signed up and verified the address, in a browser that is signed in.
async fn verified(world: &World, sink: &Sink, email: &str) -> Browser {
    let mut browser = world.browser();
    browser.sign_up(email).await;
    let link = sink.letter(email, "verify").await.link();
    browser.submit(&link, &[("t", link.split_once("?t=").unwrap().1)]).await;
    assert_eq!(browser.sign_in(email, PASSWORD).await.location(), "/start");
    browser
}

async fn user(world: &World, id: i64) -> User {
    world.database.by_id(UserId(id)).await.unwrap().unwrap()
}

async fn actions(world: &World) -> Vec<String> {
    world.database.latest(100).await.unwrap().into_iter().rev().map(|entry| entry.action).collect()
}

#[tokio::test]
async fn an_account_opens_once_its_address_is_verified_by_a_button() {
    let (world, sink) = world().await;
    let mut browser = world.browser();
    assert!(browser.sign_up(ALICE).await.text().contains("Look into your mail"));
    let letter = sink.letter(ALICE, "verify").await;
    let refused = browser.sign_in(ALICE, PASSWORD).await.text();
    assert!(refused.contains("not verified yet") && refused.contains("Send the email again"), "{refused}");
    assert!(!browser.sign_in(ALICE, "wrong one").await.text().contains("not verified"), "only who knows the password");
    for _ in 0..2 {
        let page = browser.get(&letter.link()).await;
        assert!(page.text().contains("Verify the address"), "a scanner that follows links uses nothing up");
    }
    assert_eq!(user(&world, 1).await.email_state, EmailState::Unverified);
    let fields = [("t", letter.token())];
    let fields = [("t", fields[0].1.as_str())];
    assert_eq!(browser.submit(&letter.link(), &fields).await.location(), "/signin");
    assert_eq!(user(&world, 1).await.email_state, EmailState::Verified);
    let again = browser.submit_with_token_of("/signin", "/emailverify", &fields).await;
    assert!(again.text().contains("This link does not work"));
    assert_eq!(browser.sign_in(ALICE, PASSWORD).await.location(), "/start");
    assert_eq!(actions(&world).await, ["account.create", "account.verify"]);
}

#[tokio::test]
async fn a_verification_is_sent_again_lasts_a_day_and_tells_nothing_of_others() {
    let (world, sink) = world().await;
    let mut browser = world.browser();
    browser.sign_up(ALICE).await;
    let first = sink.letter(ALICE, "verify").await;
    world.advance(24 * 3600);
    assert!(browser.get(&first.link()).await.text().contains("This link does not work"));
    let mut again = async |email: &str| {
        browser.submit_with_token_of("/signin", "/emailverify", &[("email", email), ("resend", "1")]).await
    };
    let known = again(ALICE).await.text();
    assert_eq!(known, again("nobody@example.org").await.text());
    until("two mails", async || sink.all_to(ALICE).len() >= 2).await;
    let second = sink.letter(ALICE, "verify").await;
    assert_ne!(first.token(), second.token());
    assert!(sink.all_to("nobody@example.org").is_empty());
    for _ in 0..4 {
        assert_eq!(again(ALICE).await.text(), known, "that no more is sent tells nothing either");
    }
    until("four mails", async || sink.all_to(ALICE).len() >= 4).await;
    // One too many would follow at once.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(sink.all_to(ALICE).len(), 4, "one of the sign-up, and three more");
    assert_eq!(world.browser().submit(&second.link(), &[("t", &second.token())]).await.location(), "/signin");
}

#[tokio::test]
async fn users_taken_over_unverified_must_verify_and_older_ones_need_not() {
    let (world, _sink) = world().await;
    world.browser().sign_up(ALICE).await;
    change(&world, |user| user.email_state = EmailState::Predates).await;
    assert_eq!(world.browser().sign_in(ALICE, PASSWORD).await.location(), "/start");
    change(&world, |user| user.email_state = EmailState::Unverified).await;
    assert!(world.browser().sign_in(ALICE, PASSWORD).await.text().contains("not verified yet"));
}

#[tokio::test]
async fn a_second_sign_up_reads_the_same_and_the_mail_tells_the_truth() {
    let (world, sink) = world().await;
    let first = world.browser().sign_up(ALICE).await.text();
    assert_eq!(first, world.browser().sign_up("ALICE@example.org").await.text());
    assert!(sink.letter(ALICE, "already").await.text.contains("/passwordreset"));
    assert_eq!(world.database.counts().await.unwrap().0, 1);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_within_an_hour_and_once() {
    let (world, sink) = world().await;
    let mut signed_in = verified(&world, &sink, ALICE).await;
    let mut browser = world.browser();
    let known = browser.submit("/passwordreset", &[("email", "Alice@Example.org")]).await;
    let unknown = browser.submit("/passwordreset", &[("email", "nobody@example.org")]).await;
    assert_eq!(known.text(), unknown.text());
    let letter = sink.letter(ALICE, "new password").await;
    let asked = || async {
        let log = world.database.latest(100).await.unwrap();
        log.into_iter().filter(|entry| entry.action == "account.reset.ask").collect::<Vec<_>>()
    };
    until("the question is noted", async || !asked().await.is_empty()).await;
    let asked = asked().await;
    assert_eq!((asked.len(), &asked[0].actor[..], &asked[0].subject[..]), (1, "a visitor", "1"));
    let (link, token) = (letter.link(), letter.token());
    for (new, repeat, reason) in [("short", "short", "at least 8"), (NEW, "other one", "the two passwords differ")] {
        let fields = [("t", token.as_str()), ("password", new), ("passwordrepeat", repeat)];
        let text = browser.submit(&link, &fields).await.text();
        assert!(text.contains("Your password stays as it is") && text.contains(reason), "{text}");
    }
    let fields = [("t", token.as_str()), ("password", NEW), ("passwordrepeat", NEW)];
    assert_eq!(browser.submit(&link, &fields).await.location(), "/signin");
    assert_eq!(signed_in.get("/settings").await.location(), "/signin", "every device is signed out");
    assert!(browser.get(&link).await.text().contains("This link does not work"));
    assert!(browser.sign_in(ALICE, PASSWORD).await.text().contains("is wrong"));
    assert_eq!(browser.sign_in(ALICE, NEW).await.location(), "/start");
    assert!(sink.letter(ALICE, "change of your account").await.text.contains("password of your account was changed"));
    assert!(actions(&world).await.contains(&"account.reset".to_owned()));

    browser.submit_with_token_of("/stats", "/passwordreset", &[("email", ALICE)]).await;
    let resets = || sink.all_to(ALICE).iter().filter(|letter| letter.subject.contains("new password")).count();
    until("the second letter", async || resets() >= 2).await;
    let late = sink.letter(ALICE, "new password").await;
    world.advance(3600);
    assert!(world.browser().get(&late.link()).await.text().contains("This link does not work"));
}

#[tokio::test]
async fn an_address_is_changed_by_its_new_holder_and_the_old_one_is_told() {
    let (world, sink) = world().await;
    let mut browser = verified(&world, &sink, ALICE).await;
    let change = |email: &'static str, password: &'static str| {
        [("email", email), ("password", password), ("updateEmail", "true")]
    };
    let wrong = browser.submit("/settings", &change("new@example.org", "wrong")).await.text();
    assert!(wrong.contains("Your e-mail address stays as it is: the current password is wrong."), "{wrong}");
    assert_eq!(browser.submit("/settings", &change("new@example.org", PASSWORD)).await.location(), "/settings");
    assert!(sink.letter(ALICE, "is to be changed").await.text.contains("change your password now"));
    let letter = sink.letter("new@example.org", "confirm").await;
    assert!(world.browser().get(&letter.link()).await.text().contains("new@example.org"));
    assert_eq!(user(&world, 1).await.email, Email::parse(ALICE).unwrap());
    assert_eq!(world.browser().submit(&letter.link(), &[("t", &letter.token())]).await.location(), "/signin");
    assert!(sink.letter(ALICE, "was changed").await.text.contains("new@example.org"));
    assert!(world.browser().sign_in(ALICE, PASSWORD).await.text().contains("is wrong"));
    assert_eq!(world.browser().sign_in("new@example.org", PASSWORD).await.location(), "/start");
}

#[tokio::test]
async fn what_was_begun_with_an_old_password_comes_to_nothing_with_a_new_one() {
    let (world, sink) = world().await;
    let mut browser = verified(&world, &sink, ALICE).await;
    let mut intruder = world.browser();
    intruder.sign_in(ALICE, PASSWORD).await;
    let ask = |email: &'static str, password: &'static str| {
        [("email", email), ("password", password), ("updateEmail", "true")]
    };
    intruder.submit("/settings", &ask("first@example.net", PASSWORD)).await;
    let link = sink.letter("first@example.net", "confirm").await;
    let fields = [("password", PASSWORD), ("newpassword", NEW), ("newpasswordrepeat", NEW), ("updatePassword", "true")];
    assert_eq!(browser.submit("/settings", &fields).await.location(), "/settings");
    let take = async |letter: &Letter| {
        let fields = [("t", letter.token())];
        let fields = [("t", fields[0].1.as_str())];
        world.browser().submit_with_token_of("/signin", "/emailupdate", &fields).await.text()
    };
    assert!(take(&link).await.contains("This link does not work"));

    intruder.sign_in(ALICE, NEW).await;
    intruder.submit("/settings", &ask("second@example.net", NEW)).await;
    let link = sink.letter("second@example.net", "confirm").await;
    browser.submit_with_token_of("/stats", "/passwordreset", &[("email", ALICE)]).await;
    let reset = sink.letter(ALICE, "new password").await;
    let fields = [("t", reset.token()), ("password", PASSWORD.to_owned()), ("passwordrepeat", PASSWORD.to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.submit(&reset.link(), &fields).await.location(), "/signin");
    assert!(take(&link).await.contains("This link does not work"));
    assert_eq!(user(&world, 1).await.email, Email::parse(ALICE).unwrap());
}

#[tokio::test]
async fn who_resets_the_password_is_told_that_the_api_key_still_works() {
    let (world, sink) = world().await;
    let mut browser = verified(&world, &sink, ALICE).await;
    browser.submit_with_token_of("/stats", "/passwordreset", &[("email", ALICE)]).await;
    let reset = sink.letter(ALICE, "new password").await;
    let fields = [("t", reset.token()), ("password", NEW.to_owned()), ("passwordrepeat", NEW.to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.submit(&reset.link(), &fields).await.location(), "/signin");
    let page = browser.get("/signin").await.text();
    assert!(page.contains("Your API key still works") && page.contains("<a href=\"/settings\">"), "{page}");
    let letter = sink.letter(ALICE, "change of your account").await;
    assert!(letter.text.contains("still works") && letter.text.contains("http://pool.example/settings"));
}

#[tokio::test]
async fn no_answer_tells_whether_an_address_got_too_many_mails() {
    let sink = Sink::start().await;
    let mut plan = Plan { mail: Some(sink.address), ..Plan::default() };
    plan.settings.tries.mails_per_account = 1;
    let world = World::of(plan).await;
    world.old_users(1).await;
    for email in ["u1@example.org", "new@example.org"] {
        for _ in 0..2 {
            assert!(world.browser().sign_up(email).await.text().contains("Look into your mail"), "{email}");
            let again = [("email", email), ("resend", "1")];
            let again = world.browser().submit_with_token_of("/signin", "/emailverify", &again).await;
            assert!(again.text().contains("Look into your mail"), "{email}");
        }
    }
    for _ in 0..2 {
        world.browser().sign_up("u1@example.org").await;
    }
    let refused = world.browser().sign_up("u1@example.org").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "the client has asked for ten");
    assert!(refused.text().contains("Account not created"), "{}", refused.text());
    assert_eq!(world.database.counts().await.unwrap().0, 2);
}

#[tokio::test]
async fn a_taken_address_is_told_to_its_holder_only() {
    let (world, sink) = world().await;
    let mut browser = verified(&world, &sink, ALICE).await;
    verified(&world, &sink, "bob@example.org").await;
    let fields = [("email", "bob@example.org"), ("password", PASSWORD), ("updateEmail", "true")];
    assert_eq!(browser.submit("/settings", &fields).await.location(), "/settings");
    assert!(browser.get("/settings").await.text().contains("A mail is on its way to the new address"));
    sink.letter("bob@example.org", "already").await;
    assert_eq!(user(&world, 1).await.email, Email::parse(ALICE).unwrap());
}

#[tokio::test]
async fn tokens_that_are_none_are_refused_on_every_page() {
    let (world, _sink) = world().await;
    for page in ["/emailverify", "/emailupdate", "/passwordupdate"] {
        for token in ["", "abc", &"0".repeat(64), "%27%20OR%201", &"a".repeat(5000)] {
            let target = format!("{page}?t={token}");
            assert!(world.browser().get(&target).await.text().contains("This link does not work"), "{target}");
            let mut browser = world.browser();
            let csrf = hidden_token(&browser.get("/signin").await.text()).unwrap();
            let reply = browser.post(page, &[("csrf_token", &csrf), ("t", token)]).await;
            assert!(reply.text().contains("This link does not work"), "{target}");
        }
        assert_eq!(world.browser().post(page, &[("t", "abc")]).await.status, StatusCode::FORBIDDEN, "forged");
    }
}

#[tokio::test]
async fn a_pool_without_mail_says_so() {
    let world = World::start().await;
    assert!(world.browser().get("/signup").await.text().contains("This pool sends no email"));
    let reset = world.browser().get("/passwordreset").await.text();
    assert!(reset.contains("This pool sends no email") && !reset.contains("name=\"email\""), "{reset}");
    let mut browser = world.user(ALICE).await;
    assert!(browser.get("/settings").await.text().contains("This pool sends no email"));
    let fields = [("email", "b@example.org"), ("password", PASSWORD), ("updateEmail", "true")];
    assert_eq!(browser.submit("/settings", &fields).await.location(), "/settings");
    assert_eq!(world.browser().sign_in("b@example.org", PASSWORD).await.location(), "/start");
}

/// Changes the first user behind the application's back.
async fn change(world: &World, change: impl FnOnce(&mut User)) {
    let before = user(world, 1).await;
    let mut after = before.clone();
    change(&mut after);
    world.database.update(&before, &after).await.unwrap();
}
