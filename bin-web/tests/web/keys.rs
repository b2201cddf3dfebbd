//! API keys and addresses as the recordings describe them in words.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};
use stakepool_core::chain::{Network, PubKeyAddress, RedeemScript};

pub const SECRET: &str = "the secret of the pool's API keys";

/// A token of the predecessor: the claims of user `id`, issued long ago.
pub fn predecessors(id: i64) -> String {
    signed("HS256", &claims(id), SECRET)
}

pub fn claims(id: i64) -> Value {
    json!({"iat": 1_600_000_000, "iss": "http://old.example", "loggedInAs": id})
}

/// Claims with one more, or another one.
pub fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// Claims with one less.
pub fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

pub fn signed(algorithm: &str, claims: &Value, secret: &str) -> String {
    let header = json!({"alg": algorithm, "typ": "JWT"});
    let body = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
    let (key, text) = (secret.as_bytes(), body.as_bytes());
    let signature = match algorithm {
        "HS256" => Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec(),
        "HS384" => Hmac::<Sha384>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec(),
        "HS512" => Hmac::<Sha512>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec(),
        _ => Vec::new(),
    };
    format!("{body}.{}", base64(&signature))
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The public key address of the user's half of a script.
pub fn user_key(script: &str) -> String {
    let script: RedeemScript = script.parse().unwrap();
    PubKeyAddress::new(Network::Simnet, script.user_key().0).to_string()
}

/// An address with some of its bytes changed and a checksum that matches.
pub fn changed(address: &str, change: impl Fn(&mut [u8])) -> String {
    let mut bytes = bs58::decode(address).into_vec().unwrap();
    let end = bytes.len() - 4;
    bytes.truncate(end);
    change(&mut bytes);
    let checksum = Sha256::digest(Sha256::digest(&bytes));
    bytes.extend_from_slice(&checksum[..4]);
    bs58::encode(bytes).into_string()
}
