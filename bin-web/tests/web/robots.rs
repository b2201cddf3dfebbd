//! The question against robots.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use stakepool::Parts;
use stakepool_core::accounts::{EmailState, User, UserId};
use stakepool_core::ports::{AccessStore, Session, SessionToken, StoreError, TokenPurpose, UserStore as _};
use stakepool_core::time::UnixTime;
use stakepool_web::{CaptchaChoice, NUMBER_WORDS};
use warp::http::StatusCode;

use crate::browser::{Browser, PASSWORD};
use crate::sink::Sink;
use crate::world::{Plan, World};

const ALICE: &str = "alice@example.org";

#[tokio::test]
async fn sums_in_words_keep_robots_out() {
    let mut plan = Plan::default();
    plan.options.captcha = CaptchaChoice::Own;
    let world = World::of(plan).await;
    let mut browser = world.browser();
    let page = browser.get("/signup").await.text();
    let token = between(&page, "name=\"captcha_token\" value=\"", "\"");
    let csrf = between(&page, "name=\"csrf_token\" value=\"", "\"");
    let answer = solve(&page);
    let fields = |answer: &str, website: &str| {
        [
            ("csrf_token", csrf.clone()),
            ("email", ALICE.to_owned()),
            ("password", PASSWORD.to_owned()),
            ("passwordrepeat", PASSWORD.to_owned()),
            ("captcha_token", token.clone()),
            ("captcha_answer", answer.to_owned()),
            ("website", website.to_owned()),
        ]
    };
    let mut send = async |answer: &str, website: &str| {
        let fields = fields(answer, website);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post("/signup", &fields).await
    };
    assert!(send(&answer, "").await.text().contains("was sent too quickly"));
    world.advance(5);
    assert!(send("99", "").await.text().contains("anti-bot answer was wrong"));
    assert!(send(&answer, "http://spam").await.text().contains("anti-bot answer was wrong"));
    assert_eq!(world.database.counts().await.unwrap().0, 0);
    assert_eq!(send(&answer, "").await.location(), "/signin");
    assert!(send(&answer, "").await.text().contains("has expired"), "an answer counts once");
}

#[tokio::test]
async fn only_pages_with_recaptcha_may_load_it() {
    let sink = Sink::start().await;
    let mut plan = Plan { mail: Some(sink.address), ..Plan::default() };
    plan.options.captcha =
        CaptchaChoice::Recaptcha { site_key: "site".into(), secret: stakepool_core::secret::Secret::new("s") };
    let world = World::of(plan).await;
    for (page, admits) in [("/signup", true), ("/passwordreset", true), ("/signin", false), ("/", false)] {
        let reply = world.browser().get(page).await;
        assert_eq!(reply.header("content-security-policy").contains("www.google.com/recaptcha/"), admits, "{page}");
        assert!(reply.header("content-security-policy").contains("default-src 'none'"));
    }
    let refused = world.browser().sign_up(ALICE).await.text();
    assert!(refused.contains("Account not created: the anti-bot box was not ticked"), "{refused}");
}

/// Counts what is written for questions against robots.
struct Counting(Arc<dyn AccessStore>);

static ANSWERS: AtomicUsize = AtomicUsize::new(0);

#[async_trait]
impl AccessStore for Counting {
    async fn sessions_of(&self, user: UserId, now: UnixTime) -> Result<Vec<(SessionToken, Session)>, StoreError> {
        self.0.sessions_of(user, now).await
    }

    async fn revoke_tokens(&self, user: UserId, purpose: TokenPurpose) -> Result<(), StoreError> {
        self.0.revoke_tokens(user, purpose).await
    }

    async fn first_use(&self, key: &[u8; 32], now: UnixTime, expires: UnixTime) -> Result<bool, StoreError> {
        ANSWERS.fetch_add(1, Ordering::SeqCst);
        self.0.first_use(key, now, expires).await
    }
}

