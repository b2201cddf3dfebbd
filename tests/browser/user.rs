//! The way of a ticket buyer, from the sign-up to the vote and out again.

use data_encoding::BASE32_NOPAD;
use hyper::Method;
use stakepool_core::accounts::{TotpSecret, TotpStep};
use stakepool_core::ports::{Clock, LedgerStore, SystemClock};

use crate::browser::Browser;
use crate::stage::{Stage, fee};
use crate::wallet;

const EMAIL: &str = "buyer@example.org";
const FIRST_PASSWORD: &str = "four random words here";
const SECOND_PASSWORD: &str = "other words of mine";

/// The code that a device shows now, or in so many half minutes.
pub fn code(secret: &str, later: i64) -> String {
    let secret =
        TotpSecret::from_bytes(&BASE32_NOPAD.decode(secret.replace(' ', "").trim().as_bytes()).unwrap()).unwrap();
    secret.code(TotpStep(SystemClock.now().0.div_euclid(30) + later))
}

async fn sign_in(browser: &Browser, password: &str) {
    browser.visit("/signin").await;
    browser.fill("#email", EMAIL).await;
    browser.fill("#password", password).await;
    browser.press("Sign in").await;
}

async fn sign_up_and_verify(stage: &Stage, browser: &Browser) {
    browser.visit("/signup").await;
    browser.fill("#email", EMAIL).await;
    browser.fill("#password", FIRST_PASSWORD).await;
    browser.fill("#passwordrepeat", FIRST_PASSWORD).await;
    browser.answer_question().await;
    browser.press("Create account").await;
    let letter = stage.sink.letter(EMAIL, "verify").await;
    browser.visit(&letter.link()).await;
    browser.press("Verify the address").await;
    browser.reads("Your e-mail address is verified").await;
}

/// The secret that the page shows for a device.
pub async fn secret_on_page(browser: &Browser) -> String {
    browser.text_of(".steps pre").await
}

/// Answers the secret of the device and a recovery code.
async fn set_up_second_factor(browser: &Browser) -> (String, String) {
    browser.visit("/twofactor").await;
    browser.fill("#begin-password", FIRST_PASSWORD).await;
    browser.press("Set up a device").await;
    let secret = secret_on_page(browser).await;
    browser.fill("#code", &code(&secret, 0)).await;
    browser.press("Turn it on").await;
    browser.reads("Your recovery codes").await;
    let recovery = browser.text_of("main pre").await.lines().next().unwrap().to_owned();
    (secret, recovery)
}

/// How many of the three steps are ticked off.
async fn steps_done(browser: &Browser) -> serde_json::Value {
    browser.visit("/start?wallet=exccwallet").await;
    browser.run("return document.querySelectorAll('ol.setup .done').length").await
}

async fn register_address(stage: &Stage, browser: &Browser) {
    assert_eq!(steps_done(browser).await, 1, "there is an account");
    browser.reads("once step 2 is done").await;
    browser.visit("/address").await;
    let registered = "SsWrongWrongWrongWrongWrongWrongWrong";
    browser.fill("#key", registered).await;
    browser.press("Register the address").await;
    assert!(!browser.text_of("#key-error").await.is_empty(), "a mistake is named");
    browser.fill("#key", &stage.network.buyer_pubkey_address().unwrap().to_string()).await;
    browser.press("Register the address").await;
    browser.reads("Your address is registered").await;
    stage.until_daemons_agree().await;
}

/// Answers the API key that the page shows, after a wallet has used it.
async fn show_api_key(stage: &Stage, browser: &Browser) -> String {
    browser.visit("/settings").await;
    browser.fill("#key-password", FIRST_PASSWORD).await;
    browser.press("Show the key").await;
    let key = browser.value_of("#api-key").await;
    let info = ask_as_wallet(stage, &key).await;
    let registration = stage.user(EMAIL).await.registration.unwrap();
    assert_eq!(info["data"]["TicketAddress"], registration.address.to_string(), "{info}");
    key
}

