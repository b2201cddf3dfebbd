//! Pages: what they show, whom they refuse, and the headers on them.

use std::sync::Arc;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Address, AddressKind, Amount, BlockHeight, Hash160, Network, TicketHash};
use stakepool_core::ports::{LedgerStore as _, UserStore as _};
use stakepool_core::reports::{TicketReport, TicketState, TicketTimes};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixTime;
use stakepool_web::ProxyTrust;
use warp::http::StatusCode;
use warp::http::header::SET_COOKIE;

use crate::browser::{Browser, PASSWORD};
use crate::fakes::NoSessions;
use crate::world::{Plan, USER_KEY, World};

const PUBLIC: [&str; 5] = ["/", "/start", "/signin", "/signup", "/stats"];
const FOR_USERS: [&str; 6] = ["/settings", "/address", "/tickets", "/tickets/list", "/tickets/buy", "/tickets/backup"];

/// A user with an address, and a ticket of each kind.
async fn user_with_tickets(world: &World) -> Browser {
    let mut browser = world.user("a@example.org").await;
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    let address = world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.unwrap().address;
    let states =
        [TicketState::Live, TicketState::Immature, TicketState::Voted, TicketState::Missed, TicketState::Expired];
    let report = |n: u8, state, verdict| TicketReport {
        ticket: TicketHash::from_bytes([n; 32]),
        address: address.into(),
        user: Some(UserId(1)),
        state,
        facts: TicketFacts {
            verdict,
            price: Amount::from_atoms(2_050_000_000),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
            committed_fee: Amount::from_atoms(100),
            required_fee: Amount::from_atoms(7_500_000),
            mined_at: BlockHeight(200 + u32::from(n)),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: matches!(state, TicketState::Voted | TicketState::Missed | TicketState::Expired)
            .then_some(BlockHeight(300)),
    };
    let mut reports: Vec<_> =
        states.into_iter().zip(1..).map(|(state, n)| report(n, state, Verdict::Accepted)).collect();
    reports.push(report(0xaa, TicketState::Live, Verdict::LowFee));
    reports.push(report(0xbb, TicketState::Live, Verdict::UnknownFeeAddress));
    world.database.put_tickets("daemon1", &reports, UnixTime(1)).await.unwrap();
    browser
}

#[tokio::test]
async fn every_page_that_speaks_of_wallets_says_which_can_use_a_pool_by_key() {
    let world = World::start().await;
    let mut browser = world.user("new@example.org").await;
    for target in ["/", "/settings", "/address"] {
        let page = browser.get(target).await.text();
        let names_it = page.contains("Exilibrium before 1.8") || page.contains("Exilibrium 1.7");
        assert!(names_it && page.contains("cannot use"), "{target}: {page}");
    }
    let world = World::start().await;
    let mut browser = user_with_tickets(&world).await;
    let page = browser.get("/tickets/buy").await.text();
    for text in [
        "Exilibrium 1.7 or earlier",
        "Exilibrium 1.8 and later cannot use this pool",
        "VSP version 3",
        "purchaseticket",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn tickets_are_listed_by_state_and_ignored_ones_with_the_reason() {
    let world = World::start().await;
    let mut browser = user_with_tickets(&world).await;
    for (list, n) in [("live", "01"), ("immature", "02"), ("voted", "03"), ("missed", "04"), ("expired", "05")] {
        let page = browser.get(&format!("/tickets?show={list}")).await.text();
        assert!(page.contains(&n.repeat(32)), "{list}: {page}");
        assert_eq!(page.matches("<td><div class=\"copy\"><a class=\"mono hash\"").count(), 1, "{list}");
        assert!(page.contains(">20.50</td>"));
    }
    let ignored = browser.get("/tickets?show=ignored").await.text();
    for text in [
        "data-label=\"Fee paid, EXCC\">0.00000100</td>",
        "data-label=\"Required, EXCC\">0.07500000</td>",
        "paid to an address that is not the pool’s",
        "2 of them can still vote.",
        "href=\"mailto:admin@example.org?subject=Ignored%20ticket\"",
        "enablevoting=1",
    ] {
        assert!(ignored.contains(text), "{text}: {ignored}");
    }
    for odd in ["/tickets?show=nonsense", "/tickets?page=0", "/tickets?page=99999999999999999999", "/tickets?page=7"] {
        assert_eq!(browser.get(odd).await.status, StatusCode::OK, "{odd}");
    }
}

#[tokio::test]
async fn every_page_shows_whole_to_everybody_it_is_for() {
    let world = World::start().await;
    let (mut anonymous, mut user) = (world.browser(), user_with_tickets(&world).await);
    for target in PUBLIC.iter().chain(&["/error"]) {
        for browser in [&mut anonymous, &mut user] {
            let reply = browser.get(target).await;
            assert_eq!(reply.status, StatusCode::OK, "{target}");
            assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
            assert!(reply.text().trim_end().ends_with("</html>"), "{target}");
            assert!(!reply.text().contains("://fonts") && reply.text().matches("<script").count() <= 2, "{target}");
        }
    }
    for target in FOR_USERS {
        assert_eq!(anonymous.get(target).await.location(), "/signin");
        assert!(user.get(target).await.text().trim_end().ends_with("</html>"), "{target}");
    }
}

#[tokio::test]
async fn anonymous_visitors_leave_nothing_behind_but_a_signed_cookie() {
    let world = World::start().await;
    let reply = world.browser().get("/signin").await;
    let cookies: Vec<_> = reply.headers.get_all(SET_COOKIE).iter().map(|c| c.to_str().unwrap().to_owned()).collect();
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].starts_with("csrf=") && cookies[0].ends_with("; Path=/; HttpOnly; SameSite=Lax"));
}

#[tokio::test]
async fn behind_tls_all_cookies_are_secure() {
    let mut plan = Plan::default();
    plan.options.cookie_secure = true;
    let world = World::of(plan).await;
    let mut browser = world.browser();
    browser.sign_up("a@example.org").await;
    let reply = browser.sign_in("a@example.org", PASSWORD).await;
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-session=") && cookie.contains("Max-Age=604800") && cookie.ends_with("; Secure"));
}

#[tokio::test]
async fn security_headers_are_on_every_answer() {
    let world = World::start().await;
    for target in
        ["/", "/nowhere", "/api/v2/stats", "/api/v2/nonsense", "/assets/style.css", "/settings", "/robots.txt"]
    {
        let reply = world.send("GET", target, &[], b"").await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{target}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{target}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{target}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{target}");
        let kept = target.starts_with("/assets");
        assert_eq!(reply.header("cache-control") == "no-store", !kept, "{target}");
    }
}

#[tokio::test]
async fn unknown_pages_and_wrong_methods_are_told_with_a_way_on() {
    let world = World::start().await;
    for target in [
        "/nowhere",
        "/SignIn",
        "/apifoo",
        "/API/v2/stats",
        "/assets/",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/.git/config",
        "/%00",
        "/error/x",
    ] {
        let reply = world.send("GET", target, &[], b"").await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{target}");
        assert!(reply.text().contains("There is no page at this address."), "{target}");
    }
    for (method, target) in [("PUT", "/signin"), ("DELETE", "/"), ("POST", "/tickets"), ("PATCH", "/assets/style.css")]
    {
        let reply = world.send(method, target, &[], b"").await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {target}");
    }
    let reply = world.send("GET", "/error?r=http://evil.example/", &[], b"").await;
    assert!(!reply.text().contains("evil.example"), "no open redirect");
}

#[tokio::test]
async fn the_answer_to_head_is_that_to_get_without_its_body() {
    let world = World::start().await;
    let get = world.send("GET", "/stats", &[], b"").await;
    let head = world.send("HEAD", "/stats", &[], b"").await;
    assert_eq!((head.status, head.body.len()), (get.status, 0));
    assert_eq!(head.header("content-length"), get.header("content-length"));
}

#[tokio::test]
async fn assets_are_kept_by_browsers_under_an_address_that_changes_with_them() {
    let world = World::start().await;
    let page = world.send("GET", "/", &[], b"").await.text();
    let (_, rest) = page.split_once("rel=\"stylesheet\" href=\"").unwrap();
    let url = rest.split_once('"').unwrap().0;
    let style = world.send("GET", url, &[], b"").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.header("cache-control").contains("immutable"));
    let tag = style.header("etag").to_owned();
    let again = world.send("GET", url, &[("if-none-match", &tag)], b"").await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(world.send("GET", "/favicon.ico", &[], b"").await.header("content-type"), "image/svg+xml");
    assert!(world.send("GET", "/robots.txt", &[], b"").await.text().contains("Disallow: /api/"));
}

