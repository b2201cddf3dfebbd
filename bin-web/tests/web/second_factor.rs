//! The second factor: setting it up, signing in with it, and losing the device.

use data_encoding::BASE32_NOPAD;
use stakepool_core::accounts::{TotpSecret, TotpStep, UserId};
use stakepool_core::ports::{Clock as _, UserStore as _};
use warp::http::StatusCode;

use crate::browser::{Browser, PASSWORD};
use crate::world::{Plan, World};

const ALICE: &str = "alice@example.org";

/// The code of the user's device now.
fn code(world: &World, secret: &TotpSecret) -> String {
    secret.code(TotpStep(world.clock.now().0 / 30))
}

/// Sets the second factor up; answers the secret and the recovery codes.
async fn set_up(world: &World, browser: &mut Browser) -> (TotpSecret, Vec<String>) {
    let page = browser.submit("/twofactor", &[("begin", "1"), ("password", PASSWORD)]).await.text();
    assert!(page.contains("<svg") && page.contains("Set up your device"), "{page}");
    let (_, rest) = page.split_once("<pre>").unwrap();
    let secret = rest.split_once("</pre>").unwrap().0;
    assert!(secret.split(' ').all(|group| group.len() == 4), "in groups that can be typed: {secret}");
    let secret = secret.replace(' ', "");
    let secret = TotpSecret::from_bytes(&BASE32_NOPAD.decode(secret.as_bytes()).unwrap()).unwrap();
    let wrong = browser.submit("/twofactor", &[("confirm", "1"), ("code", "000000")]).await.text();
    assert!(wrong.contains("This code is wrong") && wrong.contains("<svg"), "the same secret can be tried again");
    let fields = [("confirm", "1"), ("code", &code(world, &secret)[..])];
    let page = browser.submit("/twofactor", &fields).await.text();
    assert!(page.contains("The second factor is on:"), "{page}");
    let (_, rest) = page.split_once("<pre id=\"recovery-codes\">").unwrap();
    let codes = rest.split_once("</pre>").unwrap().0.split_whitespace().map(str::to_owned).collect();
    (secret, codes)
}

#[tokio::test]
async fn signing_in_takes_a_code_that_counts_once() {
    let world = World::start().await;
    let mut here = world.user(ALICE).await;
    let mut there = world.browser();
    there.sign_in(ALICE, PASSWORD).await;
    let (secret, codes) = set_up(&world, &mut here).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(there.get("/settings").await.location(), "/signin", "others have not shown it");
    assert_eq!(here.get("/settings").await.status, StatusCode::OK);

    let mut browser = world.browser();
    assert_eq!(browser.sign_in(ALICE, PASSWORD).await.location(), "/signincode");
    assert_eq!(browser.get("/voting?from=link").await.location(), "/signin", "one step is not enough");
    let used = code(&world, &secret);
    let reply = browser.submit("/signincode", &[("code", &used)]).await;
    assert!(reply.text().contains("was used already"), "the code of the set-up");
    world.advance(30);
    let fresh = code(&world, &secret);
    let reply = browser.submit("/signincode", &[("code", &fresh)]).await;
    assert_eq!(reply.location(), "/voting?from=link", "to the page that was asked for");
    assert_eq!(browser.get("/settings").await.status, StatusCode::OK);

    let mut other = world.browser();
    other.sign_in(ALICE, PASSWORD).await;
    assert!(other.submit("/signincode", &[("code", &fresh)]).await.text().contains("was used already"));
}

