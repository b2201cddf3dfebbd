//! What people type and paste, in the forms in which keyboards, mail programs and web pages give it.

use stakepool_core::accounts::{Email, UserId};
use stakepool_core::ports::UserStore as _;
use stakepool_core::sanitize::is_hidden;
use stakepool_core::secret::Secret;
use stakepool_web::Admission;

use crate::browser::PASSWORD;
use crate::sink::Sink;
use crate::waiting::until;
use crate::world::{Plan, USER_KEY, World, key_of};

const STATUS_TOKEN: &str = "the token of the monitors";

/// Lets administrators in from here, and monitors with the token.
fn plan() -> Plan {
    let mut plan = Plan::default();
    plan.options.admission = Admission {
        addresses: vec!["127.0.0.1".parse().unwrap()].into(),
        status_token: Some(Secret::new(STATUS_TOKEN)),
    };
    plan
}

#[tokio::test]
async fn an_address_that_no_mail_can_reach_is_refused_with_its_reason_and_no_account_is_made() {
    let sink = Sink::start().await;
    let world = World::of(Plan { mail: Some(sink.address), ..Plan::default() }).await;
    let mut user = world.browser();
    world.account("a@example.org", false).await;
    assert_eq!(user.sign_in("a@example.org", PASSWORD).await.location(), "/start");
    for (email, reason) in [
        (".a@example.org", "a dot too many before the @"),
        ("a..b@example.org", "a dot too many before the @"),
        ("a.@example.org", "a dot too many before the @"),
        ("a@example.org.", "a dot too many behind the @"),
        ("a@-x.org", "a hyphen"),
        ("mailto:bob@example.org", "without `mailto:`"),
        ("user@[192.0.2.1]", "the address of a machine"),
        ("jürgen@example.org", "`ü` before the @"),
        ("a@example.org\u{200b}", "not seen (U+200B)"),
        ("a\u{202e}b@example.org", "not seen (U+202E)"),
    ] {
        let fields = [("email", email), ("password", PASSWORD), ("passwordrepeat", PASSWORD)];
        let page = world.browser().submit("/signup", &fields).await.text();
        assert!(page.contains("Account not created") && page.contains(reason), "{email}: {page}");
        let page = user.submit("/settings", &[("updateEmail", "true"), ("email", email), ("password", PASSWORD)]).await;
        let page = page.text();
        assert!(page.contains("stays as it is") && page.contains(reason), "{email}: {page}");
        assert!(!page.chars().any(is_hidden), "{email}");
    }
    assert_eq!((world.database.counts().await.unwrap().0, sink.count()), (1, 0));
}

#[tokio::test]
async fn an_account_is_one_however_its_domain_and_password_are_spelled() {
    let sink = Sink::start().await;
    let world = World::of(Plan { mail: Some(sink.address), ..Plan::default() }).await;
    let fields = |email, password| [("email", email), ("password", password), ("passwordrepeat", password)];
    let mut browser = world.browser();
    browser.submit("/signup", &fields("User@Bücher.example", "Grüße aus Köln")).await;
    let letter = sink.letter("user@xn--bcher-kva.example", "verify").await;
    browser.submit(&letter.link(), &[("t", &letter.token())]).await;
    for email in ["user@bücher.example", "user@XN--BCHER-KVA.example", "user@bu\u{308}cher.example\u{feff}"] {
        for password in ["Grüße aus Köln", "Gru\u{308}ße\u{a0}aus Ko\u{308}ln"] {
            assert_eq!(world.browser().sign_in(email, password).await.location(), "/start", "{email:?} {password:?}");
        }
    }
    world.browser().submit("/signup", &fields("user@xn--bcher-kva.example", PASSWORD)).await;
    assert!(sink.letter("user@xn--bcher-kva.example", "already").await.text.contains("/signin"));
    assert_eq!(world.database.counts().await.unwrap().0, 1);
}

/// Puts an address into the store as it lies there from before addresses were looked at.
async fn store(world: &World, id: UserId, email: &str) {
    let before = world.database.by_id(id).await.unwrap().unwrap();
    let mut after = before.clone();
    after.email = Email::from_store(email.to_owned());
    world.database.update(&before, &after).await.unwrap();
}