async fn ask_as_wallet(stage: &Stage, key: &str) -> serde_json::Value {
    wallet::Browser::new(stage.web.url()).api(Method::GET, "getpurchaseinfo", key, "").await
}

async fn choose_votes(stage: &Stage, browser: &Browser) {
    browser.visit("/voting").await;
    browser.click("input[type=radio][value='4']").await;
    browser.press("Save").await;
    browser.reads("Your choice is stored").await;
    let user = stage.user(EMAIL).await;
    assert_eq!(user.voting.bits.0, 0b101);
    stage.until_daemons_agree().await;
}

async fn buy_and_see_votes(stage: &Stage, browser: &Browser) {
    assert_eq!(steps_done(browser).await, 2, "and a wallet");
    let command = browser.text_of("#by-hand").await;
    let address = stage.user(EMAIL).await.registration.unwrap().address;
    assert!(command.contains(&address.to_string()), "the command is filled in: {command}");
    browser.visit("/tickets").await;
    browser.reads("You have no tickets here yet").await;
    let tickets = stage.buy(&stage.user(EMAIL).await.registration.unwrap(), fee(), 3);
    stage.mine(2).await;
    browser.until_reads("/tickets?show=immature", "Immature 3").await;
    browser.reads(&tickets[0].to_string()[..8]).await;
    stage.network.never_let_win(&tickets);
    stage.mine_until_mature().await;
    browser.until_reads("/tickets", "Live 3").await;
    choose_votes(stage, browser).await;
    stage.mine_until_voted(&tickets).await;
    browser.until_reads("/tickets?show=voted", "Voted 3").await;
    assert_eq!(steps_done(browser).await, 3, "and a vote");
    let votes = stage.pool.database.votes(Some(&tickets[0]), 10).await.unwrap();
    assert!(!votes.is_empty());
}

async fn reset_password(stage: &Stage, browser: &Browser, recovery: &str) {
    browser.visit("/passwordreset").await;
    browser.fill("#email", EMAIL).await;
    browser.answer_question().await;
    browser.press("Send the email").await;
    let letter = stage.sink.letter(EMAIL, "choose a new password").await;
    browser.visit(&letter.link()).await;
    browser.fill("#password", SECOND_PASSWORD).await;
    browser.fill("#passwordrepeat", SECOND_PASSWORD).await;
    browser.press("Set the password").await;
    browser.reads("Your new password is set").await;
    sign_in(browser, FIRST_PASSWORD).await;
    assert_eq!(browser.path().await, "/signin", "the old password opens nothing");
    sign_in(browser, SECOND_PASSWORD).await;
    browser.fill("#code", recovery).await;
    browser.press("Sign in").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromium-driver"]
async fn a_user_goes_from_the_sign_up_to_the_vote_and_out_again() {
    let stage = Stage::set().await;
    let browser = Browser::open(stage.web.url()).await;
    sign_up_and_verify(&stage, &browser).await;
    sign_in(&browser, FIRST_PASSWORD).await;
    let (secret, recovery) = set_up_second_factor(&browser).await;
    browser.press("Sign out").await;
    sign_in(&browser, FIRST_PASSWORD).await;
    assert_eq!(browser.path().await, "/signincode");
    browser.fill("#code", &code(&secret, 1)).await;
    browser.press("Sign in").await;

    register_address(&stage, &browser).await;
    buy_and_see_votes(&stage, &browser).await;
    show_api_key(&stage, &browser).await;

    reset_password(&stage, &browser, &recovery).await;
    browser.visit("/tickets").await;
    browser.reads("Voted 3").await;
    browser.press("Sign out").await;
    browser.reads("You are signed out").await;
    browser.visit("/tickets").await;
    assert_eq!(browser.path().await, "/signin");
    drop(browser);
    stage.end().await;
}
