//! The user API against recorded exchanges with the predecessor: the same to the byte, but for the differences that
//! [`intended`] lists with their reasons.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::KeyIndex;
use stakepool_core::ports::UserStore as _;

use crate::http::Reply;
use crate::keys::{SECRET, changed, claims, signed, user_key, with, without};
use crate::world::{USER_KEY, World, key_of};

/// One recorded exchange. Secrets and addresses stand in it as words between `<` and `>`.
#[derive(Debug, Deserialize)]
struct Exchange {
    name: String,
    method: String,
    path: String,
    #[serde(default)]
    form: BTreeMap<String, String>,
    #[serde(default)]
    headers_sent: BTreeMap<String, String>,
    status: u16,
    content_type: Option<String>,
    body: Option<String>,
}

const SCRIPT_1: &str = "5121021eb44bdc00e01912d8385b09338b1fd40952716a0f1b82eac4d0d07eb7bdb6c121034c2cddbbe9fd8b703d42615a5d01c4cc9e1352e4c28efaf511d683d8b1f6e15d52ae";
const SCRIPT_2: &str = "51210265efeab1d3997bcf5df49086fd025a4d1830db92af2e9a4c919352a1d9e5a65b2103339104111f610f274ee568cb63d6bc9fc5af262e204777cae48833022973d80d52ae";
const SCRIPT_5: &str = "5121038b861d9490046fa788c972e88218bd0c78918a0ef9636c5e967be2d26273683821026e3825a4bdc6123744043bed0e5e238e715e3706064e9a44ec78e39fb4eb3d3f52ae";

/// Exchanges that we answer differently: the status and body of ours, and why.
fn intended(exchange: &Exchange) -> Option<(u16, &'static str, &'static str)> {
    const NOT_FOUND: &str = "{\"status\":\"error\",\"code\":3,\"message\":\"invalid API command or version\"}\n";
    const METHOD: &str = "{\"status\":\"error\",\"code\":3,\"message\":\"invalid API method\"}\n";
    const NO_ADDRESS: &str =
        "{\"status\":\"error\",\"code\":9,\"message\":\"purchaseinfo error - no address submitted\",\"data\":null}\n";
    const TOKEN: &str =
        "{\"status\":\"error\",\"code\":16,\"message\":\"purchaseinfo error - invalid api token\",\"data\":null}\n";
    const IMPORTED: &str = "{\"status\":\"success\",\"code\":0,\"message\":\"address successfully imported\"}\n";
    const VOTED: &str = "{\"status\":\"success\",\"code\":0,\"message\":\"successfully updated voting preferences\"}\n";
    const CONVERT: &str =
        "{\"status\":\"error\",\"code\":3,\"message\":\"voting error - unable to convert votebits to uint16\"}\n";
    const SHORT: &str = "{\"status\":\"error\",\"code\":3,\"message\":\"address error - address too short\"}\n";
    const UNDECODABLE: &str =
        "{\"status\":\"error\",\"code\":3,\"message\":\"address error - couldn't decode address\"}\n";
    let known = ["getpurchaseinfo", "stats", "address", "voting"].iter().any(|name| exchange.path.ends_with(name))
        && !exchange.path.contains("v3");
    match (exchange.method.as_str(), exchange.name.as_str()) {
        ("PUT" | "DELETE" | "PATCH", _) if known => {
            Some((405, METHOD, "the predecessor says success and does nothing"))
        }
        ("PUT" | "DELETE" | "PATCH" | "OPTIONS", _) if exchange.status == 200 && !known => {
            Some((404, NOT_FOUND, "the predecessor says success to commands that do not exist"))
        }
        ("OPTIONS", _) if known => Some((204, "", "browsers are told what they may send")),
        ("HEAD", _) if exchange.status == 200 => {
            Some((404, "", "the answer to HEAD is that to GET, and these commands have none"))
        }
        (_, "api_path_root_exact") => Some((404, NOT_FOUND, "everything under /api answers JSON")),
        (_, "api_signed_missing_loggedinas_unknown_path") => {
            Some((404, NOT_FOUND, "the predecessor crashes on the claim"))
        }
        (_, "api_signed_no_iat_no_iss") => Some((200, TOKEN, "only keys with all three claims were ever issued")),
        (_, "api_signed_hs384" | "api_signed_hs512") => Some((200, TOKEN, "only HS256 was ever issued")),
        (_, "api_signed_missing_loggedinas" | "api_signed_string_loggedinas" | "api_signed_null_loggedinas") => {
            Some((200, TOKEN, "the predecessor crashes on the claim"))
        }
        (_, "api_signed_float_loggedinas") => Some((200, TOKEN, "no user has the number 5.9")),
        (
            _,
            "api_token_lowercase_scheme_getpurchaseinfo"
            | "api_token_upper_scheme_getpurchaseinfo"
            | "api_token_double_space_getpurchaseinfo",
        ) => Some((200, NO_ADDRESS, "the scheme is read in any case, with any blanks")),
        (_, "api_token_signature_last_char_malleable") => Some((200, TOKEN, "a key has one spelling")),
        (_, "api_address_json_body") => Some((200, IMPORTED, "JSON objects are taken, too")),
        (_, "api_voting_json_body") => Some((200, VOTED, "JSON objects are taken, too")),
        (_, "api_address_leading_space" | "api_address_trailing_newline") => {
            Some((200, IMPORTED, "spaces around a copied address are no mistake of the address"))
        }
        (_, "api_address_unicode") => Some((200, SHORT, "characters are counted, not bytes")),
        (_, "api_address_schnorr_pubkey") => {
            Some((200, UNDECODABLE, "EXCC wallets make no such addresses; they are no public key on secp256k1"))
        }
        (
            _,
            "api_voting_negative"
            | "api_voting_65537_wraps_to_1"
            | "api_voting_minus_65535_wraps_to_1"
            | "api_voting_4294967297_wraps_to_1",
        ) => Some((200, CONVERT, "the predecessor lets large and negative numbers wrap")),
        _ => None,
    }
}

