//! What keys are issued, which are taken, and that none comes back to life.

use super::*;
use crate::accounts::{Email, EmailState, PasswordHashes, VotingPreference};
use crate::chain::{VoteBits, VoteVersion};
use proptest::prelude::*;
use serde_json::json;

const SECRET: &str = "a secret of the pool";
const NOW: UnixTime = UnixTime(1_700_000_000);

fn user(id: i64, valid_from: i64) -> User {
    User {
        id: UserId(id),
        email: Email::parse("a@example.org").unwrap(),
        email_state: EmailState::Verified,
        password: PasswordHashes::default(),
        registration: None,
        voting: VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(11) },
        api_keys_valid_from: UnixTime(valid_from),
        created: UnixTime(0),
        disabled: false,
        admin: false,
    }
}

fn keys() -> ApiKeys {
    ApiKeys::new(SECRET, "https://pool.example").unwrap()
}

/// Claims under the pool's secret.
fn signed(claims: &serde_json::Value) -> String {
    let body =
        [r#"{"typ":"JWT","alg":"HS256"}"#, &claims.to_string()].map(|part| base64_of_hmac::text(part.as_bytes()));
    let body = body.join(".");
    format!("{body}.{}", base64_of_hmac::sign(SECRET.as_bytes(), body.as_bytes()))
}

fn accepts(key: &str, user: &User) -> bool {
    keys().verify(key).is_ok_and(|claims| claims.is_accepted_for(user, NOW))
}

#[test]
fn a_key_is_the_same_until_it_is_renewed_and_dead_afterwards() {
    let mut user = user(5, 0);
    let old = keys().current_key(&user).unwrap();
    assert_eq!(old, keys().current_key(&user).unwrap());
    assert!(accepts(&old, &user));
    for _ in 0..3 {
        let before = keys().current_key(&user).unwrap();
        user.api_keys_valid_from = renewed_validity(&user, NOW);
        let after = keys().current_key(&user).unwrap();
        assert!(accepts(&after, &user));
        assert!(!accepts(&before, &user));
    }
    assert!(!accepts(&old, &user));
}

#[test]
fn a_key_that_is_older_than_its_user_opens_nothing() {
    let mut user = user(5, 0);
    let old = keys().current_key(&user).unwrap();
    user.created = UnixTime(NOW.0 - 100);
    assert!(!accepts(&old, &user));
    let new = keys().current_key(&user).unwrap();
    assert_eq!(keys().verify(&new).map(|claims| claims.issued), Ok(user.created));
    assert!(accepts(&new, &user));
}

/// Header and claims as the predecessor's library writes them: sorted names, `alg` before `typ`.
#[test]
fn a_key_of_the_predecessor_stays_valid_until_it_is_renewed() {
    let body = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
                eyJpYXQiOjE2MDAwMDAwMDAsImlzcyI6Imh0dHA6Ly9vbGQuZXhhbXBsZSIsImxvZ2dlZEluQXMiOjV9";
    let signature = base64_of_hmac::sign(SECRET.as_bytes(), body.as_bytes());
    let key = format!("{body}.{signature}");
    assert!(accepts(&key, &user(5, 0)));
    assert!(!accepts(&key, &user(6, 0)));
    assert!(!accepts(&key, &user(5, 1_600_000_001)));
}

/// HMAC-SHA256 and its text, made without the code under test.
mod base64_of_hmac {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    pub fn sign(key: &[u8], data: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(data);
        text(&mac.finalize().into_bytes())
    }

    pub fn text(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let mut group = [0u8; 3];
            group[..chunk.len()].copy_from_slice(chunk);
            let number = u32::from_be_bytes([0, group[0], group[1], group[2]]);
            for digit in 0..=chunk.len() {
                text.push(char::from(DIGITS[(number >> (18 - 6 * digit)) as usize & 63]));
            }
        }
        text
    }
}

