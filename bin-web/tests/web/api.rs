//! The user API beyond what was recorded.

use std::sync::Arc;

use stakepool::Parts;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::VoteVersion;
use stakepool_core::ports::UserStore as _;
use warp::http::StatusCode;

use crate::browser::PASSWORD;
use crate::fakes::ReadOnlyUsers;
use crate::world::{Plan, USER_KEY, World, key_of};

#[tokio::test]
async fn a_wallet_gets_from_its_key_to_a_ticket_address() {
    let world = World::start().await;
    let key = world.user("a@example.org").await.api_key().await;
    let asked = world.call(&key, "//api/v1/getpurchaseinfo", None).await;
    assert_eq!(
        asked,
        "{\"status\":\"error\",\"code\":9,\"message\":\"purchaseinfo error - no address submitted\",\"data\":null}\n"
    );
    // As one generation of wallets sends it: a form as a JSON string.
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = format!("\"UserPubKeyAddr={USER_KEY}\"");
    let posted = world.send("POST", "//api/v1/address", &headers, body.as_bytes()).await;
    assert_eq!(posted.text(), "{\"status\":\"success\",\"code\":0,\"message\":\"address successfully imported\"}\n");
    let info = world.call(&key, "/api/v2/getpurchaseinfo", None).await;
    let registration = world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.unwrap();
    assert_eq!(
        info,
        format!(
            "{{\"status\":\"success\",\"code\":0,\"message\":\"purchaseinfo successfully retrieved\",\"data\":{{\
             \"PoolAddress\":\"{}\",\"PoolFees\":7.5,\"Script\":\"{}\",\"TicketAddress\":\"{}\",\
             \"VoteBits\":1,\"VoteBitsVersion\":6}}}}\n",
            registration.fee_address, registration.script, registration.address
        )
    );
}

#[tokio::test]
async fn a_renewed_key_ends_the_old_one_at_once() {
    let world = World::start().await;
    let mut browser = world.user("a@example.org").await;
    let old = browser.api_key().await;
    assert_eq!(
        browser.submit("/settings", &[("renewApiKey", "true"), ("password", PASSWORD)]).await.status,
        StatusCode::OK
    );
    let new = browser.api_key().await;
    assert_ne!(old, new);
    assert!(world.call(&old, "/api/v2/getpurchaseinfo", None).await.contains("invalid api token"));
    assert!(world.call(&new, "/api/v2/getpurchaseinfo", None).await.contains("no address submitted"));
    // A key of the predecessor for the same user ends, too.
    assert!(world.call(&key_of(1), "/api/v2/getpurchaseinfo", None).await.contains("invalid api token"));
}

#[tokio::test]
async fn without_wallets_the_api_says_so_with_status_200() {
    let world = World::start().await;
    let key = world.user("a@example.org").await.api_key().await;
    world.wallets_away(true);
    assert_eq!(
        world.call(&key, "/api/v2/stats", None).await,
        "{\"status\":\"error\",\"code\":14,\"message\":\"stats error - RPC server error\",\"data\":null}\n"
    );
    assert_eq!(
        world.call(&key, "/api/v2/address", Some(&format!("UserPubKeyAddr={USER_KEY}"))).await,
        "{\"status\":\"error\",\"code\":14,\"message\":\"system error - unable to process wallet commands\"}\n"
    );
    assert!(world.call(&key, "/api/v2/getpurchaseinfo", None).await.contains("no address submitted"));
}

#[tokio::test]
async fn a_closed_pool_takes_no_address_by_api() {
    let mut plan = Plan::default();
    plan.terms.closed = Some("closed for repairs".into()).into();
    let world = World::of(plan).await;
    world.old_users(1).await;
    assert_eq!(
        world.call(&key_of(1), "/api/v2/address", Some(&format!("UserPubKeyAddr={USER_KEY}"))).await,
        "{\"status\":\"error\",\"code\":9,\"message\":\"address error - closed for repairs\"}\n"
    );
    assert!(world.call(&key_of(1), "/api/v2/stats", None).await.contains("\"PoolStatus\":\"Closed\""));
}

#[tokio::test]
async fn browsers_are_told_what_they_may_call() {
    let world = World::start().await;
    let asked = world.send("OPTIONS", "/api/v2/getpurchaseinfo", &[("origin", "https://wallet.example")], b"").await;
    assert_eq!((asked.status, asked.body.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(asked.header("access-control-allow-origin"), "*");
    assert_eq!(asked.header("access-control-allow-methods"), "GET, POST");
    assert!(asked.header("access-control-allow-headers").contains("Authorization"));
    assert!(asked.headers.get("access-control-allow-credentials").is_none());
    let stats = world.send("GET", "/api/v2/stats", &[], b"").await;
    assert_eq!(stats.header("access-control-allow-origin"), "*");
    assert!(stats.headers.get("set-cookie").is_none());
    let put = world.send("PUT", "/api/v2/voting", &[], b"").await;
    assert_eq!((put.status, put.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST, OPTIONS"));
}

#[tokio::test]
async fn a_preference_is_stored_for_the_present_vote_version() {
    let world = World::start().await;
    world.old_users(1).await;
    let before = world.database.by_id(UserId(1)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.voting.version = stakepool_core::chain::VoteVersion(5);
    world.database.update(&before, &after).await.unwrap();
    assert!(world.call(&key_of(1), "/api/v2/voting", Some("VoteBits=1")).await.contains("success"));
    assert_eq!(world.database.by_id(UserId(1)).await.unwrap().unwrap().voting.version.0, 6);
}

#[tokio::test]
async fn a_preference_that_cannot_be_stored_is_told_with_the_predecessors_words() {
    let change_parts = |parts: &mut Parts| parts.users = Arc::new(ReadOnlyUsers(parts.users.clone()));
    let world = World::of(Plan { change_parts, ..Plan::default() }).await;
    world.account("a@example.org", false).await;
    let mut browser = world.browser();
    browser.sign_in("a@example.org", PASSWORD).await;
    let key = browser.api_key().await;
    // Another choice than the stored one, which would not be written again.
    let stored = world.database.by_id(UserId(1)).await.unwrap().unwrap();
    let mut other = stored.clone();
    other.voting.version = VoteVersion(5);
    world.database.update(&stored, &other).await.unwrap();
    assert_eq!(
        world.call(&key, "/api/v2/voting", Some("VoteBits=1")).await,
        "{\"status\":\"error\",\"code\":13,\"message\":\"voting error - failed to update voting prefs in \
         database\"}\n"
    );
    assert_eq!(world.database.by_id(UserId(1)).await.unwrap().unwrap().voting, other.voting);
}
