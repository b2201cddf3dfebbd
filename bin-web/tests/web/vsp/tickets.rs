//! Tickets of wallets of today, shown to their owners and to administrators.

use std::time::Duration;

use serde_json::Value;
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHeight, KeyIndex, MessageSignature, Network, PrivateKey, Transaction,
};
use stakepool_core::ports::{Clock as _, RegisteredTicket, SealedSecret, VspTicketStore as _};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{FeeAddress, FeeStatus, Outcome, Quote, TicketRegistration, VspTicket};
use stakepool_web::ProxyTrust;
use warp::http::StatusCode;

use super::replay::exchanges;
use super::scene::Scene;
use crate::admin::plan;
use crate::browser::Browser;
use crate::world::Plan;

const WRONG: &str = "This is no signature of the text by an address of the ticket";

pub(super) fn key(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[number; 32]).unwrap()
}

fn address(number: u8) -> Address {
    Address::new(Network::Simnet, AddressKind::PubKeyHash(key(number).pubkey_hash()))
}

/// A ticket of a real wallet, which the key 1 owns.
async fn ticket(scene: &Scene) -> RegisteredTicket {
    let exchange = exchanges().into_iter().find(|exchange| exchange.path.ends_with("/feeaddress")).unwrap();
    let body: Value = serde_json::from_str(&exchange.request_body).unwrap();
    let transaction = Transaction::decode_hex(body["tickethex"].as_str().unwrap()).unwrap();
    let fee_address = FeeAddress { index: KeyIndex(1), address: address(9) };
    let quote = Quote { amount: Amount::from_atoms(2_197_718), expires: UnixTime(0) };
    let known = VspTicket::from_transaction(&transaction).unwrap();
    let registration = TicketRegistration {
        owner: address(1),
        ..TicketRegistration::new(&known, Network::Simnet, fee_address, quote)
    };
    RegisteredTicket::new(registration, transaction, scene.clock.now())
}

/// Keeps a ticket whose fee is somewhere.
pub(super) async fn keep(scene: &Scene, fee: FeeStatus, outcome: Option<Outcome>) -> RegisteredTicket {
    let mut ticket = ticket(scene).await;
    (ticket.registration.fee, ticket.registration.outcome) = (fee, outcome);
    ticket.ended_at = outcome.map(|_| BlockHeight(170));
    ticket.voting_key = Some(SealedSecret(b"a secret".to_vec()));
    assert!(scene.world.database.add_registered(&ticket).await.unwrap());
    ticket
}

/// What stands between the tags of a part of a page.
pub(super) fn part(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\">")).unwrap_or_else(|| panic!("no {id}: {page}"));
    rest.split_once('<').unwrap().0.replace("&#x2F;", "/").replace("&quot;", "\"")
}

pub(super) fn field(page: &str, name: &str) -> String {
    let (_, rest) =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name}: {page}"));
    rest.split_once('"').unwrap().0.to_owned()
}

/// Signs what a browser is shown, and gives the page that comes then.
pub(super) async fn sign(browser: &mut Browser, ticket: &RegisteredTicket, key: &PrivateKey) -> (StatusCode, String) {
    let hash = ticket.registration.ticket.to_string();
    let page = browser.get(&format!("/vsp/ticket?ticket={hash}")).await.text();
    let signature = MessageSignature::sign(part(&page, "text").as_bytes(), key).to_base64();
    let made = field(&page, "made");
    let token = field(&page, "csrf_token");
    let fields = [("csrf_token", &*token), ("ticket", &hash), ("made", &made), ("signature", &signature)];
    let reply = browser.post("/vsp/ticket", &fields).await;
    (reply.status, reply.text())
}

#[tokio::test]
async fn the_owner_is_given_a_text_of_this_pool_and_ticket_with_the_command_that_signs_it() {
    let scene = Scene::set().await;
    let ticket = keep(&scene, FeeStatus::Confirmed, None).await;
    let hash = ticket.registration.ticket.to_string();
    let page = scene.world.browser().get(&format!("/vsp/ticket?ticket=%200x{hash}")).await.text();
    let text = part(&page, "text");
    assert!(text.contains(&hash) && text.contains("http://pool.example"), "{text}");
    let expected = format!("exccctl --simnet --wallet signmessage {} \"{text}\"", address(1));
    assert_eq!(part(&page, "command-1"), expected);
    let other = scene.world.browser().get(&format!("/vsp/ticket?ticket={hash}")).await.text();
    assert_ne!(part(&other, "text"), text, "another browser");
    for (typed, status) in [("nonsense", StatusCode::BAD_REQUEST), (&"0".repeat(64), StatusCode::NOT_FOUND)] {
        assert_eq!(scene.world.browser().get(&format!("/vsp/ticket?ticket={typed}")).await.status, status);
    }
}

