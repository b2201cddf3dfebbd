//! The API as wallets use it, with GET and POST, with and without a key.

use hyper::Method;
use serde::Deserialize;
use stakepool_core::secret::Secret;

use crate::outside::client::{Client, Reply};
use crate::outside::row::Rows;

/// The code of an answer to who has no key.
const NO_KEY: u8 = 16;
/// The code of an answer to a user without an address.
const NO_ADDRESS: u8 = 9;
const PASS_ON: &str =
    "have the proxy pass /api/ on to stakepool-web as it is, for every method and without a check of its own";

#[derive(Deserialize)]
struct Answer {
    status: String,
    code: u8,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "BlockHeight")]
    height: Option<u32>,
}

/// Reads an answer: HTTP 200 and JSON, whatever it says.
fn read(reply: Result<Reply, String>) -> Result<Answer, String> {
    let reply = reply?;
    if reply.status.as_u16() != 200 {
        return Err(format!("answered with {}, and wallets want 200 for all they are told", reply.status));
    }
    serde_json::from_slice(&reply.body).map_err(|_| "the answer is no JSON of the pool's".to_owned())
}

/// Every call. The height that the pool names, where it does.
pub(super) async fn calls(client: &Client, rows: &mut Rows) -> Option<u32> {
    let mut height = None;
    for version in ["v1", "v2"] {
        let path = format!("/api/{version}/stats");
        match read(client.get(&path).await) {
            Ok(answer) if answer.status == "success" => {
                height = answer.data.and_then(|data| data.height).or(height);
                rows.ok(format!("GET {path}"), "success");
            }
            Ok(answer) => {
                let found = format!("error with code {}", answer.code);
                rows.fail(
                    format!("GET {path}"),
                    found,
                    "look at stakepoolctl status: the pool does not know its figures",
                );
            }
            Err(reason) => rows.fail(format!("GET {path}"), reason, PASS_ON),
        }
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let bearer = [form[0], ("authorization", "Bearer nonsense")];
        for (method, command) in [(Method::GET, "getpurchaseinfo"), (Method::POST, "address"), (Method::POST, "voting")]
        {
            for (headers, whose) in [(&form[..], "without a key"), (&bearer[..], "with a wrong key")] {
                let path = format!("/api/{version}/{command}");
                let check = format!("{method} {path} {whose}");
                let body = if method == Method::POST { b"VoteBits=1".to_vec() } else { Vec::new() };
                match read(client.send(method.clone(), &path, headers, body).await) {
                    Ok(answer) if answer.code == NO_KEY => rows.ok(check, "refused as it must be"),
                    Ok(answer) => rows.fail(check, format!("answered with code {}", answer.code), PASS_ON),
                    Err(reason) => rows.fail(check, reason, PASS_ON),
                }
            }
        }
    }
    match read(client.get("//api/v2/stats").await) {
        Ok(_) => rows.ok("GET //api/v2/stats", "as some wallets ask"),
        Err(reason) => {
            rows.warn("GET //api/v2/stats", reason, "have the proxy take two slashes for one, as some wallets send")
        }
    }
    height
}

/// A call with a user's key, where it may be sent.
pub(super) async fn with_key(client: &Client, key: &Secret, rows: &mut Rows) {
    if !client.may_have_secrets() {
        return not_sent(rows);
    }
    let check = "GET /api/v2/getpurchaseinfo with the key";
    let header = format!("Bearer {}", key.expose());
    let reply = client.send(Method::GET, "/api/v2/getpurchaseinfo", &[("authorization", &header)], Vec::new()).await;
    match read(reply) {
        Ok(answer) if answer.status == "success" => rows.ok(check, "success"),
        Ok(answer) if answer.code == NO_ADDRESS => rows.ok(check, "the key is right; its user has no address yet"),
        Ok(answer) if answer.code == NO_KEY => rows.fail(
            check,
            "the key is refused",
            "have the proxy pass the header Authorization on; where it does, the key is of another pool or was renewed",
        ),
        Ok(answer) => rows.fail(check, format!("error with code {}", answer.code), "look at stakepoolctl status"),
        // Of this connection: it was ended for it.
        Err(_) if client.tls.wrong().is_some() => not_sent(rows),
        Err(reason) => rows.fail(check, reason, PASS_ON),
    }
}

fn not_sent(rows: &mut Rows) {
    rows.warn("the key", "was not sent", "first have https:// and its certificate right");
}
