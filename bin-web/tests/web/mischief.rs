//! Whatever comes in, wherever and from whom: no crash, and no answer that blames the server.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use stakepool_core::secret::Secret;
use stakepool_web::{Admission, CaptchaChoice, KnownRoute, ProxyTrust, known_routes};
use warp::http::{Method, StatusCode};

use crate::browser::{Browser, PASSWORD, hidden_token};
use crate::http::send_bytes;
use crate::world::{Plan, USER_KEY, World, key_of};

const STATUS_TOKEN: &str = "the token of the monitors";
const CLIENT_HEADER: &str = "x-real-ip";
const CLIENT: &str = "203.0.113.9";

/// Every name of a field that a form, a query or a call may have, and one that none has.
const FIELDS: &[&str] = &[
    "csrf_token",
    "do",
    "email",
    "password",
    "passwordrepeat",
    "newpassword",
    "newpasswordrepeat",
    "code",
    "invitation",
    "note",
    "uses",
    "days",
    "t",
    "resend",
    "signin",
    "website",
    "captcha_answer",
    "captcha_token",
    "g-recaptcha-response",
    "begin",
    "confirm",
    "renew",
    "remove",
    "showApiKey",
    "renewApiKey",
    "revokeApiKey",
    "updatePassword",
    "updateEmail",
    "updateMails",
    "mailIgnored",
    "mailVoted",
    "mailMissed",
    "mailNotices",
    "endSession",
    "endSessions",
    "closeAccount",
    "closeSure",
    "UserPubKeyAddr",
    "VoteBits",
    "agenda0",
    "agenda1",
    "show",
    "page",
    "addedpage",
    "q",
    "sort",
    "age",
    "id",
    "action",
    "sure",
    "tickets[]",
    "ticket",
    "made",
    "signature",
    "user",
    "username",
    "signup",
    "x",
];
const KINDS: [&str; 5] = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=b",
    "text/plain",
    "multipart/form-data",
];
const HEADERS: [&str; 7] =
    ["cookie", CLIENT_HEADER, "accept-encoding", "if-none-match", "authorization", "range", "content-encoding"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Anybody,
    User,
    Administrator,
}

/// A request that a mischievous client may send.
#[derive(Debug, Clone)]
struct Mischief {
    who: Who,
    method: Method,
    path: String,
    fields: Vec<(&'static str, String)>,
    raw: Option<Vec<u8>>,
    kind: &'static str,
    in_query: bool,
    with_token: bool,
    headers: Vec<(&'static str, Vec<u8>)>,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[\\x00-\\x1f\"'<>&;%\\\\]{0,20}",
        "[A-Za-z0-9]{40,65}",
        "-?[0-9]{1,20}",
        prop::sample::select(vec![
            "a@example.org",
            "' OR 1=1 --",
            "{{ 7 * 7 }}",
            PASSWORD,
            USER_KEY,
            "1",
            "2",
            "Add",
            "Remove",
            "disable",
            "enable",
            "endsessions",
            "resend",
            "all",
            "ignored",
        ])
        .prop_map(str::to_owned),
    ]
}

/// What may stand in a header: anything but control characters, which HTTP itself refuses.
fn header() -> impl Strategy<Value = Vec<u8>> {
    let byte = (0x20_u8..=0xff).prop_filter("not in a header", |byte| *byte != 0x7f);
    let known = vec![
        "203.0.113.9",
        "203.0.113.9, 10.0.0.1, ,",
        "[2001:db8::1]:99999",
        "999.1.1.1",
        "session=0000; csrf=; firststep=ff; notice=99",
        "gzip;q=0, br;q=-1, *;q=9",
        "W/\"\", \"*\", *",
        "Bearer ",
        "Bearer a.b.c",
        "Basic YTpi",
        "bytes=5-1",
    ];
    prop_oneof![
        prop::collection::vec(byte, 0..60),
        prop::sample::select(known).prop_map(|text| text.as_bytes().to_vec()),
        Just(format!("Bearer {}", key_of(1)).into_bytes()),
        Just(format!("Bearer {STATUS_TOKEN}").into_bytes()),
    ]
}

