//! What a page says once after something was done and the browser was sent on.

use std::time::Duration;

use warp::http::{HeaderMap, HeaderValue};

use crate::cookies::{self, CookieJar};

/// The name of the cookie.
const COOKIE: &str = "notice";

/// Something that was done. The cookie holds a name, never a text, so that nobody can put words on our pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// An account was made.
    SignedUp,
    /// A session ended.
    SignedOut,
    /// An address was registered.
    AddressRegistered,
    /// The API key was renewed.
    ApiKeyRenewed,
    /// The password was changed.
    PasswordChanged,
}

impl Notice {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::SignedUp, "signed-up", "Your account is made. Sign in with the password that you chose."),
        (Self::SignedOut, "signed-out", "You are signed out on this device."),
        (
            Self::AddressRegistered,
            "address",
            "Your address is registered in the pool's voting wallets. You can buy tickets now.",
        ),
        (
            Self::ApiKeyRenewed,
            "api-key",
            "Your API key is renewed; the old one no longer works. Put the new one into your wallet.",
        ),
        (
            Self::PasswordChanged,
            "password",
            "Your password is changed, and every other device is signed out. Your API key stays as it is.",
        ),
    ];

    /// What the page says.
    pub fn text(self) -> &'static str {
        Self::ALL.iter().find(|(notice, ..)| *notice == self).map_or("", |(.., text)| text)
    }

    /// The notice that a request brings.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let name = cookies::read(headers, COOKIE)?;
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(notice, ..)| *notice)
    }

    /// The cookie that brings the notice to the next page.
    pub fn cookie(self, cookies: CookieJar) -> Option<HeaderValue> {
        let name = Self::ALL.iter().find(|(notice, ..)| *notice == self).map_or("", |(_, name, _)| name);
        cookies.set(COOKIE, name, Some(Duration::from_secs(60)))
    }

    /// Takes the cookie away once the page is shown.
    pub fn clear(cookies: CookieJar) -> Option<HeaderValue> {
        cookies.clear(COOKIE)
    }
}
