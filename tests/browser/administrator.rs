//! The way of an administrator who has an ignored ticket voted.

use stakepool_core::ticket::PoolFee;

use crate::browser::Browser;
use crate::stage::{ADMINISTRATOR, PASSWORD, Stage};

/// Signs the pool's administrator, or another user from the start, in.
pub async fn sign_in(browser: &Browser, email: &str) {
    browser.visit("/signin").await;
    browser.fill("#email", email).await;
    browser.fill("#password", PASSWORD).await;
    browser.press("Sign in").await;
    assert_ne!(browser.path().await, "/signin");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromium-driver"]
async fn an_ignored_ticket_that_an_administrator_adds_is_voted() {
    let stage = Stage::set().await;
    let registration = stage.registered_user("user@example.org").await;
    let low = stage.buy(&registration, PoolFee::from_percent(1.0).unwrap(), 2);
    stage.network.never_let_win(&low);
    stage.mine(2).await;

    let browser = Browser::open(stage.web.url()).await;
    sign_in(&browser, ADMINISTRATOR).await;
    let added = low[0].to_string();
    browser.until_reads("/admintickets", &added).await;
    browser.click(&format!("section[aria-labelledby=ignored-title] input[value='{added}']")).await;
    browser.press("Yes, vote these tickets").await;
    let answers = browser.text_of("section[aria-labelledby=answers-title]").await;
    assert!(answers.contains(&added) && answers.contains("added: "), "{answers}");
    stage.until_daemons_agree().await;

    stage.mine_until_mature().await;
    stage.mine_until_voted(&low[..1]).await;
    let section = "section[aria-labelledby=added-title]";
    browser
        .until("the added ticket shows as voted", async || {
            browser.visit("/admintickets").await;
            let shown = browser.text_of(section).await;
            shown.contains(&added) && shown.contains("voted")
        })
        .await;
    browser.until_reads("/adminvotes", &added).await;
    drop(browser);
    stage.end().await;
}
