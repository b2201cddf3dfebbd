//! JSON web tokens signed with HMAC-SHA-256 (RFC 7515 and RFC 7518, section 3.2), and with nothing else.

use data_encoding::BASE64URL_NOPAD;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The head of every token that is made here, whose bytes stay: a key is the same text at every look.
const HEAD: &[u8] = br#"{"typ":"JWT","alg":"HS256"}"#;

/// What a token's head must say; what else it says does not matter.
#[derive(Deserialize)]
struct Head {
    alg: String,
    typ: Option<String>,
    /// Names extensions that a reader must understand. There are none that this one does.
    crit: Option<IgnoredAny>,
}

/// Signs tokens and opens those that it has signed.
#[derive(Clone)]
pub(super) struct Hs256(Hmac<Sha256>);

impl Hs256 {
    /// Signs with a secret. HMAC takes one of any length, so that this does not fail.
    pub(super) fn new(secret: &[u8]) -> Result<Self, InvalidLength> {
        Hmac::new_from_slice(secret).map(Self)
    }

    /// A token with these claims.
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String, serde_json::Error> {
        let mut token = BASE64URL_NOPAD.encode(HEAD);
        token.push('.');
        BASE64URL_NOPAD.encode_append(&serde_json::to_vec(claims)?, &mut token);
        let signature = self.0.clone().chain_update(&token).finalize().into_bytes();
        token.push('.');
        BASE64URL_NOPAD.encode_append(&signature, &mut token);
        Ok(token)
    }

    /// The claims of a token that was signed with the secret; `None` for every other text.
    pub(super) fn open<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let decoded = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        let head: Head = serde_json::from_slice(&decoded(head)?).ok()?;
        if head.alg != "HS256" || head.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) || head.crit.is_some() {
            return None;
        }
        // Compares in constant time, and the whole length.
        self.0.clone().chain_update(signed).verify_slice(&decoded(signature)?).ok()?;
        serde_json::from_slice(&decoded(claims)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// RFC 7515, appendix A.1: its key, and its token, whose JSON has line breaks and spaces.
    const RFC_KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const RFC_TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                             eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                             dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn keys() -> Hs256 {
        Hs256::new(b"secret").unwrap()
    }

    /// A token with any head, rightly signed.
    fn with_head(head: &str) -> String {
        let signed = format!("{}.{}", BASE64URL_NOPAD.encode(head.as_bytes()), BASE64URL_NOPAD.encode(b"{}"));
        let signature = keys().0.chain_update(&signed).finalize().into_bytes();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    #[test]
    fn the_token_of_the_standard_opens_with_its_key_alone() {
        let key = BASE64URL_NOPAD.decode(RFC_KEY.as_bytes()).unwrap();
        let claims: Option<Value> = Hs256::new(&key).unwrap().open(RFC_TOKEN);
        assert_eq!(claims, Some(json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true})));
        assert_eq!(keys().open::<Value>(RFC_TOKEN), None);
    }

    #[test]
    fn a_head_that_names_another_algorithm_none_or_an_extension_is_refused_though_rightly_signed() {
        for good in [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#, r#"{"typ":"jwt","alg":"HS256"}"#]
        {
            assert!(keys().open::<Value>(&with_head(good)).is_some(), "{good}");
        }
        for bad in [
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":"HS256","alg":"none"}"#,
            r#"{"alg":"HS256","typ":"JWE"}"#,
            r#"{"alg":"HS256","crit":["exp"]}"#,
            "null",
            "",
        ] {
            assert_eq!(keys().open::<Value>(&with_head(bad)), None, "{bad}");
        }
    }

    #[test]
    fn a_signature_that_is_cut_padded_or_spelt_otherwise_is_refused() {
        let token = keys().sign(&json!({"a": 1})).unwrap();
        assert!(keys().open::<Value>(&token).is_some());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let unused_bits = format!("{}{}", &signature[..42], if signature.ends_with('A') { 'B' } else { 'A' });
        for wrong in [&signature[..40], &signature[..42], "", &format!("{signature}="), &unused_bits] {
            assert_eq!(keys().open::<Value>(&format!("{signed}.{wrong}")), None, "{wrong}");
        }
        assert_eq!(keys().open::<Value>(&format!("{token}.")), None);
        assert_eq!(keys().open::<Value>(&format!(".{token}")), None);
        assert_eq!(keys().open::<Value>(signed), None);
    }

    proptest! {
        #[test]
        fn a_token_with_one_changed_character_is_refused(at in 0usize..200, other in "[A-Za-z0-9_.-]") {
            let token = keys().sign(&json!({"iat": 1_600_000_000, "iss": "http://a", "loggedInAs": 5})).unwrap();
            let at = at % token.len();
            let mut wrong = token.clone();
            wrong.replace_range(at..=at, &other);
            prop_assume!(wrong != token);
            prop_assert_eq!(keys().open::<Value>(&wrong), None);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            prop_assert_eq!(keys().open::<Value>(&text), None);
        }
    }
}