/// Keys as the pool issued them before, by another library: users have them in their wallets.
#[test]
fn a_key_is_byte_for_byte_the_one_that_was_issued_before() {
    const LONG: &str = "ä secret that is longer than a block of SHA-256, which is sixty-four bytes: it is hashed first";
    const ODD: &str = "http://[::1]:8000/\"q\"\\ü\u{1f980}\u{7f}\n</script>";
    for (secret, issuer, id, valid_from, claims_and_signature) in [
        (
            SECRET,
            "https://pool.example",
            5,
            0,
            "eyJpYXQiOjAsImlzcyI6Imh0dHBzOi8vcG9vbC5leGFtcGxlIiwibG9nZ2VkSW5BcyI6NX0.\
             lEPQIxbQd0YHm0PisVPCv1jMOwo60bDxAa4owIXnC-k",
        ),
        (
            "x",
            "",
            1,
            1_795_337_279,
            "eyJpYXQiOjE3OTUzMzcyNzksImlzcyI6IiIsImxvZ2dlZEluQXMiOjF9.\
             PhLj1VrdEKTeTKBWddyN6tHP7KMG5fZQXkHm2u27iIE",
        ),
        (
            LONG,
            ODD,
            i64::MAX,
            i64::MIN,
            "eyJpYXQiOi05MjIzMzcyMDM2ODU0Nzc1ODA4LCJpc3MiOiJodHRwOi8vWzo6MV06ODAwMC9cInFcIlxcw7zwn6aAf1xuPC9zY3JpcHQ-\
             IiwibG9nZ2VkSW5BcyI6OTIyMzM3MjAzNjg1NDc3NTgwN30.WCBbsF8IRh8iOyl49lKgjPcHO9LZI70pZWJmYBN5HnM",
        ),
        (
            SECRET,
            "https://pool.example",
            -3,
            -1,
            "eyJpYXQiOi0xLCJpc3MiOiJodHRwczovL3Bvb2wuZXhhbXBsZSIsImxvZ2dlZEluQXMiOi0zfQ.\
             QY9oRB4qxIT0lR_vUOkZOlZkf2cRSVZ2Gd57zL_hlh8",
        ),
    ] {
        let issued = User { created: UnixTime(i64::MIN), ..user(id, valid_from) };
        let keys = ApiKeys::new(secret, issuer).unwrap();
        let key = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.{claims_and_signature}");
        assert_eq!(keys.current_key(&issued), Ok(key.clone()));
        let claims = keys.verify(&key).unwrap();
        assert_eq!((claims.user, claims.issued), (UserId(id), UnixTime(valid_from)));
    }
}

#[test]
fn only_a_key_with_all_three_claims_is_taken() {
    let whole = json!({"iat": 1_600_000_000, "iss": "http://a", "loggedInAs": 5});
    assert!(accepts(&signed(&whole), &user(5, 0)));
    for missing in ["iat", "iss", "loggedInAs"] {
        let mut claims = whole.clone();
        claims.as_object_mut().unwrap().remove(missing);
        assert!(!accepts(&signed(&claims), &user(5, 0)), "without {missing}");
    }
    for wrong in [json!("5"), json!(5.9), json!(null), json!(-5), json!(true)] {
        let mut claims = whole.clone();
        claims["loggedInAs"] = wrong;
        assert!(!accepts(&signed(&claims), &user(5, 0)), "{claims}");
    }
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.\
                    eyJpYXQiOjE2MDAwMDAwMDAsImlzcyI6Imh0dHA6Ly9hIiwibG9nZ2VkSW5BcyI6NX0.";
    assert!(!accepts(unsigned, &user(5, 0)));
    let other = ApiKeys::new("another secret", "http://a").unwrap().current_key(&user(5, 0)).unwrap();
    assert!(!accepts(&other, &user(5, 0)));
}

#[test]
fn expired_and_future_keys_are_refused() {
    let with = |name: &str, value: i64| {
        let mut claims = json!({"iat": 1_600_000_000, "iss": "http://a", "loggedInAs": 5});
        claims[name] = json!(value);
        accepts(&signed(&claims), &user(5, 0))
    };
    assert!(!with("exp", NOW.0 - 10));
    assert!(with("exp", NOW.0 + 10));
    assert!(!with("nbf", NOW.0 + 10));
    assert!(!with("iat", NOW.0 + 3600));
}