#[tokio::test]
async fn who_asks_for_too_many_new_passwords_has_nothing_written() {
    let sink = Sink::start().await;
    let change_parts = |parts: &mut Parts| parts.access = Arc::new(Counting(parts.access.clone()));
    let mut plan = Plan { mail: Some(sink.address), change_parts, ..Plan::default() };
    plan.options.captcha = CaptchaChoice::Own;
    plan.settings.tries.sign_ins_per_account = 2;
    let world = World::of(plan).await;
    for (number, status) in (0..).zip([StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS]) {
        let mut browser = world.browser();
        let page = browser.get("/passwordreset").await.text();
        world.advance(5);
        let fields = [
            ("csrf_token", between(&page, "name=\"csrf_token\" value=\"", "\"")),
            ("email", format!("u{number}@example.org")),
            ("captcha_token", between(&page, "name=\"captcha_token\" value=\"", "\"")),
            ("captcha_answer", solve(&page)),
        ];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(browser.post("/passwordreset", &fields).await.status, status, "{number}");
    }
    assert_eq!(ANSWERS.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_verification_is_sent_again_to_people_only() {
    let sink = Sink::start().await;
    let mut plan = Plan { mail: Some(sink.address), ..Plan::default() };
    plan.options.captcha = CaptchaChoice::Own;
    let world = World::of(plan).await;
    let user = world.account(ALICE, false).await;
    let before = world.database.by_id(user).await.unwrap().unwrap();
    let unverified = User { email_state: EmailState::Unverified, ..before.clone() };
    world.database.update(&before, &unverified).await.unwrap();
    let mut browser = world.browser();
    let page = browser.sign_in(ALICE, PASSWORD).await.text();
    world.advance(5);
    let send = async |browser: &mut Browser, page: &str, answer: &str| {
        let (csrf, token) = (
            between(page, "name=\"csrf_token\" value=\"", "\""),
            between(page, "name=\"captcha_token\" value=\"", "\""),
        );
        let fields = [("csrf_token", csrf.as_str()), ("email", ALICE), ("resend", "1")];
        let answered = [("captcha_token", token.as_str()), ("captcha_answer", answer)];
        browser.post("/emailverify", &[&fields[..], &answered[..]].concat()).await.text()
    };
    let refused = send(&mut browser, &page, "99").await;
    assert!(refused.contains("No email was sent: the anti-bot answer was wrong"), "{refused}");
    assert!(sink.all_to(ALICE).is_empty());
    world.advance(5);
    let answer = solve(&refused);
    assert!(send(&mut browser, &refused, &answer).await.contains("Look into your mail"));
    sink.letter(ALICE, "verify").await;
}

#[tokio::test]
async fn a_page_shows_no_more_of_an_address_than_one_can_have() {
    let world = World::start().await;
    let long = "x".repeat(100_000);
    for page in ["/signin", "/signup"] {
        let reply = world.browser().submit(page, &[("email", &long), ("password", PASSWORD)]).await;
        assert!(reply.text().contains(&long[..254]) && !reply.text().contains(&long[..255]), "{page}");
    }
    let mut user = world.user(ALICE).await;
    let reply = user.submit("/address", &[("UserPubKeyAddr", &long)]).await;
    assert!(reply.text().contains(&long[..256]) && !reply.text().contains(&long[..257]));
}

fn between(page: &str, start: &str, end: &str) -> String {
    page.split_once(start).unwrap().1.split_once(end).unwrap().0.to_owned()
}

/// Answers the question as a person does.
fn solve(page: &str) -> String {
    let question = between(page, "<label for=\"captcha\">", "</label>");
    let numbers: Vec<_> = question
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter_map(|word| NUMBER_WORDS.iter().position(|known| *known == word))
        .collect();
    match (&numbers[..], question.contains("plus")) {
        ([a, b], true) => a + b,
        ([a, b], false) => a - b,
        ([a], _) => a + 1,
        _ => panic!("{question}"),
    }
    .to_string()
}