/// The secret or address that a recording describes in words.
fn spoken(text: &str) -> String {
    let hs256 = |claims: &Value| signed("HS256", claims, SECRET);
    let five = key_of(5);
    let (head, signature) = five.rsplit_once('.').unwrap();
    let fresh = user_key(SCRIPT_5);
    match text {
        "<token:uid1>" => key_of(1),
        "<token:uid2>" => key_of(2),
        "<token:uid5>" | "<HS256 valid loggedInAs=5>" => five,
        "<token:uid7 deleted>" => key_of(77),
        "<token:uid8>" => key_of(8),
        "<token:uid5 first signature char changed>" => {
            let other = if signature.starts_with('A') { 'B' } else { 'A' };
            format!("{head}.{other}{}", &signature[1..])
        }
        "<token:uid5, last signature char changed only in its unused base64 bits>" => {
            let last = signature.chars().last().unwrap();
            format!("{head}.{}{}", &signature[..signature.len() - 1], char::from_u32(last as u32 + 1).unwrap())
        }
        "<header>.<payload of uid1>.<signature of uid5>" => {
            format!("{}.{signature}", key_of(1).rsplit_once('.').unwrap().0)
        }
        "<HS256 jwt loggedInAs=5 exp in the past, signed with another key>" => {
            signed("HS256", &with(claims(5), "exp", json!(1_600_000_001)), "another key")
        }
        "<HS256 jwt loggedInAs=5 signed with another key>"
        | "<HS256 other key>"
        | "<token:uid5 issued under another apisecret>" => signed("HS256", &claims(5), "another key"),
        "<HS256 jwt loggedInAs=5 signed with empty key>" => signed("HS256", &claims(5), ""),
        "<HS384 loggedInAs=5>" => signed("HS384", &claims(5), SECRET),
        "<HS512 loggedInAs=5>" => signed("HS512", &claims(5), SECRET),
        "<alg none loggedInAs=5>" | "<jwt alg=none loggedInAs=5>" => signed("none", &claims(5), SECRET),
        "<iss http://evil>" => hs256(&with(claims(5), "iss", json!("http://evil"))),
        "<loggedInAs=\"5\" string>" => hs256(&with(claims(5), "loggedInAs", json!("5"))),
        "<loggedInAs=-1>" => key_of(-1),
        "<loggedInAs=4242>" => key_of(4242),
        "<loggedInAs=5.9>" => hs256(&with(claims(5), "loggedInAs", json!(5.9))),
        "<loggedInAs=null>" => hs256(&with(claims(5), "loggedInAs", json!(null))),
        "<no loggedInAs claim>" => hs256(&without(claims(5), "loggedInAs")),
        "<only loggedInAs=5>" => hs256(&json!({"loggedInAs": 5})),
        "<valid signature, exp 10 s ago>" => hs256(&with(claims(5), "exp", json!(1_699_999_990))),
        "<valid signature, exp in future>" => hs256(&with(claims(5), "exp", json!(1_700_009_999))),
        "<valid signature, iat in future>" => hs256(&with(claims(5), "iat", json!(1_700_009_999))),
        "<valid signature, nbf in future>" => hs256(&with(claims(5), "nbf", json!(1_700_009_999))),
        "<pubkeyaddr:fresh>" => fresh,
        "<pubkeyaddr:another>" => USER_KEY.to_owned(),
        "<pubkeyaddr of uid2>" => user_key(SCRIPT_2),
        "< pubkeyaddr with a leading space>" => format!(" {USER_KEY}"),
        "<pubkeyaddr with trailing newline>" => format!("{USER_KEY}\n"),
        "<pubkeyaddr lower-cased>" => fresh.to_lowercase(),
        "<pubkeyaddr with last char changed>" => {
            format!("{}{}", &fresh[..fresh.len() - 1], if fresh.ends_with('2') { '3' } else { '2' })
        }
        "<Sk pubkeyaddr re-encoded with signature type 2 (schnorr)>" => changed(&fresh, |bytes| bytes[2] |= 2),
        "<Sk pubkeyaddr with signature type 3>" => changed(&fresh, |bytes| bytes[2] |= 3),
        // 5 is no x coordinate on the curve.
        "<Sk pubkeyaddr whose x is not on secp256k1>" => changed(&fresh, |bytes| {
            bytes[3..].fill(0);
            bytes[34] = 5;
        }),
        "<same pubkey with Decred mainnet Dk prefix 1386>" => {
            changed(&fresh, |bytes| bytes[..2].copy_from_slice(&[0x13, 0x86]))
        }
        "<p2pkh:fresh simnet Ss...>" => "SsZCEU4RYALXMEquCTWyR5QJzPXSQsjgdt5".to_owned(),
        "<66 hex chars compressed pubkey>" => SCRIPT_5[74..140].to_owned(),
        "<S*39>" => "S".repeat(39),
        "<S*5000>" => "S".repeat(5000),
        "<1*5000>" => "1".repeat(5000),
        plain => plain.to_owned(),
    }
}

