//! What goes into the log: no secret, and no line that a visitor wrote.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE32_NOPAD;
use stakepool::Parts;
use stakepool_core::accounts::{TotpSecret, TotpStep};
use stakepool_core::ports::{Clock as _, Mail, MailError, Mailer};
use stakepool_core::secret::Secret;
use stakepool_web::{Admission, ProxyTrust};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::browser::{Browser, PASSWORD, hidden_token};
use crate::keys::SECRET;
use crate::logging::log_to;
use crate::world::{Plan, USER_KEY, World};

const STATUS_TOKEN: &str = "secret-of-the-monitors";
const WRONG_TOKEN: &str = "secret-that-is-no-monitors";
const WRONG: &str = "secret that was mistyped";
const NEW: &str = "secret that is the new one";
/// A line that a visitor would like to see in the log.
const EVIL: &str = "evil\r\n1999-12-31T23:59:59.000000Z  INFO stakepool_web: forged\u{1b}[31m\u{2028}";

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn says(&self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "nothing says `{words}`:\n{text}");
    }
}

/// A mail server that takes nothing, and what it was asked to send.
struct Refusing;

static REFUSED: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[async_trait]
impl Mailer for Refusing {
    fn is_on(&self) -> bool {
        true
    }

    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        REFUSED.lock().unwrap().push(mail.text.clone());
        Err(MailError::Refused("550 no such user".to_owned()))
    }
}

async fn world() -> World {
    let mut plan = Plan::default();
    plan.options.proxies = ProxyTrust { header: Some("X-Real-IP".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
    plan.options.admission = Admission {
        addresses: vec!["0.0.0.0/0".parse().unwrap()].into(),
        status_token: Some(Secret::new(STATUS_TOKEN)),
    };
    plan.change_parts = |parts: &mut Parts| parts.mailer = Arc::new(Refusing);
    World::of(plan).await
}

/// What a browser's cookies hold, but for the word that names a notice.
fn cookies(browser: &Browser) -> impl Iterator<Item = String> {
    browser.cookies.iter().filter(|(name, _)| *name != "notice").map(|(_, value)| value.clone())
}

/// Everything in which secrets travel, done right and wrong; answers the secrets.
async fn visit_everything(world: &World) -> Vec<String> {
    let mut secrets: Vec<_> =
        [PASSWORD, WRONG, NEW, STATUS_TOKEN, WRONG_TOKEN, SECRET, "cookie secret"].map(str::to_owned).into();
    world.account("a@example.org", false).await;
    let mut browser = world.browser();
    browser.sign_in("a@example.org", WRONG).await;
    browser.sign_in(EVIL, WRONG).await;
    assert_eq!(browser.sign_in("a@example.org", PASSWORD).await.location(), "/start");
    secrets.extend(cookies(&browser));
    secrets.extend(hidden_token(&browser.get("/settings").await.text()));

    browser.submit("/signup", &[("email", EVIL), ("password", NEW), ("passwordrepeat", NEW)]).await;
    browser.submit("/signup", &[("email", "b@example.org"), ("password", NEW), ("passwordrepeat", NEW)]).await;
    browser.submit("/passwordreset", &[("email", "a@example.org")]).await;
    for email in [EVIL, "new@example.org"] {
        browser.submit("/settings", &[("updateEmail", "1"), ("email", email), ("password", PASSWORD)]).await;
    }
    let passwords = [("newpassword", NEW), ("newpasswordrepeat", NEW), ("updatePassword", "1")];
    for current in [WRONG, PASSWORD] {
        browser.submit("/settings", &[&passwords[..], &[("password", current)]].concat()).await;
    }
    secrets.extend(cookies(&browser));

    let old_key = browser.api_key_by(NEW).await;
    browser.submit("/settings", &[("renewApiKey", "true"), ("password", NEW)]).await;
    let key = browser.api_key_by(NEW).await;
    for key in [&old_key, &key, &format!("{key}x")] {
        for bits in ["1", EVIL] {
            let bits = form_urlencoded::byte_serialize(bits.as_bytes()).collect::<String>();
            world.call(key, "/api/v2/voting", Some(&format!("VoteBits={bits}"))).await;
        }
        let evil = form_urlencoded::byte_serialize(EVIL.as_bytes()).collect::<String>();
        world.call(key, "/api/v2/address", Some(&format!("UserPubKeyAddr={evil}"))).await;
        world.call(key, &format!("/api/v2/{evil}?token={key}"), None).await;
    }
    world.wallets_away(true);
    world.call(&key, "/api/v2/address", Some(&format!("UserPubKeyAddr={USER_KEY}"))).await;
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    browser.submit("/address", &[("UserPubKeyAddr", EVIL)]).await;
    secrets.extend([old_key, key]);

    secrets.extend(second_factor(world, &mut browser).await);
    for path in ["/%0d%0a1999-12-31T23:59:59Z%20INFO", "/adminusers", "/adminuser?id=%0a1999", "/tickets?q=%0a1999"] {
        browser.get(path).await;
    }
    for token in [STATUS_TOKEN, WRONG_TOKEN] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("x-real-ip", "203.0.113.9, evil forged")];
        world.send("GET", "/status.json", &headers, b"").await;
    }
    secrets.extend(cookies(&browser));
    let mut leaving = browser.clone();
    leaving.submit("/logout", &[]).await;
    secrets
}