#[test]
fn a_revoked_key_stays_revoked_and_a_new_one_can_be_made() {
    let mut user = user(5, NOW.0);
    user.api_keys_valid_from = renewed_validity(&user, NOW);
    let old = keys().current_key(&user).unwrap();
    assert!(accepts(&old, &user));
    for valid_from in [revoked_validity(&user), LONG_REVOKED] {
        user.api_keys_valid_from = valid_from;
        assert_eq!(revoked_validity(&user), valid_from, "revoking once more changes nothing");
        assert!(!accepts(&old, &user));
        assert!(!accepts(&keys().current_key(&user).unwrap(), &user));
    }
    user.api_keys_valid_from = renewed_validity(&user, NOW);
    assert!(!accepts(&old, &user));
    assert!(accepts(&keys().current_key(&user).unwrap(), &user));
}

#[test]
fn an_empty_secret_is_refused_and_debug_shows_no_secret() {
    assert!(matches!(ApiKeys::new("", "http://a"), Err(ApiKeysError::EmptySecret)));
    assert!(!format!("{:?}", keys()).contains(SECRET));
}

/// What becomes of a user's keys; clocks are set back, too.
#[derive(Debug, Clone, Copy)]
enum Act {
    Renew,
    Revoke,
    Pass(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Renew),
        2 => Just(Act::Revoke),
        1 => (-100..100i64).prop_map(Act::Pass),
        1 => (0..10_000_000i64).prop_map(Act::Pass),
    ]
}

proptest! {
    /// Of a user's own keys, and of one of the predecessor's that was issued at any time.
    #[test]
    fn a_key_that_was_revoked_never_works_again(
        created in 0..NOW.0,
        predecessors in 0..NOW.0 + CLOCK_SKEW,
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let mut user = User { created: UnixTime(created), ..user(5, 0) };
        let mut now = NOW;
        let mut revoked: Vec<ApiKeyClaims> = Vec::new();
        let issued = |at: UnixTime| ApiKeyClaims { user: UserId(5), issued: at, expires: None, not_before: None };
        for act in acts {
            let known = [issued(UnixTime(predecessors)), issued(valid_from(&user))];
            let before: Vec<_> = known.into_iter().filter(|key| key.is_accepted_for(&user, now)).collect();
            match act {
                Act::Pass(seconds) => now = UnixTime(now.0 + seconds),
                Act::Renew => {
                    user.api_keys_valid_from = renewed_validity(&user, now);
                    revoked.extend(before);
                    prop_assert!(issued(valid_from(&user)).is_accepted_for(&user, now), "the new key works");
                }
                Act::Revoke => {
                    user.api_keys_valid_from = revoked_validity(&user);
                    revoked.extend(before);
                    prop_assert!(!issued(valid_from(&user)).is_accepted_for(&user, now));
                }
            }
            for key in &revoked {
                prop_assert!(!key.is_accepted_for(&user, now), "{key:?} works again at {now} after {act:?}");
            }
        }
    }

    #[test]
    fn no_text_is_a_key_and_none_panics(text in ".*") {
        prop_assert!(keys().verify(&text).is_err());
    }
}

#[test]
fn a_key_of_the_secret_before_is_taken_while_that_is_named_and_none_is_issued_with_it() {
    let mut user = user(5, 0);
    let old = keys().current_key(&user).unwrap();
    let changed = ApiKeys::new("another secret of the pool", "https://pool.example").unwrap();
    assert!(changed.verify(&old).is_err());
    let both = changed.clone().with_secret_before(Some(SECRET));
    assert!(both.verify(&old).unwrap().is_accepted_for(&user, NOW));
    assert_eq!(both.current_key(&user), changed.current_key(&user));
    user.api_keys_valid_from = renewed_validity(&user, NOW);
    assert!(!both.verify(&old).unwrap().is_accepted_for(&user, NOW), "what is renewed ends under either secret");
    assert!(
        changed.with_secret_before(Some("")).verify(&signed(&json!({"iat": 1, "iss": "", "loggedInAs": 5}))).is_err()
    );
}