/// `Bearer <words>`, `bearer <words>`, `Bearer <words> x`: the words become what they say.
fn header(value: &str) -> String {
    match (value.find('<'), value.rfind('>')) {
        (Some(from), Some(to)) => format!("{}{}{}", &value[..from], spoken(&value[from..=to]), &value[to + 1..]),
        _ => value.to_owned(),
    }
}

async fn replay(world: &World, exchange: &Exchange) -> Reply {
    let mut headers: BTreeMap<String, String> =
        exchange.headers_sent.iter().map(|(name, value)| (name.to_lowercase(), header(value))).collect();
    let form: Vec<_> = exchange.form.iter().map(|(name, value)| (name.clone(), spoken(value))).collect();
    let mut body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
    match exchange.name.as_str() {
        "api_address_json_body" => body = json!({"UserPubKeyAddr": user_key(SCRIPT_1)}).to_string(),
        "api_voting_json_body" => body = json!({"VoteBits": "1"}).to_string(),
        "api_voting_multipart" => {
            body = "------b\r\nContent-Disposition: form-data; name=\"VoteBits\"\r\n\r\n1\r\n------b--\r\n".into();
        }
        "api_address_no_content_type" => {}
        _ if body.is_empty() => {}
        _ => drop(headers.insert("content-type".into(), "application/x-www-form-urlencoded".into())),
    }
    // These succeed here, and must not give user 5 an address before its time.
    let stand_in = match exchange.name.as_str() {
        "api_address_json_body" => Some(3),
        "api_address_leading_space" => Some(4),
        "api_address_trailing_newline" => Some(6),
        _ => None,
    };
    if let Some(id) = stand_in {
        headers.insert("authorization".into(), format!("Bearer {}", key_of(id)));
    }
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    world.send(&exchange.method, &exchange.path, &headers, body.as_bytes()).await
}