#[tokio::test]
async fn accounts_of_before_sign_in_and_their_addresses_are_shown_with_all_that_is_in_them() {
    let world = World::of(plan()).await;
    world.account("admin@example.org", true).await;
    for (n, old) in ["a\u{202e}b@example.org", "user@bücher.example", "c..d@example.org"].into_iter().enumerate() {
        let id = world.account(&format!("u{n}@example.org"), false).await;
        store(&world, id, old).await;
        assert_eq!(world.browser().sign_in(old, PASSWORD).await.location(), "/start", "{old:?}");
    }
    let mut admin = world.browser();
    admin.sign_in("admin@example.org", PASSWORD).await;
    for target in ["/adminusers", "/adminusers?q=%E2%80%AE", "/adminuser?id=2", "/adminaudit?show=all"] {
        let page = admin.get(target).await.text();
        assert!(!page.chars().any(is_hidden), "{target}: {page}");
        assert!(target.contains("audit") || page.contains(r"a\u{202e}b@"), "{target}: {page}");
    }
    let mut found = async |q: &str| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
        admin.get(&format!("/adminusers?{query}")).await.text().matches("href=\"/adminuser?id=").count()
    };
    for q in [" \u{201c}ADMIN@example.org\u{201d}", "\u{feff}admin@example.org\u{200b}", "user@xn--bcher-kva.example"] {
        assert_eq!(found(q).await, 1, "{q:?}");
    }
}

/// Waits until a mail that was given up is noted, or none is any more.
async fn until_mail_fails(world: &World, fails: bool) {
    let what = if fails { "a mail is given up" } else { "no mail is given up any more" };
    until(what, async || world.pool.mail_troubles().await.unwrap().failed.is_empty() != fails).await;
}

#[tokio::test]
async fn a_mail_that_is_given_up_is_shown_to_administrators_with_its_reason() {
    let sink = Sink::start().await;
    let world = World::of(Plan { mail: Some(sink.address), ..plan() }).await;
    world.account("admin@example.org", true).await;
    let id = world.account("u@example.org", false).await;
    store(&world, id, "c..d@example.org").await;
    world.browser().submit("/passwordreset", &[("email", "C..d@example.org")]).await;
    until_mail_fails(&world, true).await;
    let mut admin = world.browser();
    admin.sign_in("admin@example.org", PASSWORD).await;
    assert_eq!(admin.get("/adminusers").await.text().matches("mail fails").count(), 1);
    for (target, words) in [
        ("/adminuser?id=2", "Mail given up"),
        ("/status", "mail to user 2 was given up"),
        ("/adminmail", "href=\"/adminuser?id=2\""),
    ] {
        let page = admin.get(target).await.text();
        assert!(page.contains(words) && page.contains("a dot too many before the @"), "{target}: {page}");
        assert!(!page.contains("server refused"), "nobody asked the mail server: {page}");
    }
    store(&world, id, "u@example.org").await;
    world.browser().submit("/passwordreset", &[("email", "u@example.org")]).await;
    sink.letter("u@example.org", "new password").await;
    until_mail_fails(&world, false).await;
    assert!(admin.get("/adminmail").await.text().contains("None: no mail to a user was given up"));
}

#[tokio::test]
async fn a_key_or_token_is_taken_in_every_way_in_which_http_lets_it_be_written() {
    let world = World::of(plan()).await;
    world.old_users(1).await;
    for (target, secret) in [("/api/v2/getpurchaseinfo", key_of(1)), ("/status.json", STATUS_TOKEN.to_owned())] {
        let send = async |lines: &[String]| {
            let headers: Vec<_> = lines.iter().map(|line| ("authorization", line.as_str())).collect();
            let reply = world.send("GET", target, &headers, b"").await;
            (reply.status, reply.text())
        };
        let usual = send(&[format!("Bearer {secret}")]).await;
        assert!(!usual.1.contains("invalid api token") && usual.0 != 401, "{usual:?}");
        let basic = || "Basic dXNlcjpwYXNz".to_owned();
        for lines in [
            vec![format!("bearer {secret}")],
            vec![format!("BEARER {secret}")],
            vec![format!("Bearer  {secret}")],
            vec![format!("Bearer\t{secret}")],
            vec![basic(), format!("Bearer {secret}")],
            vec![format!("{}, bearer {secret}", basic())],
        ] {
            let reply = send(&lines).await;
            assert_eq!(reply.0, usual.0, "{target} {lines:?}: {}", reply.1);
            assert!(!reply.1.contains("invalid api token"), "{target} {lines:?}: {}", reply.1);
        }
        for line in [format!("Basic {secret}"), secret.clone(), format!("Bearer{secret}"), format!("Bearer {secret} x")]
        {
            let reply = send(std::slice::from_ref(&line)).await;
            assert!(
                reply.1.contains("invalid api token") || reply.0 == 401 || reply.0 == 303,
                "{target} {line}: {reply:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_pasted_address_is_taken_with_what_stands_around_it() {
    let world = World::start().await;
    for (n, pasted) in
        [format!("\u{200b}{USER_KEY}\u{feff}"), format!(" \u{201c}{USER_KEY}\u{201d},\r\n"), format!("'{USER_KEY}'")]
            .iter()
            .enumerate()
    {
        let mut browser = world.user(&format!("u{n}@example.org")).await;
        let reply = browser.submit("/address", &[("UserPubKeyAddr", pasted)]).await;
        assert_eq!(reply.location(), "/tickets", "{pasted:?}: {}", reply.text());
    }
}
