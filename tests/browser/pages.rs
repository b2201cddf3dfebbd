//! Every page, as nobody, as a user and as an administrator.

use stakepool_core::ticket::PoolFee;

use crate::administrator::sign_in;
use crate::axe;
use crate::browser::Browser;
use crate::stage::{ADMINISTRATOR, PASSWORD, Stage, fee};

const USER: &str = "user@example.org";

/// Names of pictures, and pages that everybody sees.
const OPEN: [(&str, &str); 14] = [
    ("home", "/"),
    ("start", "/start"),
    ("start-exccwallet", "/start?wallet=exccwallet"),
    ("signin", "/signin"),
    ("signup", "/signup"),
    ("passwordreset", "/passwordreset"),
    ("stats", "/stats"),
    ("vsp", "/vsp"),
    ("vspticket", "/vsp/ticket"),
    ("emailverify", "/emailverify?t=0123456789abcdef"),
    ("emailupdate", "/emailupdate?t=0123456789abcdef"),
    ("passwordupdate", "/passwordupdate?t=0123456789abcdef"),
    ("error", "/error"),
    ("notfound", "/nothing-here"),
];
const USERS: [(&str, &str); 16] = [
    ("home-user", "/"),
    ("address", "/address"),
    ("tickets", "/tickets"),
    ("tickets-list", "/tickets/list"),
    ("tickets-immature", "/tickets/list?show=immature"),
    ("tickets-voted", "/tickets/list?show=voted"),
    ("tickets-ignored", "/tickets/list?show=ignored"),
    ("tickets-buy", "/tickets/buy"),
    ("tickets-backup", "/tickets/backup"),
    ("start-user", "/start?wallet=exccwallet"),
    ("start-legacy", "/start?wallet=exccwallet-2.2"),
    ("vspclaims", "/vsp/claims"),
    ("voting", "/voting"),
    ("settings", "/settings"),
    ("twofactor", "/twofactor"),
    ("logout", "/logout"),
];
const ADMINISTRATORS: [(&str, &str); 11] = [
    ("address-none", "/address"),
    ("status", "/status"),
    ("admintickets", "/admintickets"),
    ("adminusers", "/adminusers"),
    ("adminuser", "/adminuser?id=2"),
    ("admininvitations", "/admininvitations"),
    ("adminmail", "/adminmail"),
    ("adminvotes", "/adminvotes"),
    ("adminvsp", "/adminvsp"),
    ("adminincome", "/adminincome"),
    ("adminaudit", "/adminaudit"),
];

async fn look_at_all(browser: &Browser, pages: &[(&str, &str)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, path) in pages {
        browser.visit(path).await;
        faults.extend(axe::look(browser, name).await);
    }
    faults
}

/// A user who has tickets in every list that fills within a few blocks.
async fn populated() -> Stage {
    let stage = Stage::set().await;
    let registration = stage.registered_user(USER).await;
    let voting = stage.buy(&registration, fee(), 4);
    let low = stage.buy(&registration, PoolFee::from_percent(1.0).unwrap(), 2);
    stage.network.never_let_win(&[voting.clone(), low].concat());
    stage.mine(2).await;
    stage.mine_until_mature().await;
    stage.mine_until_voted(&voting[..2]).await;
    let late = stage.buy(&registration, fee(), 2);
    stage.network.never_let_win(&late);
    stage.mine(2).await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromium-driver"]
async fn no_page_has_a_barrier_or_scrolls_to_the_side() {
    let stage = populated().await;
    let browser = Browser::open(stage.web.url()).await;
    axe::bring(&browser).await;
    let mut faults = look_at_all(&browser, &OPEN).await;

    sign_in(&browser, USER).await;
    browser.until_reads("/tickets", "Voted 2").await;
    faults.extend(look_at_all(&browser, &USERS).await);
    browser.visit("/twofactor").await;
    browser.fill("#begin-password", PASSWORD).await;
    browser.press("Set up a device").await;
    faults.extend(axe::look(&browser, "twofactor-device").await);
    browser.visit("/settings").await;
    browser.fill("#key-password", PASSWORD).await;
    browser.press("Show the key").await;
    faults.extend(axe::look(&browser, "settings-key").await);
    browser.press("Sign out").await;
    faults.extend(axe::look(&browser, "signed-out").await);

    sign_in(&browser, ADMINISTRATOR).await;
    faults.extend(look_at_all(&browser, &ADMINISTRATORS).await);
    drop(browser);
    stage.end().await;
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
