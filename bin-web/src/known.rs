//! Browsers that have signed in to an account before. Each has tries of its own, so that strangers who fail to sign in
//! to the account, from however many addresses, do not lock its user out.

use std::time::Duration;

use stakepool_core::accounts::{Email, SecureRandom};
use warp::http::{HeaderMap, HeaderValue};

use crate::cookies::CookieJar;
use crate::signed::Signer;
use stakepool_core::secret::Secret;

/// The cookie that such a browser keeps.
pub const COOKIE: &str = "known";
const LASTS: Duration = Duration::from_secs(365 * 24 * 3600);

/// A browser that is known: its random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KnownBrowser([u8; 16]);

/// Makes browsers known, and knows them again.
#[derive(Debug)]
pub struct KnownBrowsers {
    signer: Signer,
    cookies: CookieJar,
}

impl KnownBrowsers {
    /// Knows browsers by cookies signed with the pool's secret.
    pub fn new(secret: &Secret, cookies: CookieJar) -> Self {
        Self { signer: Signer::new(secret, "known browser"), cookies }
    }

    /// The cookie for a browser that has signed in to the account of an address.
    pub fn cookie(&self, random: &dyn SecureRandom, email: &Email) -> Option<HeaderValue> {
        let mut number = [0; 16];
        random.fill(&mut number);
        let signature = self.signer.sign(&[&number, email.as_str().as_bytes()]);
        let value = format!("{}{}", hex::encode(number), hex::encode(signature));
        self.cookies.set(COOKIE, &value, Some(LASTS))
    }

    /// The browser of a request, where it has signed in to the account of what was typed as an e-mail address.
    pub fn browser(&self, headers: &HeaderMap, typed: &str) -> Option<KnownBrowser> {
        let email = Email::parse(typed).ok()?;
        let note = hex::decode(self.cookies.read(headers, COOKIE)?).ok()?;
        let (number, signature) = note.split_first_chunk::<16>()?;
        self.signer.is_right(&[number, email.as_str().as_bytes()], signature).then_some(KnownBrowser(*number))
    }
}

#[cfg(test)]
impl KnownBrowser {
    /// The browser with a number, for tests of those who count it.
    pub fn numbered(number: u8) -> Self {
        Self([number; 16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::accounts::SystemRandom;
    use warp::http::header::COOKIE as HEADER;

    #[test]
    fn a_browser_is_known_for_the_account_to_which_it_signed_in_and_no_other() {
        let acquaintance = KnownBrowsers::new(&Secret::new("secret"), CookieJar { secure: false });
        let cookie = acquaintance.cookie(&SystemRandom, &Email::parse("a@example.org").unwrap()).unwrap();
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let headers = |pair: &str| HeaderMap::from_iter([(HEADER, pair.parse().unwrap())]);
        assert!(acquaintance.browser(&headers(&pair), " A@example.org").is_some());
        assert_eq!(acquaintance.browser(&headers(&pair), "b@example.org"), None);
        assert_eq!(acquaintance.browser(&headers(&pair.replace("known=", "known=00")), "a@example.org"), None);
        assert_eq!(acquaintance.browser(&headers("known="), "a@example.org"), None);
        assert_eq!(acquaintance.browser(&HeaderMap::new(), "a@example.org"), None);
    }
}
