//! The checks, each of which is a line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::Method;
use serde_json::Value;
use stakepool::vsp::is_signed_by;
use stakepool_core::chain::Network;
use stakepool_core::vsp::listing_faults;
use tokio::time::Instant;

use crate::outside::client::{Client, Reply};
use crate::outside::row::Rows;
use crate::vsp::public_key::PublicKey;

const INFO: &str = "/api/v3/vspinfo";
/// How long wallets wait for `vspinfo`.
const PATIENCE: Duration = Duration::from_secs(5);
/// How far clocks may be apart, in seconds.
const APART: i64 = 60;
const PASS_ON: &str = "have the proxy pass /api/v3/ on to stakepool-web as it is, with POST and OPTIONS, and the headers \
                       VSP-Client-Signature and VSP-Server-Signature unchanged (config/nginx.conf is a sample)";

/// What the pool must be.
pub(super) struct Expected {
    pub(super) network: Network,
    /// Its public key, where that is known.
    pub(super) public_key: Option<PublicKey>,
}

/// All checks; without an answer the rest is left out.
pub(super) async fn all(client: &Client, expected: &Expected, rows: &mut Rows) {
    transport(client, rows);
    let began = Instant::now();
    let reply = match client.get(INFO).await {
        Ok(reply) => reply,
        Err(reason) => return rows.fail(format!("GET {INFO}"), reason, PASS_ON),
    };
    if let Some((wrong, remedy)) = client.tls.wrong() {
        rows.fail("certificate", wrong, remedy);
    }
    let key = signature(&reply, expected, rows);
    if !status(&reply, began.elapsed(), rows) {
        return;
    }
    content(&reply, expected, rows);
    cors(&reply, rows);
    two_slashes(client, key, rows).await;
    options(client, rows).await;
    post(client, key, rows).await;
}

/// Wallets speak HTTPS alone.
fn transport(client: &Client, rows: &mut Rows) {
    if client.target.is_https {
        rows.ok("https", client.target.url());
    } else {
        let remedy = "give the pool an address with https:// and a certificate: registry and Exilibrium ask no other";
        rows.fail("https", client.target.url(), remedy);
    }
}

/// Whether `vspinfo` answers so that it counts.
fn status(reply: &Reply, took: Duration, rows: &mut Rows) -> bool {
    let check = format!("GET {INFO}");
    let code = reply.status.as_u16();
    let said = serde_json::from_slice::<Value>(&reply.body).ok();
    let message = said.as_ref().and_then(|said| said["message"].as_str()).unwrap_or_default();
    match code {
        200 if took <= PATIENCE => rows.ok(check, format!("200 in {} ms", took.as_millis())),
        200 => rows.fail(
            check,
            format!("took {} s", took.as_secs()),
            "wallets wait for 5 seconds: look at node, database and proxy",
        ),
        503 if !message.is_empty() => {
            rows.fail(check, format!("503: {message}"), "look at stakepoolctl vsp status: no ticket can be bought now");
        }
        _ => rows.fail(check, format!("answered with {}", reply.status), PASS_ON),
    }
    code == 200
}

/// Looks at the signature of the answer; the public key that it names.
fn signature(reply: &Reply, expected: &Expected, rows: &mut Rows) -> Option<PublicKey> {
    let said = serde_json::from_slice::<Value>(&reply.body).ok();
    let key = said.as_ref().and_then(|said| said["pubkey"].as_str()).and_then(|key| key.parse::<PublicKey>().ok());
    // An answer that is no info names no key.
    let key = key.or(expected.public_key)?;
    let check = "signature";
    if !is_signed_by(&key.0, &reply.body, reply.header("vsp-server-signature")) {
        let found = match reply.count("vsp-server-signature") {
            0 => "the header VSP-Server-Signature is missing",
            _ => "VSP-Server-Signature does not fit the body and the key that it names",
        };
        rows.fail(check, found, "have the proxy pass header and body on unchanged: wallets refuse the answer");
        return Some(key);
    }
    match expected.public_key {
        Some(ours) if ours != key => {
            rows.fail(
                check,
                format!("by {key}, which is not this pool's key"),
                "look where the address and the proxy lead",
            );
        }
        _ => rows.ok(check, format!("by {key}")),
    }
    Some(key)
}