/// Routes that there are, each with its own method or another, and paths near them.
fn place() -> impl Strategy<Value = (Method, String)> {
    let routes: Vec<_> = known_routes().collect();
    let methods = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
    let other = prop::sample::select(methods.to_vec()).prop_map(|name| name.parse::<Method>().unwrap());
    let (route, suffix) = (prop::sample::select(routes), "[a-z/%0-9.]{0,6}");
    (route, prop::option::weighted(0.2, other), prop::option::weighted(0.15, suffix)).prop_map(
        |(KnownRoute { method, path }, other, suffix)| {
            (other.unwrap_or(method), format!("{path}{}", suffix.unwrap_or_default()))
        },
    )
}

prop_compose! {
    fn mischief()(
        who in prop::sample::select(vec![Who::Anybody, Who::User, Who::Administrator]),
        (method, path) in place(),
        fields in prop::collection::vec((prop::sample::select(FIELDS.to_vec()), text()), 0..12),
        raw in prop::option::weighted(0.15, prop::collection::vec(any::<u8>(), 0..200)),
        kind in prop_oneof![3 => Just(KINDS[0]), 1 => prop::sample::select(KINDS.to_vec())],
        in_query in any::<bool>(),
        with_token in prop::bool::weighted(0.8),
        headers in prop::collection::vec((prop::sample::select(HEADERS.to_vec()), header()), 0..3),
    ) -> Mischief {
        Mischief { who, method, path, fields, raw, kind, in_query, with_token, headers }
    }
}

/// A world with everything that can be switched on, and those who come to it.
struct Scene {
    world: World,
    browsers: BTreeMap<Who, Browser>,
    accounts: u32,
}

impl Scene {
    async fn set() -> Self {
        let mut plan = Plan::default();
        plan.options.proxies =
            ProxyTrust { header: Some("X-Real-IP".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
        plan.options.captcha = CaptchaChoice::Own;
        plan.options.admission = Admission {
            addresses: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()].into(),
            status_token: Some(Secret::new(STATUS_TOKEN)),
        };
        let world = World::of(plan).await;
        world.old_users(1).await;
        Self { world, browsers: BTreeMap::new(), accounts: 0 }
    }

    /// The cookies of somebody and the token of their forms. Whoever was signed out, or whose account is closed, comes
    /// back with a new one: what follows must not be refused just because nobody is signed in.
    async fn come(&mut self, who: Who) -> (String, String) {
        let browser = || self.world.browser().behind_proxy(CLIENT_HEADER, CLIENT);
        let known = self.browsers.entry(who).or_insert_with(browser);
        let page = match who {
            Who::Anybody => "/signup",
            Who::User => "/settings",
            Who::Administrator => "/adminusers",
        };
        let mut reply = known.get(page).await;
        if reply.status != StatusCode::OK {
            self.accounts += 1;
            let email = format!("{}@example.org", self.accounts);
            self.world.account(&email, who == Who::Administrator).await;
            *known = browser();
            assert_eq!(known.sign_in(&email, PASSWORD).await.status, StatusCode::SEE_OTHER);
            reply = known.get(page).await;
        }
        assert_eq!(reply.status, StatusCode::OK, "{who:?}: {}", reply.text());
        (known.cookie_header(), hidden_token(&reply.text()).unwrap())
    }

    async fn play(&mut self, mischief: &Mischief) -> StatusCode {
        let (cookies, token) = self.come(mischief.who).await;
        let mut pairs: Vec<_> = mischief.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if mischief.with_token {
            pairs.insert(0, ("csrf_token", &token));
        }
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let query = if mischief.in_query { format!("?{encoded}") } else { String::new() };
        let target = format!("{}{query}", mischief.path);
        let (kind, client) = (mischief.kind.as_bytes(), CLIENT.as_bytes());
        // The last of several counts: that of the mischief, where it has one.
        let mut headers = vec![("content-type", kind), ("cookie", cookies.as_bytes()), (CLIENT_HEADER, client)];
        headers.extend(mischief.headers.iter().map(|(name, value)| (*name, value.as_slice())));
        let body = mischief.raw.clone().unwrap_or_else(|| encoded.into_bytes());
        send_bytes(self.world.server, mischief.method.as_str(), &target, &headers, &body).await.status
    }
}

/// A request that is none: as a browser would send it.
fn plain(who: Who, method: Method, path: &str) -> Mischief {
    Mischief {
        who,
        path: path.to_owned(),
        fields: vec![("id", "1".to_owned())],
        raw: None,
        kind: KINDS[0],
        in_query: method == Method::GET,
        with_token: method == Method::POST,
        headers: Vec::new(),
        method,
    }
}

/// The names of all fields of the built-in templates.
fn names_in_templates() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let names = |text: String| {
        let tags = text.split('<').filter(|tag| !tag.starts_with("meta")).map(str::to_owned).collect::<Vec<_>>();
        tags.into_iter().filter_map(|tag| Some(tag.split_once(" name=\"")?.1.split_once('"')?.0.to_owned()))
    };
    files.flat_map(names).filter(|name| !name.contains('{')).collect()
}