#[tokio::test]
async fn a_recovery_code_opens_the_account_once() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    let (_, codes) = set_up(&world, &mut browser).await;
    let mut lost = world.browser();
    lost.sign_in(ALICE, PASSWORD).await;
    let typed = codes[0].to_uppercase().replace('-', " ");
    assert_eq!(lost.submit("/signincode", &[("code", &typed)]).await.location(), "/start");
    assert!(lost.get("/settings").await.text().contains("recovery code, which is used up"));
    let mut again = world.browser();
    again.sign_in(ALICE, PASSWORD).await;
    assert!(again.submit("/signincode", &[("code", &codes[0])]).await.text().contains("This code is wrong"));
    assert!(lost.get("/twofactor").await.text().contains("9 recovery codes are left"));
    let page = lost.submit("/twofactor", &[("renew", "1"), ("password", PASSWORD), ("code", &codes[1])]).await.text();
    assert!(page.contains("Your recovery codes") && page.contains("The old ones are void."));
    assert!(again.submit("/signincode", &[("code", &codes[2])]).await.text().contains("This code is wrong"));
    let remove = [("remove", "1"), ("password", PASSWORD), ("code", codes[3].as_str())];
    assert!(lost.submit("/twofactor", &remove).await.text().contains("Nothing was changed: this code is wrong"));
    let (_, new) = page.split_once("<pre id=\"recovery-codes\">").unwrap();
    let new = new.lines().next().unwrap();
    let remove = [("remove", "1"), ("password", PASSWORD), ("code", new)];
    assert_eq!(lost.submit("/twofactor", &remove).await.location(), "/settings");
    assert_eq!(world.browser().sign_in(ALICE, PASSWORD).await.location(), "/start");
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    let (secret, _) = set_up(&world, &mut browser).await;
    world.advance(30);
    let mut guesser = world.browser();
    guesser.sign_in(ALICE, PASSWORD).await;
    let mut waits = false;
    for _ in 0..11 {
        waits = guesser.submit("/signincode", &[("code", "123456")]).await.status == StatusCode::TOO_MANY_REQUESTS;
        // Showing the password again forgives nothing.
        guesser.sign_in(ALICE, PASSWORD).await;
    }
    assert!(waits);
    let right = code(&world, &secret);
    assert_eq!(guesser.submit("/signincode", &[("code", &right)]).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn the_password_alone_neither_closes_the_account_nor_changes_the_ways_into_it() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    let (secret, _) = set_up(&world, &mut browser).await;
    let forms = [("renewApiKey", "renew-code"), ("updateEmail", "email-code"), ("closeAccount", "close-code")];
    let mut send = async |button: &str, code: &str| {
        let fields = [
            (button, "true"),
            ("password", PASSWORD),
            ("email", "new@example.org"),
            ("closeSure", "1"),
            ("code", code),
        ];
        browser.submit("/settings", &fields).await
    };
    for (button, field) in forms {
        for code in ["", "000000"] {
            let page = send(button, code).await.text();
            assert!(page.contains("the two-factor code is missing, wrong or used already"), "{button}: {page}");
            let tag = page.split_once(&format!("<input id=\"{field}\"")).unwrap().1.split_once('>').unwrap().0;
            assert!(tag.contains("aria-invalid"), "{field}: {tag}");
        }
    }
    world.advance(60);
    assert!(send("renewApiKey", &code(&world, &secret)).await.text().contains("Your API key is renewed"));
    world.advance(60);
    assert_eq!(send("closeAccount", &code(&world, &secret)).await.location(), "/");
}

#[tokio::test]
async fn the_second_step_needs_the_first_and_ends_with_time() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    let (secret, _) = set_up(&world, &mut browser).await;
    assert_eq!(world.browser().get("/signincode").await.location(), "/signin");
    let mut slow = world.browser();
    slow.sign_in(ALICE, PASSWORD).await;
    let mut forged = slow.clone();
    let note = forged.cookies.iter_mut().find(|(name, _)| name.ends_with("firststep")).unwrap().1;
    *note = note.replacen('1', "2", 1);
    assert_eq!(forged.get("/signincode").await.location(), "/signin");
    assert_eq!(slow.get("/signincode").await.status, StatusCode::OK);
    world.advance(600);
    let fields = [("code", &code(&world, &secret)[..])];
    let reply = slow.submit_with_token_of("/signin", "/signincode", &fields).await;
    assert_eq!(reply.location(), "/signin");
}

#[tokio::test]
async fn an_administrator_is_sent_to_set_it_up_where_it_is_required() {
    let mut plan = Plan::default();
    plan.settings.admin_second_factor = true;
    let world = World::of(plan).await;
    world.browser().sign_up(ALICE).await;
    world.browser().sign_up("bob@example.org").await;
    let before = world.database.by_id(UserId(1)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.admin = true;
    world.database.update(&before, &after).await.unwrap();
    let mut browser = world.browser();
    assert_eq!(browser.sign_in(ALICE, PASSWORD).await.location(), "/twofactor");
    assert!(browser.get("/twofactor").await.text().contains("Administrators of this pool need a second factor"));
    set_up(&world, &mut browser).await;
    assert_eq!(world.browser().sign_in(ALICE, PASSWORD).await.location(), "/signincode");
    assert_eq!(world.browser().sign_in("bob@example.org", PASSWORD).await.location(), "/start");
}
