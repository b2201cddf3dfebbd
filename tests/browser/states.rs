//! Pages in states that are seldom seen: links from letters that work, mistakes in forms, lists of every kind, a closed
//! pool, and a pool in trouble.

use stakepool_core::accounts::Registration;
use stakepool_core::chain::{Amount, BlockHeight, TicketHash};
use stakepool_core::ports::{Clock as _, LedgerStore as _, SystemClock};
use stakepool_core::reports::{TicketReport, TicketState, TicketTimes};
use stakepool_core::ticket::{PoolFee, TicketFacts, Verdict};

use crate::administrator::sign_in;
use crate::axe;
use crate::browser::Browser;
use crate::stage::{ADMINISTRATOR, PASSWORD, Stage};
use crate::user::{code, secret_on_page};

const NEW: &str = "new@example.org";
const HOLDER: &str = "holder@example.org";
const NEWCOMER: &str = "newcomer@example.org";

/// A browser, and what was found wrong with the pages that it saw.
struct Tour {
    browser: Browser,
    faults: Vec<String>,
}

impl Tour {
    /// Looks at the page that is open, which says certain words: otherwise it would be another one.
    async fn look(&mut self, name: &str, words: &str) {
        let text = self.browser.text().await;
        if !text.contains(words) {
            self.faults.push(format!("{name} does not say `{words}`:\n{text}"));
        }
        self.faults.extend(axe::look(&self.browser, name).await);
    }

    async fn visit(&mut self, name: &str, path: &str, words: &str) {
        self.browser.visit(path).await;
        self.look(name, words).await;
    }

    async fn fill_in(&self, fields: &[(&str, &str)]) {
        for (field, text) in fields {
            self.browser.fill(field, text).await;
        }
    }

    async fn sign_out(&self) {
        self.browser.press("Sign out").await;
    }
}

/// From a mistyped sign-up to the link that verifies the address.
async fn sign_up(stage: &Stage, tour: &mut Tour) {
    tour.browser.visit("/signup").await;
    tour.fill_in(&[("#email", NEW), ("#password", PASSWORD), ("#passwordrepeat", "another password")]).await;
    tour.browser.answer_question().await;
    tour.browser.press("Create account").await;
    tour.look("signup-error", "the two passwords differ").await;
    tour.fill_in(&[("#password", PASSWORD), ("#passwordrepeat", PASSWORD)]).await;
    tour.browser.answer_question().await;
    tour.browser.press("Create account").await;
    tour.look("signup-sent", "Look into your mail").await;

    tour.browser.visit("/signin").await;
    tour.fill_in(&[("#email", NEW), ("#password", PASSWORD)]).await;
    tour.browser.press("Sign in").await;
    tour.look("signin-unverified", "not verified yet").await;
    tour.fill_in(&[("#email", NEW), ("#password", "another password")]).await;
    tour.browser.press("Sign in").await;
    tour.look("signin-error", "is wrong").await;

    let letter = stage.sink.letter(NEW, "verify").await;
    tour.visit("emailverify-live", &letter.link(), "Press the button").await;
    tour.browser.press("Verify the address").await;
    tour.look("signin-verified", "Your e-mail address is verified").await;
}

async fn reset_password(stage: &Stage, tour: &mut Tour) {
    tour.browser.visit("/passwordreset").await;
    tour.fill_in(&[("#email", NEW)]).await;
    tour.browser.answer_question().await;
    tour.browser.press("Send the email").await;
    let letter = stage.sink.letter(NEW, "choose a new password").await;
    tour.visit("passwordupdate-live", &letter.link(), "Every device").await;
    tour.fill_in(&[("#password", PASSWORD), ("#passwordrepeat", "another password")]).await;
    tour.browser.press("Set the password").await;
    tour.look("passwordupdate-error", "the two passwords differ").await;
}