/// Sets a second factor up and uses it, wrongly and rightly.
async fn second_factor(world: &World, browser: &mut Browser) -> Vec<String> {
    let pre = |page: &str| {
        page.split_once("<pre").unwrap().1.split_once('>').unwrap().1.split_once("</pre>").unwrap().0.to_owned()
    };
    let secret = pre(&browser.submit("/twofactor", &[("begin", "1"), ("password", NEW)]).await.text());
    let totp =
        TotpSecret::from_bytes(&BASE32_NOPAD.decode(secret.replace(' ', "").trim().as_bytes()).unwrap()).unwrap();
    let code = totp.code(TotpStep(world.clock.now().0 / 30));
    browser.submit("/twofactor", &[("confirm", "1"), ("code", WRONG)]).await;
    let codes = pre(&browser.submit("/twofactor", &[("confirm", "1"), ("code", &code)]).await.text());
    let codes: Vec<_> = codes.split_whitespace().map(str::to_owned).collect();
    let mut elsewhere = world.browser();
    assert_eq!(elsewhere.sign_in("a@example.org", NEW).await.location(), "/signincode");
    let mut secrets: Vec<_> = cookies(&elsewhere).collect();
    elsewhere.submit("/signincode", &[("code", WRONG)]).await;
    assert_eq!(elsewhere.submit("/signincode", &[("code", &codes[0])]).await.location(), "/start");
    secrets.extend(cookies(&elsewhere));
    secrets.extend([secret.trim().to_owned(), secret.replace(' ', "").trim().to_owned()]);
    secrets.extend(codes);
    secrets
}

#[tokio::test]
async fn the_log_holds_no_secret_and_no_line_of_a_visitor() {
    let log = Log::default();
    let writer = log.clone();
    // The loudest that an operator can have it, as the programs write it.
    let filter = EnvFilter::new(
        "warn,stakepool=trace,stakepool_web=trace,stakepool_core=trace,stakepool_db=trace,stakepool_rpc=trace",
    );
    let lines = fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    let _logging = log_to(tracing_subscriber::registry().with(filter).with(lines));

    let world = world().await;
    let mut secrets = visit_everything(&world).await;
    let mails_refused = async {
        while REFUSED.lock().unwrap().len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), mails_refused).await.expect("mails are sent");
    let tokens = REFUSED.lock().unwrap().clone();
    secrets
        .extend(tokens.iter().filter_map(|text| Some(text.split_once("?t=")?.1.split_whitespace().next()?.to_owned())));
    tracing::warn!("the end");

    // That it would be seen.
    for words in [
        "signed in",
        "a sign-in failed",
        "a mail was not sent",
        "API key renewed",
        "voting preference set by API",
        "an address could not be registered",
        "a second factor failed",
        "the end",
    ] {
        log.says(words);
    }
    let text = log.text();
    for secret in &secrets {
        assert!(!text.contains(secret.as_str()), "`{secret}` is in the log:\n{text}");
    }
    assert!(secrets.len() > 25, "{secrets:?}");
    for line in text.split(['\n', '\r', '\u{85}', '\u{2028}']).filter(|line| !line.is_empty()) {
        let is_ours = line.starts_with("20") && line.get(10..11) == Some("T") && !line.contains('\u{1b}');
        assert!(is_ours, "no line of ours: {line:?}");
    }
}
