//! Pages through the proxy: security headers, cookies, caches, packing, methods and the limit of bodies.

use std::time::SystemTime;

use hyper::Method;
use stakepool_core::time::UnixTime;

use super::when::http_date;
use crate::outside::client::{Client, Reply};
use crate::outside::row::Rows;

/// Headers that the pool sends with every answer, and a part of each.
const SECURITY: [(&str, &str); 5] = [
    ("content-security-policy", "default-src 'none'"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=()"),
];
const PASS_ON: &str = "have the proxy pass the pool's own header on, and set none of that name itself";
/// Seconds by which clocks may differ before it is worth a word, and before sign-in codes fail.
const CLOCKS: (u64, u64) = (5, 60);

/// The front page. Whether the pool is there.
pub(super) async fn front(client: &Client, rows: &mut Rows) -> bool {
    let reply = match client.get("/").await {
        Ok(reply) => reply,
        Err(reason) => {
            rows.fail("front page", reason, "look at the proxy's log, and whether stakepool-web runs");
            return false;
        }
    };
    let kind = reply.header("content-type").to_owned();
    if reply.status.as_u16() != 200 || !kind.starts_with("text/html") {
        let remedy = match reply.status.as_u16() {
            502..=504 => "start stakepool-web, and have the proxy reach the address of its `listen`",
            _ => "have the proxy pass everything on to stakepool-web, without an answer of its own",
        };
        rows.fail("front page", format!("answered with {} and {kind:?}", reply.status), remedy);
        return false;
    }
    rows.ok("front page", "200, HTML");
    for (name, part) in SECURITY {
        match (reply.count(name), reply.header(name).contains(part)) {
            (1, true) => rows.ok(name, reply.header(name)),
            (0, _) => rows.warn(name, "is missing", PASS_ON),
            (1, false) => rows.warn(name, format!("is {:?}", reply.header(name)), PASS_ON),
            (number, _) => rows.warn(name, format!("is there {number} times"), PASS_ON),
        }
    }
    hsts(client, &reply, rows);
    clock(&reply, rows);
    true
}

fn hsts(client: &Client, reply: &Reply, rows: &mut Rows) {
    let check = "strict-transport-security";
    match (client.target.is_https, reply.count(check)) {
        (false, _) => {}
        (true, 0) => rows.warn(check, "is missing", "set baseurl to the https:// address of the pool"),
        (true, 1) => rows.ok(check, reply.header(check)),
        (true, number) => rows.warn(check, format!("is there {number} times"), PASS_ON),
    }
}

fn clock(reply: &Reply, rows: &mut Rows) {
    let Some(theirs) = http_date(reply.header("date")) else {
        rows.warn("clock", "the answer has no date", "have the proxy send Date");
        return;
    };
    let apart = UnixTime::from(SystemTime::now()).0.abs_diff(theirs.0);
    let found = format!("{apart} s between the server and this computer");
    let remedy = "have both follow a time server (timedatectl set-ntp true): one-time codes and tokens depend on it";
    match apart {
        apart if apart > CLOCKS.1 => rows.fail("clock", found, remedy),
        apart if apart > CLOCKS.0 => rows.warn("clock", found, remedy),
        _ => rows.ok("clock", found),
    }
}

/// Cookies, and whether anything on the way keeps pages for others.
pub(super) async fn caches(client: &Client, rows: &mut Rows) {
    let remedy = "switch caching off in the proxy or CDN: visitors would get each other's pages";
    let (Ok(first), Ok(second)) = (client.get("/signin").await, client.get("/signin").await) else {
        rows.fail("sign-in page", "is not answered", "look at the proxy's log");
        return;
    };
    let is_kept = ["x-cache", "cf-cache-status", "x-cache-status"].iter().any(|name| first_or(&first, &second, name));
    let no_store = first.header("cache-control").contains("no-store");
    if (!first.body.is_empty() && first.body == second.body) || is_kept || second.count("age") > 0 {
        rows.fail("caches", "two visitors get the very same sign-in page", remedy);
    } else if no_store {
        rows.ok("caches", "each visitor gets a page of their own, with no-store");
    } else {
        rows.warn("caches", format!("cache-control is {:?}", first.header("cache-control")), PASS_ON);
    }
    let cookies: Vec<_> = first.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
    let is_marked = |mark: &str| cookies.iter().all(|cookie| cookie.contains(mark));
    if cookies.is_empty() {
        rows.fail(
            "cookies",
            "the sign-in page sets none, so that nobody can sign in",
            "have the proxy pass Set-Cookie on",
        );
    } else if !is_marked("HttpOnly") || !is_marked("SameSite") || (client.target.is_https && !is_marked("Secure")) {
        let remedy = "set baseurl to the https:// address of the pool, and have the proxy leave Set-Cookie as it is";
        rows.warn("cookies", "lack Secure, HttpOnly or SameSite", remedy);
    } else {
        rows.ok("cookies", "Secure where there is TLS, HttpOnly, SameSite");
    }
}

fn first_or(first: &Reply, second: &Reply, name: &str) -> bool {
    [first, second].iter().any(|reply| reply.header(name).to_ascii_uppercase().contains("HIT"))
}

/// Packing, methods, and files at known places.
pub(super) async fn manners(client: &Client, rows: &mut Rows) {
    let packed = [("accept-encoding", "br, gzip")];
    match client.send(Method::GET, "/", &packed, Vec::new()).await {
        Ok(reply) if reply.header("content-encoding").is_empty() => {
            rows.warn("packed", "the front page comes as it is", "have the proxy pass Accept-Encoding on");
        }
        Ok(reply) => rows.ok("packed", reply.header("content-encoding")),
        Err(reason) => rows.warn("packed", reason, "look at the proxy's log"),
    }
    match client.send(Method::HEAD, "/stats", &[], Vec::new()).await {
        Ok(reply) if reply.status.as_u16() == 200 && reply.body.is_empty() => rows.ok("HEAD", "200 without a body"),
        Ok(reply) => {
            // A page that the pool itself refuses, as without enough wallets, is answered so by either method.
            let same = client.get("/stats").await.is_ok_and(|get| get.status == reply.status);
            let remedy = if same {
                "GET is answered so, too: it is not the proxy; `stakepoolctl status` on the pool's host says what is wrong"
            } else {
                "have the proxy pass HEAD on"
            };
            rows.warn("HEAD", format!("/stats is answered with {}", reply.status), remedy);
        }
        Err(reason) => rows.warn("HEAD", reason, "have the proxy pass HEAD on"),
    }
    match client.get("/.well-known/security.txt").await {
        Ok(reply) if reply.status.as_u16() == 200 && reply.body.starts_with(b"Contact:") => {
            rows.ok("security.txt", "names a contact");
        }
        _ => rows.warn(
            "security.txt",
            "is not there",
            "set securitycontact or poolemail, and have the proxy pass /.well-known/ on (all but acme-challenge)",
        ),
    }
}

/// Whether bodies come through as far as the pool takes them, and no further.
pub(super) async fn bodies(client: &Client, rows: &mut Rows) {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let send = |bytes: usize| client.send(Method::POST, "/api/v2/voting", &form, vec![b'a'; bytes]);
    match send(900 << 10).await {
        Ok(reply) if reply.status.as_u16() == 200 => rows.ok("bodies of 900 KiB", "come through"),
        Ok(reply) => rows.warn(
            "bodies of 900 KiB",
            format!("are answered with {}", reply.status),
            "let the proxy take 1 MiB (nginx: client_max_body_size 1m)",
        ),
        Err(reason) => rows.warn("bodies of 900 KiB", reason, "let the proxy take 1 MiB"),
    }
    match send(3 << 20).await {
        Ok(reply) if reply.status.as_u16() == 413 => rows.ok("bodies of 3 MiB", "413"),
        Ok(reply) => {
            rows.warn("bodies of 3 MiB", format!("are answered with {}", reply.status), "look who answers there")
        }
        // Who is refused while still sending may not hear the answer.
        Err(_) => rows.ok("bodies of 3 MiB", "are cut off"),
    }
}
