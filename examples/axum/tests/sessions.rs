//! Sessions, and the cookies that open them.

use std::time::Duration;

use serde_json::json;
use stakepool_core::accounts::UserId;

use super::world::{ALICE, PASSWORD, World, is_in, post, sign_in};

#[tokio::test]
async fn a_session_ends_on_sign_out_and_nowhere_else() {
    let world = World::start().await;
    let mut here = world.user(ALICE).await;
    let (there, stolen) = (world.signed_in(ALICE).await, here.clone());
    post(&mut here, "/signout", json!({})).await;
    assert!(!here.cookies.contains_key("__Host-session"));
    assert!(!is_in(&here).await && !is_in(&stolen).await && is_in(&there).await);
}

#[tokio::test]
async fn a_session_does_not_outlast_a_week() {
    let world = World::start().await;
    let browser = world.user(ALICE).await;
    world.clock.advance(Duration::from_secs(7 * 24 * 3600 - 1));
    assert!(is_in(&browser).await);
    world.clock.advance(Duration::from_secs(1));
    assert!(!is_in(&browser).await);
}

#[tokio::test]
async fn a_browser_that_signs_in_again_ends_its_old_session() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    let old = browser.clone();
    sign_in(&mut browser, ALICE, PASSWORD).await;
    assert!(is_in(&browser).await && !is_in(&old).await);
    assert_eq!(world.pool.sessions_of(UserId(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn cookies_are_for_this_host_only_and_neither_scripts_nor_other_sites_get_at_them() {
    let world = World::start().await;
    world.account(ALICE).await;
    world.second_factor(ALICE).await;
    world.account("bob@example.org").await;
    for email in [ALICE, "bob@example.org"] {
        let reply = sign_in(&mut world.browser(), email, PASSWORD).await;
        let cookies: Vec<_> =
            reply.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
        assert!(!cookies.is_empty());
        for cookie in cookies {
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            for attribute in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
                assert!(cookie.split("; ").any(|found| found == attribute), "{attribute}: {cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
}