#[tokio::test]
async fn a_closed_pool_takes_no_users_and_no_addresses_and_says_why() {
    let mut plan = Plan::default();
    plan.terms.closed = Some("Moving to <new> servers until Monday.".into()).into();
    let world = World::of(plan).await;
    world.old_users(1).await;
    let page = world.browser().get("/signup").await.text();
    assert!(
        page.contains("Moving to &lt;new&gt; servers until Monday.") && !page.contains("name=\"password\""),
        "{page}"
    );
    let mut browser = world.browser();
    let token = crate::browser::hidden_token(&browser.get("/signin").await.text()).unwrap();
    let fields = [
        ("csrf_token", token.as_str()),
        ("email", "a@example.org"),
        ("password", PASSWORD),
        ("passwordrepeat", PASSWORD),
    ];
    let reply = browser.post("/signup", &fields).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert_eq!(world.database.counts().await, Ok((1, 0)));
}

#[tokio::test]
async fn an_address_is_refused_with_the_reason_and_what_was_typed_stays() {
    let world = World::start().await;
    let mut browser = world.user("a@example.org").await;
    for (typed, reason) in [
        ("short", "too short"),
        ("TkQ5D4h37rpN4qDfDjFQfJyToe1SKkqw3H7zkHRH8n8Mmd9msKdFW", "is an address of testnet"),
        ("<b>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</b>", "is not an address"),
    ] {
        let reply = browser.submit("/address", &[("UserPubKeyAddr", typed)]).await;
        let text = reply.text();
        assert!(text.contains("No address was registered") && text.contains(reason), "{text}");
        assert!(!text.contains("<b>aaa"), "{text}");
    }
    world.wallets_away(true);
    let reply = browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.text().contains(USER_KEY) && reply.text().contains("in a few minutes"));
    world.wallets_away(false);
    world.group.recover_all().await;
    assert_eq!(browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await.location(), "/tickets");
    assert!(browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await.text().contains("one address for good"));
}