/// The recorded body where it tells of things that are ours to tell.
fn with_our_own(recorded: &str, ours: &str) -> String {
    let mut text = recorded.replace("\"VoteBitsVersion\":0", "\"VoteBitsVersion\":6");
    for field in ["PoolStatus", "UserCount", "UserCountActive", "Version"] {
        let value = |text: &str| {
            let from = text.find(&format!("\"{field}\":"))? + field.len() + 3;
            let length = text[from..].find([',', '}'])?;
            Some((from, from + length))
        };
        if let (Some((from, to)), Some((our_from, our_to))) = (value(&text), value(ours)) {
            text.replace_range(from..to, &ours[our_from..our_to]);
        }
    }
    text
}

#[tokio::test]
async fn every_recorded_exchange_is_answered_to_the_byte_but_for_intended_differences() {
    let world = World::start().await;
    world.old_users(8).await;
    for id in 1..=8 {
        // As in the predecessor's database: the key index of a user is the user's number.
        assert_eq!(world.database.reserve_index(UserId(id), 9999).await, Ok(KeyIndex(u32::try_from(id).unwrap())));
    }
    let registrar = |id: i64, script: &'static str| {
        let world = &world;
        async move {
            let form = format!("UserPubKeyAddr={}", user_key(script));
            world.call(&key_of(id), "/api/v2/address", Some(&form)).await
        }
    };
    assert!(registrar(1, SCRIPT_1).await.contains("successfully"));
    let text = include_str!("../fixtures/user_api.jsonl");
    let (mut wrong, mut different) = (Vec::new(), 0);
    for line in text.lines() {
        let exchange: Exchange = serde_json::from_str(line).unwrap();
        if exchange.name == "api_getpurchaseinfo_uid2_after_web_address" {
            assert!(registrar(2, SCRIPT_2).await.contains("successfully"));
        }
        let reply = replay(&world, &exchange).await;
        let ours = reply.text();
        let (status, expected) = match intended(&exchange) {
            Some((status, body, _)) => {
                different += 1;
                (status, Some(body.to_owned()))
            }
            // Pages for people are our own.
            None if exchange.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/plain")) => {
                (if exchange.status == 500 { 404 } else { exchange.status }, None)
            }
            None => (exchange.status, Some(with_our_own(exchange.body.as_deref().unwrap_or_default(), &ours))),
        };
        let right_kind =
            expected.is_none() || status == 204 || reply.header("content-type") == "application/json; charset=utf-8";
        let right_body = expected.as_ref().is_none_or(|expected| *expected == ours);
        if reply.status.as_u16() != status || !right_body || !right_kind {
            wrong.push(format!("{}: {status} {expected:?}\n  ours: {} {ours:?}", exchange.name, reply.status));
        }
    }
    assert!(wrong.is_empty(), "{} of the exchanges differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(different, 54, "the list of intended differences");
    assert_eq!(text.lines().count(), 200);
}