#[test]
fn mischief_is_done_with_every_field_of_every_form() {
    let names = names_in_templates();
    assert!(names.contains("csrf_token") && names.len() > 20, "{names:?}");
    let forgotten: Vec<_> = names.iter().filter(|name| !FIELDS.contains(&name.as_str())).collect();
    assert!(forgotten.is_empty(), "{forgotten:?} are not in FIELDS");
}

#[tokio::test]
async fn every_route_answers_everybody() {
    let mut scene = Scene::set().await;
    for who in [Who::Anybody, Who::User, Who::Administrator] {
        for KnownRoute { method, path } in known_routes() {
            let file = if path.ends_with('/') && path != "/" { "style.css" } else { "" };
            let mischief = plain(who, method, &format!("{path}{file}"));
            let status = scene.play(&mischief).await;
            let expected = match status {
                StatusCode::OK | StatusCode::SEE_OTHER => true,
                // Wallets of today are not served here.
                StatusCode::NOT_FOUND => {
                    let no_hash = path == "/ticket" && who != Who::Anybody;
                    let unserved = ["/api/v3/", "/vsp", "/adminvsp"].iter().any(|start| path.starts_with(start));
                    no_hash || unserved
                }
                StatusCode::UNAUTHORIZED => who == Who::Anybody && path == "/status.json",
                StatusCode::NOT_ACCEPTABLE => path == "/events",
                StatusCode::FORBIDDEN => {
                    who == Who::User && (path.starts_with("/admin") || path.starts_with("/status"))
                }
                _ => false,
            };
            assert!(expected, "{status}: {mischief:?}");
        }
    }
}

#[tokio::test]
async fn who_is_signed_out_comes_back_signed_in() {
    let mut scene = Scene::set().await;
    for accounts in 1..=2 {
        assert_eq!(scene.play(&plain(Who::User, Method::POST, "/logout")).await, StatusCode::SEE_OTHER);
        assert_eq!(scene.accounts, accounts, "the form signed them out, or the one before did not");
    }
}

#[test]
fn no_request_makes_the_server_fail() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let scene = std::cell::RefCell::new(runtime.block_on(Scene::set()));
    let config = Config { cases: 800, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&mischief(), |mischief| {
            let status = runtime.block_on(scene.borrow_mut().play(&mischief));
            prop_assert!(!status.is_server_error(), "{status}: {mischief:?}");
            Ok(())
        })
        .unwrap();
    let scene = scene.into_inner();
    runtime.block_on(async {
        assert_eq!(scene.world.send("GET", "/", &[], b"").await.status, StatusCode::OK);
    });
}