#[tokio::test]
async fn without_wallets_or_database_pages_say_so() {
    let world = World::start().await;
    world.wallets_away(true);
    let stats = world.send("GET", "/stats", &[], b"").await;
    assert_eq!(stats.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(stats.text().contains("There are no figures at this moment"));
    assert_eq!(world.send("GET", "/", &[], b"").await.status, StatusCode::OK);
    let plan = Plan { change_parts: |parts| parts.sessions = Arc::new(NoSessions), ..Plan::default() };
    let world = World::of(plan).await;
    let mut browser = world.browser();
    browser.cookies.insert("session".into(), "0".repeat(64));
    let reply = browser.get("/").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.text().contains("Your tickets are voted all the same"));
}

#[tokio::test]
async fn a_client_behind_a_trusted_proxy_is_told_from_its_neighbours() {
    let mut plan = Plan::default();
    plan.options.proxies =
        ProxyTrust { header: Some("X-Forwarded-For".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
    plan.settings.tries.sign_ins_per_client = 1;
    let world = World::of(plan).await;
    let page = world.send("GET", "/signin", &[], b"").await;
    let token = crate::browser::hidden_token(&page.text()).unwrap();
    let cookie = format!("csrf={token}");
    let body = format!("csrf_token={token}&email=a%40example.org&password=wrong");
    let status = |client: &'static str| {
        let headers = [
            ("cookie", cookie.clone()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("x-forwarded-for", client.to_owned()),
        ];
        let (world, body) = (&world, body.clone());
        async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            world.send("POST", "/signin", &headers, body.as_bytes()).await.status
        }
    };
    assert_eq!(status("198.51.100.1").await, StatusCode::OK);
    assert_eq!(status("198.51.100.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(status("198.51.100.2").await, StatusCode::OK);
}

#[tokio::test]
async fn it_stops_when_told_to_and_leaves_the_port() {
    let world = World::start().await;
    let server = world.server;
    world.stop().await.unwrap();
    assert!(tokio::net::TcpStream::connect(server).await.is_err());
}

#[tokio::test]
async fn who_must_sign_in_first_is_told_so_and_goes_on_to_the_page() {
    let world = World::start().await;
    world.browser().sign_up("a@example.org").await;
    let mut browser = world.browser();
    assert_eq!(browser.get("/tickets?show=missed&sort=oldest").await.location(), "/signin");
    assert!(browser.get("/signin").await.text().contains("Sign in to see this page."));
    assert_eq!(browser.sign_in("a@example.org", PASSWORD).await.location(), "/tickets?show=missed&sort=oldest");
    assert!(!browser.cookies.contains_key("goal"), "once");
    let mut other = world.browser();
    other.get("/tickets.csv").await;
    assert_eq!(other.sign_in("a@example.org", PASSWORD).await.location(), "/tickets", "not to a file");
    let mut lured = world.browser();
    let foreign = hex::encode([&[0x7f; 8][..], &[0; 32], b"//evil.example"].concat());
    lured.cookies.insert("goal".into(), foreign);
    assert_eq!(lured.sign_in("a@example.org", PASSWORD).await.location(), "/start");
}

#[tokio::test]
async fn pages_for_signing_in_and_up_offer_what_is_possible() {
    let world = World::start().await;
    let page = world.browser().get("/signin").await.text();
    assert!(page.contains("This pool sends no email") && !page.contains("/passwordreset"), "{page}");
    let mut user = world.user("a@example.org").await;
    for target in ["/signin", "/signup"] {
        let page = user.get(target).await.text();
        assert!(page.contains("You are signed in as a@example.org") && !page.contains("name=\"password\""), "{target}");
    }
    let mut plan = Plan::default();
    plan.terms.closed = Some("Moving.".into()).into();
    let closed = World::of(plan).await;
    for target in ["/", "/signin", "/stats"] {
        let page = closed.browser().get(target).await.text();
        assert!(!page.contains("href=\"/signup\""), "{target}: {page}");
    }
}

#[tokio::test]
async fn figures_of_the_pool_are_those_of_its_ledger_and_the_api_tells_the_wallets() {
    let world = World::start().await;
    let mut browser = user_with_tickets(&world).await;
    let row = |name: &str, value: &str| format!("<th scope=\"row\">{name}</th><td class=\"number\">{value}</td>");
    let stats = browser.get("/stats").await.text();
    for (name, value) in [
        ("Live tickets", "1"),
        ("Immature tickets", "1"),
        ("Voted", "1"),
        ("Missed", "1"),
        ("Missed among those drawn", "50.00%"),
        ("Ignored: fee not paid", "2"),
    ] {
        assert!(stats.contains(&row(name, value)), "{name}: {stats}");
    }
    let home = browser.get("/").await.text();
    for figure in [
        "<dt>live tickets</dt><dd>1</dd>",
        "<dt>votes cast</dt><dd>1</dd>",
        "<dt>missed, 50.00% of those drawn</dt><dd>1</dd>",
    ] {
        assert!(home.contains(figure), "{figure}: {home}");
    }
    let api = world.send("GET", "/api/v2/stats", &[], b"").await.text();
    assert!(api.contains("\"Live\":5") && api.contains("\"Voted\":3"), "{api}");
}