async fn change_email(stage: &Stage, tour: &mut Tour) {
    sign_in(&tour.browser, NEW).await;
    tour.browser.visit("/settings").await;
    tour.fill_in(&[("#email", "newer@example.org"), ("#email-password", "another password")]).await;
    tour.browser.press("Change the e-mail address").await;
    tour.look("settings-error", "password is wrong").await;
    tour.fill_in(&[("#email", "newer@example.org"), ("#email-password", PASSWORD)]).await;
    tour.browser.press("Change the e-mail address").await;
    let letter = stage.sink.letter("newer@example.org", "confirm").await;
    tour.visit("emailupdate-live", &letter.link(), "newer@example.org").await;
}

/// The second factor, from the wrong code of the set-up to the one of the sign-in.
async fn second_factor(tour: &mut Tour) {
    tour.browser.visit("/twofactor").await;
    tour.fill_in(&[("#begin-password", PASSWORD)]).await;
    tour.browser.press("Set up a device").await;
    let secret = secret_on_page(&tour.browser).await;
    tour.fill_in(&[("#code", "000000")]).await;
    tour.browser.press("Turn it on").await;
    tour.look("twofactor-device-error", "This code is wrong").await;
    tour.fill_in(&[("#code", &code(&secret, 0))]).await;
    tour.browser.press("Turn it on").await;
    tour.look("twofactor-codes", "Your recovery codes").await;
    tour.visit("twofactor-on", "/twofactor", "10 recovery codes are left").await;
    tour.visit("settings-factor", "/settings", "signing in takes a code").await;
    tour.sign_out().await;

    tour.browser.visit("/signin").await;
    tour.fill_in(&[("#email", NEW), ("#password", PASSWORD)]).await;
    tour.browser.press("Sign in").await;
    assert_eq!(tour.browser.path().await, "/signincode");
    tour.look("signincode", "Code from your device").await;
    tour.fill_in(&[("#code", "000000")]).await;
    tour.browser.press("Sign in").await;
    tour.look("signincode-error", "This code is wrong").await;
    tour.fill_in(&[("#code", &code(&secret, 1))]).await;
    tour.browser.press("Sign in").await;
    tour.sign_out().await;
}

