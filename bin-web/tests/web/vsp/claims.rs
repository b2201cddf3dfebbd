//! Tickets of wallets of today in the account of a user, and their proofs for their owners.

use std::time::Duration;

use stakepool::vsp::verify_proof;
use stakepool_core::chain::MessageSignature;
use stakepool_core::ports::{LedgerStore as _, RegisteredTicket};
use stakepool_core::reports::TicketReport;
use stakepool_core::testkit::samples::key_report;
use stakepool_core::vsp::FeeStatus;
use warp::http::StatusCode;

use super::scene::Scene;
use super::tickets::{field, keep, key, part, sign};
use crate::browser::Browser;
use crate::http::Reply;

/// Signs the text for what is wanted, and asks for `asked` with the signature.
async fn asked(browser: &mut Browser, ticket: &RegisteredTicket, wanted: &str, asked: &str) -> Reply {
    let hash = ticket.registration.ticket.to_string();
    let page = browser.get(&format!("/vsp/ticket?ticket={hash}&do={wanted}")).await.text();
    let signature = MessageSignature::sign(part(&page, "text").as_bytes(), &key(1)).to_base64();
    let (token, made) = (field(&page, "csrf_token"), field(&page, "made"));
    let fields =
        [("csrf_token", &*token), ("ticket", &hash), ("made", &made), ("signature", &signature), ("do", asked)];
    browser.post("/vsp/ticket", &fields).await
}

async fn signed(browser: &mut Browser, ticket: &RegisteredTicket, wanted: &str) -> Reply {
    asked(browser, ticket, wanted, wanted).await
}

#[tokio::test]
async fn a_claimed_ticket_is_in_lists_files_and_page_of_its_user_alone_until_it_is_released() {
    let scene = Scene::set().await;
    let ticket = keep(&scene, FeeStatus::Confirmed, None).await;
    let hash = ticket.registration.ticket.to_string();
    let reported = TicketReport { ticket: ticket.registration.ticket, ..key_report(9) };
    scene.world.database.put_tickets("d:1", &[reported], scene.world.pool.now()).await.unwrap();
    let (mut alice, mut bob) = (scene.world.user("alice@example.org").await, scene.world.user("bob@example.org").await);
    let places = ["/vsp/claims", "/tickets.csv", "/tickets.json"];
    for place in places {
        assert!(!alice.get(place).await.text().contains(&hash), "{place}");
    }
    assert_eq!(alice.get(&format!("/ticket?hash={hash}")).await.status, StatusCode::NOT_FOUND);

    let claimed = signed(&mut alice, &ticket, "claim").await;
    assert_eq!((claimed.status, claimed.header("location")), (StatusCode::SEE_OTHER, "/vsp/claims"));
    for place in places {
        assert!(alice.get(place).await.text().contains(&hash), "{place}");
        assert!(!bob.get(place).await.text().contains(&hash), "{place}");
    }
    assert!(alice.get("/vsp/claims").await.text().contains("to be voted, fee confirmed"));
    assert_eq!(alice.get(&format!("/ticket?hash={hash}")).await.status, StatusCode::OK);
    assert_eq!(bob.get(&format!("/ticket?hash={hash}")).await.status, StatusCode::NOT_FOUND);

    // A list of a user who has no address, and needs none.
    let listed = alice.get("/tickets/list?show=live").await.text();
    assert!(listed.contains(&hash), "{listed}");
    assert_eq!(bob.get("/tickets/list?show=live").await.status, StatusCode::SEE_OTHER);

    // A text of the same moment or before does not take it from her; nobody else can release it.
    let refused = signed(&mut bob, &ticket, "claim").await;
    assert!(refused.status == StatusCode::CONFLICT && refused.text().contains("sign a new text"), "{}", refused.text());
    bob.submit_with_token_of("/settings", "/vsp/claims", &[("ticket", &hash)]).await;
    assert!(alice.get("/vsp/claims").await.text().contains(&hash));
    alice.submit("/vsp/claims", &[("ticket", &hash)]).await;
    for place in places {
        assert!(!alice.get(place).await.text().contains(&hash), "{place}");
    }
    assert_eq!(signed(&mut bob, &ticket, "claim").await.status, StatusCode::SEE_OTHER);

    // The owner's later signature takes it over, whoever has it.
    scene.clock.advance(Duration::from_secs(1));
    assert_eq!(signed(&mut alice, &ticket, "claim").await.status, StatusCode::SEE_OTHER);
    assert!(alice.get("/vsp/claims").await.text().contains(&hash));
    assert!(!bob.get("/vsp/claims").await.text().contains(&hash));
}

#[tokio::test]
async fn a_signature_for_one_thing_allows_nothing_else() {
    let scene = Scene::set().await;
    let ticket = keep(&scene, FeeStatus::Confirmed, None).await;
    let mut alice = scene.world.user("alice@example.org").await;
    for (wanted, other) in [("show", "proof"), ("show", "claim"), ("claim", "proof"), ("proof", "claim")] {
        let refused = asked(&mut alice, &ticket, wanted, other).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{wanted} as {other}: {}", refused.text());
    }
    assert!(!alice.get("/vsp/claims").await.text().contains(&ticket.registration.ticket.to_string()));
}

#[tokio::test]
async fn a_ticket_is_claimed_by_a_signature_and_a_signed_in_user_alone() {
    let scene = Scene::set().await;
    let ticket = keep(&scene, FeeStatus::Confirmed, None).await;
    let hash = ticket.registration.ticket.to_string();
    let mut alice = scene.world.user("alice@example.org").await;
    let fields = [("ticket", &*hash), ("made", "1"), ("signature", "x"), ("do", "claim")];
    let unsigned = alice.submit_with_token_of("/settings", "/vsp/ticket", &fields).await;
    assert_eq!(unsigned.status, StatusCode::FORBIDDEN, "{}", unsigned.text());
    let (status, _) = sign(&mut alice, &ticket, &key(3)).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "another key");
    assert!(!alice.get("/vsp/claims").await.text().contains(&hash));
    let mut stranger = scene.world.browser();
    let sent = stranger.get(&format!("/vsp/ticket?ticket={hash}&do=claim")).await;
    assert!(sent.status.is_redirection() && sent.header("location").starts_with("/signin"), "{sent:?}");
    assert_eq!(stranger.get("/vsp/claims").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_signs_gets_the_proof_as_a_file_that_is_not_kept_on_its_way() {
    let scene = Scene::set().await;
    let ticket = keep(&scene, FeeStatus::Confirmed, None).await;
    let hash = ticket.registration.ticket.to_string();
    let mut browser = scene.world.browser();
    let file = signed(&mut browser, &ticket, "proof").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text());
    assert!(file.header("content-disposition").contains(&format!("proof-{hash}.json")));
    assert!(file.header("cache-control").contains("no-store"), "{file:?}");
    // The owner in the store is not the one that the recorded transaction commits to, which the check finds out.
    let checked = verify_proof(&file.body).unwrap_err().to_string();
    assert!(checked.starts_with("the ticket does not fit"), "{checked}");

    let fields = [("ticket", &*hash), ("made", "1"), ("signature", "x"), ("do", "proof")];
    let unsigned = scene.world.browser().submit_with_token_of("/signin", "/vsp/ticket", &fields).await;
    assert!(unsigned.status == StatusCode::FORBIDDEN && !unsigned.text().contains("tickethex"));
}