#[tokio::test]
async fn whoever_signs_sees_the_ticket_and_no_key() {
    let scene = Scene::set().await;
    let ticket = keep(&scene, FeeStatus::Confirmed, None).await;
    let mut browser = scene.world.browser();
    let (status, page) = sign(&mut browser, &ticket, &key(1)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    for text in ["It is voted when it is drawn.", "0.02197718 EXCC, confirmed", "registered; a fee was asked for"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("secret") && !page.contains(&hex::encode("a secret")), "{page}");
}

#[tokio::test]
async fn the_alternate_address_signs_too_and_others_and_old_texts_do_not() {
    let scene = Scene::set().await;
    let mut known = ticket(&scene).await;
    known.registration.alternate = Some(address(2));
    assert!(scene.world.database.add_registered(&known).await.unwrap());
    let mut browser = scene.world.browser();
    assert_eq!(sign(&mut browser, &known, &key(2)).await.0, StatusCode::OK);
    let (status, page) = sign(&mut browser, &known, &key(3)).await;
    assert!(status == StatusCode::FORBIDDEN && page.contains(WRONG), "{page}");
    // Who has not signed is not told the alternate address.
    assert!(!page.contains(&address(2).to_string()), "{page}");
    let expected = format!("signmessage ALTERNATE_ADDRESS \"{}\"", part(&page, "text"));
    assert!(part(&page, "command-2").ends_with(&expected), "{page}");
    let text = part(&page, "text");

    // A right signature counts neither elsewhere nor later.
    let signature = MessageSignature::sign(text.as_bytes(), &key(1)).to_base64();
    let (hash, made) = (known.registration.ticket.to_string(), field(&page, "made"));
    let fields = [("ticket", &*hash), ("made", &*made), ("signature", &*signature)];
    let elsewhere = scene.world.browser().submit_with_token_of("/signin", "/vsp/ticket", &fields).await;
    assert!(elsewhere.text().contains(WRONG));
    let token = field(&page, "csrf_token");
    let with_token = [&[("csrf_token", &*token)][..], &fields].concat();
    assert_eq!(browser.post("/vsp/ticket", &with_token).await.status, StatusCode::OK);
    scene.clock.advance(Duration::from_secs(1801));
    let late = browser.post("/vsp/ticket", &with_token).await.text();
    assert!(late.contains("more than half an hour old"), "{late}");
    for made in [i64::MIN.to_string(), i64::MAX.to_string(), "x".to_owned()] {
        let fields = [("csrf_token", &*token), ("ticket", &*hash), ("made", &*made), ("signature", &*signature)];
        assert_eq!(browser.post("/vsp/ticket", &fields).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn wrong_signatures_are_counted_by_client() {
    let mut plan = Plan::default();
    plan.settings.tries.sign_ins_per_account = 3;
    let scene = Scene::of(plan).await;
    let ticket = keep(&scene, FeeStatus::None, None).await;
    let mut browser = scene.world.browser();
    let hash = ticket.registration.ticket.to_string();
    for _ in 0..3 {
        let (status, page) = sign(&mut browser, &ticket, &key(3)).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        // A stale text costs no try, and gives none back.
        let token = field(&page, "csrf_token");
        let stale = [("csrf_token", &*token), ("ticket", &*hash), ("made", "1"), ("signature", "x")];
        let reply = browser.post("/vsp/ticket", &stale).await;
        assert!([StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS].contains(&reply.status), "{}", reply.text());
    }
    let (status, page) = sign(&mut browser, &ticket, &key(1)).await;
    assert!(status == StatusCode::TOO_MANY_REQUESTS && page.contains("Too many signatures were wrong"), "{page}");
}

#[tokio::test]
async fn asking_for_tickets_counts_as_calls_of_wallets_do() {
    let mut plan = Plan::default();
    plan.options.proxies = ProxyTrust { header: Some("X-Real-IP".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
    let scene = Scene::of(plan).await;
    let mut browser = scene.world.browser().behind_proxy("X-Real-IP", "203.0.113.7");
    let path = format!("/vsp/ticket?ticket={}", "0".repeat(64));
    for _ in 0..30 {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    }
    let limited = browser.get(&path).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.text().contains("Too many tickets were asked for"), "{}", limited.text());
    assert_eq!(browser.get("/vsp/ticket").await.status, StatusCode::OK);
}

#[tokio::test]
async fn administrators_search_tickets_and_see_what_hangs_income_keys_and_misses() {
    let scene = Scene::of(plan()).await;
    let mut admin = scene.world.user("admin@example.org").await;
    assert_eq!(scene.world.pool.now(), scene.clock.now());
    let empty = admin.get("/adminvsp").await;
    assert_eq!(empty.status, StatusCode::OK, "{}", empty.text());
    assert!(empty.text().contains("No wallet has registered a ticket yet."), "{}", empty.text());

    let ticket = keep(&scene, FeeStatus::Error, None).await;
    let hash = ticket.registration.ticket.to_string();
    for query in ["", &format!("?q={}", &hash[..8]), &format!("?q={}", address(1)), "?show=error"] {
        let page = admin.get(&format!("/adminvsp{query}")).await.text();
        assert!(page.contains(&hash) && page.contains("Found: 1"), "{query}: {page}");
        assert!(page.contains("id=\"hanging-1\"") && page.contains("fee unusable"), "{page}");
    }
    assert!(admin.get("/adminvsp?show=voted").await.text().contains("Found: 0"));

    let mut missed = scene.world.database.registered_ticket(&ticket.registration.ticket).await.unwrap().unwrap();
    missed.registration.fee = FeeStatus::Confirmed;
    missed.registration.outcome = Some(Outcome::Missed);
    missed.fee_since = scene.clock.now();
    assert!(scene.world.database.change_registered(&missed, &Default::default()).await.unwrap());
    let page = admin.get("/adminvsp").await.text();
    assert!(page.contains("No daemon tried") && page.contains(">0.02197718</td>"), "{page}");
    let csv = admin.get("/adminvsp.csv").await.text();
    let line = format!(",{hash},0.02197718,{},,,missed\r\n", address(9));
    assert!(csv.starts_with("confirmed,ticket,") && csv.contains(&line), "{csv}");

    let mut user = scene.world.user("user@example.org").await;
    for page in ["/adminvsp", "/adminvsp.csv"] {
        assert_eq!(user.get(page).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn what_hangs_longest_is_listed_however_much_hangs_and_what_waits_for_its_turn_is_not() {
    let scene = Scene::of(plan()).await;
    let mut admin = scene.world.user("admin@example.org").await;
    let known = ticket(&scene).await;
    let numbered = |number: u8| {
        let mut ticket = known.clone();
        ticket.transaction.lock_time = number.into();
        ticket.registration.ticket = ticket.transaction.hash().into();
        ticket.registration.fee_address.address = address(100 + number);
        ticket.registered = scene.clock.now().plus(Duration::from_secs(number.into()));
        ticket
    };
    for number in 0..25 {
        let mut ticket = numbered(number);
        ticket.registration.fee = FeeStatus::Error;
        ticket.fee_since = ticket.registered;
        assert!(scene.world.database.add_registered(&ticket).await.unwrap());
    }
    // Received long ago; its ticket is not mined yet, so that nobody is alerted of it.
    let mut waiting = numbered(30);
    (waiting.registration.fee, waiting.fee_since) = (FeeStatus::Received, UnixTime(0));
    assert!(scene.world.database.add_registered(&waiting).await.unwrap());
    let page = admin.get("/adminvsp?show=voted").await.text();
    let hash = |ticket: &RegisteredTicket| ticket.registration.ticket.to_string();
    assert!(page.contains(&hash(&numbered(0))) && page.contains(&hash(&numbered(19))), "{page}");
    assert!(!page.contains(&hash(&numbered(20))) && !page.contains(&hash(&waiting)), "{page}");
    assert!(page.contains("The 20 that wait longest, of 25."), "{page}");
}