/// What the answer says.
fn content(reply: &Reply, expected: &Expected, rows: &mut Rows) {
    let faults = listing_faults(&reply.body, expected.network);
    if faults.is_empty() {
        rows.ok("content", format!("all fields that registry and wallets read, on {}", expected.network));
    }
    for fault in faults {
        rows.fail("content", fault.to_string(), "look which program answers, and of which version");
    }
    let Ok(info) = serde_json::from_slice::<Value>(&reply.body) else { return };
    if info["vspclosed"] == true {
        let message = info["vspclosedmsg"].as_str().unwrap_or_default();
        rows.warn(
            "open",
            format!("closed: {message}"),
            "stakepoolctl vsp open, or vspclosed=0: wallets do not offer a closed pool",
        );
    } else {
        rows.ok("open", "takes tickets");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let apart = info["timestamp"].as_i64().unwrap_or_default().abs_diff(i64::try_from(now).unwrap_or(i64::MAX));
    if apart <= APART.unsigned_abs() {
        rows.ok("clock", format!("{apart} s apart"));
    } else {
        rows.warn("clock", format!("{apart} s apart"), "set the clocks, and have no cache keep vspinfo");
    }
}

/// Whether pages of other sites may read the answer.
fn cors(reply: &Reply, rows: &mut Rows) {
    let exposed = reply.header("access-control-expose-headers").to_ascii_lowercase();
    if reply.header("access-control-allow-origin") == "*" && exposed.contains("vsp-server-signature") {
        rows.ok("CORS", "other sites may read the answer and its signature");
    } else {
        rows.warn("CORS", "other sites may not read the answer or its signature", PASS_ON);
    }
}

/// Some wallets put a slash behind the address.
async fn two_slashes(client: &Client, key: Option<PublicKey>, rows: &mut Rows) {
    let path = format!("/{INFO}");
    match client.get(&path).await {
        Ok(reply) if reply.status.as_u16() == 200 && is_signed(&reply, key) => {
            rows.ok(format!("GET {path}"), "as some wallets ask")
        }
        Ok(reply) => rows.fail(
            format!("GET {path}"),
            format!("answered with {}", reply.status),
            "have the proxy take two slashes for one, or pass them on",
        ),
        Err(reason) => rows.fail(format!("GET {path}"), reason, PASS_ON),
    }
}

async fn options(client: &Client, rows: &mut Rows) {
    let check = "OPTIONS /api/v3/ticketstatus";
    let headers = [
        ("origin", "https://wallet.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "vsp-client-signature"),
    ];
    match client.send(Method::OPTIONS, "/api/v3/ticketstatus", &headers, Vec::new()).await {
        Ok(reply) => {
            let allowed = reply.header("access-control-allow-headers").to_ascii_lowercase();
            if reply.status.is_success() && allowed.contains("vsp-client-signature") {
                rows.ok(check, "wallets in a browser may call");
            } else {
                rows.warn(
                    check,
                    format!("answered with {}, and does not allow VSP-Client-Signature", reply.status),
                    PASS_ON,
                );
            }
        }
        Err(reason) => rows.warn(check, reason, PASS_ON),
    }
}

/// A request of a ticket that nobody has: it must come through, and its refusal come back.
async fn post(client: &Client, key: Option<PublicKey>, rows: &mut Rows) {
    let check = "POST /api/v3/ticketstatus";
    let headers = [("content-type", "application/json"), ("vsp-client-signature", "AA==")];
    let body = format!(r#"{{"tickethash":"{}"}}"#, "0".repeat(64)).into_bytes();
    match client.send(Method::POST, "/api/v3/ticketstatus", &headers, body).await {
        Ok(reply) if reply.status.as_u16() == 400 && is_signed(&reply, key) => {
            rows.ok(check, "refused as it must be, and signed")
        }
        Ok(reply) => {
            rows.fail(check, format!("answered with {}, and wallets want 400 that is signed", reply.status), PASS_ON)
        }
        Err(reason) => rows.fail(check, reason, PASS_ON),
    }
}

fn is_signed(reply: &Reply, key: Option<PublicKey>) -> bool {
    key.is_none_or(|key| is_signed_by(&key.0, &reply.body, reply.header("vsp-server-signature")))
}