/// Tickets in states that take months to come about, as a daemon of long ago has reported them.
async fn report_old_tickets(stage: &Stage, registration: &Registration) {
    let user = stage.user(HOLDER).await.id;
    let report = |number: u8, state| TicketReport {
        ticket: TicketHash::from_bytes([number; 32]),
        address: registration.address.into(),
        user: Some(user),
        state,
        facts: TicketFacts {
            verdict: Verdict::Accepted,
            price: Amount::from_atoms(2_050_000_000),
            fee_address: registration.fee_address,
            committed_fee: Amount::from_atoms(7_500_000),
            required_fee: Amount::from_atoms(7_500_000),
            mined_at: BlockHeight(20 + u32::from(number)),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: Some(BlockHeight(140 + u32::from(number))),
    };
    let reports = [
        report(1, TicketState::Missed),
        report(2, TicketState::Missed),
        report(3, TicketState::Expired),
        report(4, TicketState::Expired),
    ];
    stage.pool.database.put_tickets("of long ago", &reports, SystemClock.now()).await.unwrap();
}

async fn lists(tour: &mut Tour) {
    sign_in(&tour.browser, HOLDER).await;
    tour.browser.until_reads("/tickets?show=missed", "Missed 2").await;
    tour.look("tickets-missed", "2 tickets").await;
    tour.visit("tickets-expired", "/tickets?show=expired", "2 tickets").await;
    tour.visit("tickets-search-error", "/tickets?show=missed&q=nothing", "nothing can be found").await;
    tour.visit("tickets-search-none", "/tickets?show=missed&q=ff", "No ticket of this list fits").await;
    tour.sign_out().await;
    sign_in(&tour.browser, NEWCOMER).await;
    tour.visit("tickets-none", "/tickets", "You have no tickets here yet").await;
    tour.visit("tickets-missed-none", "/tickets?show=missed", "Missed 0").await;
    tour.sign_out().await;
}

/// A mistake on the address page that a command mends, and answers on the administrators' pages.
async fn answers(stage: &Stage, tour: &mut Tour, ignored: TicketHash) {
    sign_in(&tour.browser, ADMINISTRATOR).await;
    tour.browser.visit("/address").await;
    let payments = stage.network.buyer_pubkey_address().unwrap().to_pubkey_hash().to_string();
    tour.fill_in(&[("#key", &payments)]).await;
    tour.browser.press("Register the address").await;
    tour.look("address-error", "validateaddress").await;

    let ignored = ignored.to_string();
    tour.browser.until_reads("/admintickets", &ignored).await;
    tour.browser.press("Yes, vote these tickets").await;
    tour.look("admintickets-error", "Nothing was changed").await;
    tour.browser.fill("#pasted-add", &format!("{ignored} {} nonsense", "ab".repeat(32))).await;
    tour.browser.press("Yes, vote these tickets").await;
    tour.look("admintickets-added", "added: the pool votes it").await;
    tour.browser.click(&format!("section[aria-labelledby=added-title] input[value='{ignored}']")).await;
    tour.browser.press("Yes, ignore these tickets again").await;
    tour.look("admintickets-removed", "removed: the pool ignores").await;

    let user = stage.user(NEW).await.id;
    tour.browser.visit(&format!("/adminuser?id={user}")).await;
    tour.browser.tick("#disable-sure").await;
    tour.browser.press("Disable the account").await;
    tour.look("adminuser-disabled", "The account is disabled").await;
    tour.visit("adminuser-unknown", "/adminuser?id=999", "No such user").await;
    tour.visit("adminvotes-error", "/adminvotes?ticket=nothing", "All are shown").await;
}

/// The same pool while it takes nobody new.
async fn closed(stage: &Stage, tour: &mut Tour) {
    let open = tour.browser.turn_to(&stage.closed_instance().await);
    tour.visit("address-closed", "/address", "takes no new addresses").await;
    tour.visit("home-closed", "/", "takes no new users").await;
    tour.visit("signup-closed", "/signup", "takes no new users").await;
    tour.browser.turn_to(&open);
}

/// The status while one voting daemon after the other goes away.
async fn troubles(stage: &Stage, tour: &mut Tour) {
    tour.browser.until_reads("/status", "All is well").await;
    stage.pool.daemons[0].stop().await.unwrap();
    tour.browser.until_reads("/status", "attention.").await;
    tour.look("status-degraded", "Problems").await;
    for daemon in &stage.pool.daemons[1..] {
        daemon.stop().await.unwrap();
    }
    tour.browser.until_reads("/status", "The pool is down").await;
    tour.look("status-down", "no voting daemon is known to be able to vote").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromium-driver"]
async fn no_page_has_a_barrier_in_a_state_that_is_seldom_seen() {
    let stage = Stage::set().await;
    let registration = stage.registered_user(HOLDER).await;
    stage.registered_user(NEWCOMER).await;
    report_old_tickets(&stage, &registration).await;
    let ignored = stage.buy(&registration, PoolFee::from_percent(1.0).unwrap(), 1);
    stage.network.never_let_win(&ignored);
    stage.mine(2).await;

    let browser = Browser::open(stage.web.url()).await;
    axe::bring(&browser).await;
    let mut tour = Tour { browser, faults: Vec::new() };
    sign_up(&stage, &mut tour).await;
    reset_password(&stage, &mut tour).await;
    change_email(&stage, &mut tour).await;
    second_factor(&mut tour).await;
    lists(&mut tour).await;
    answers(&stage, &mut tour, ignored[0]).await;
    closed(&stage, &mut tour).await;
    troubles(&stage, &mut tour).await;

    let Tour { browser, faults } = tour;
    drop(browser);
    stage.end().await;
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
