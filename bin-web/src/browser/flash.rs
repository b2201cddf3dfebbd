//! What a page says once after something was done and the browser was sent on.

use std::time::Duration;

use warp::http::{HeaderMap, HeaderValue};

use crate::browser::cookies::CookieJar;

/// The name of the cookie, which browsers may hold across an upgrade.
const COOKIE: &str = "notice";

/// Something that was done. The cookie holds a name, never a text, so that nobody can put words on our pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flash {
    /// An account was made.
    SignedUp,
    /// A session ended.
    SignedOut,
    /// The page is for users.
    SignInFirst,
    /// The page needs an address.
    AddressFirst,
    /// An address was registered.
    AddressRegistered,
    /// The password was changed.
    PasswordChanged,
    /// The password was set anew with a link from a mail.
    PasswordReset,
    /// The same, and the API key was revoked.
    PasswordResetKeyRevoked,
    /// The API key was revoked.
    ApiKeyRevoked,
    /// The e-mail address is verified.
    EmailVerified,
    /// A mail was sent to a new e-mail address.
    EmailChangeAsked,
    /// The e-mail address was changed.
    EmailChanged,
    /// A session was ended.
    SessionEnded,
    /// All other sessions were ended.
    SessionsEnded,
    /// What is mailed was changed.
    MailWishesStored,
    /// The second factor was taken away.
    SecondFactorOff,
    /// An administrator must set a second factor up.
    SecondFactorNeeded,
    /// A recovery code was used up.
    RecoveryCodeUsed,
    /// The account was closed.
    AccountClosed,
    /// A voting preference was stored.
    VotingSaved,
    /// A ticket of a wallet of today counts as the user's.
    TicketClaimed,
    /// It does so no more.
    TicketReleased,
}

impl Flash {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::SignedUp, "signed-up", "Account created. Sign in with the password that you chose."),
        (Self::SignedOut, "signed-out", "You are signed out on this device."),
        (Self::SignInFirst, "sign-in-first", "Sign in to see this page."),
        (Self::AddressFirst, "address-first", "Tickets show here once an address is registered."),
        (
            Self::AddressRegistered,
            "address",
            "Your address is registered in the pool’s voting wallets. You can buy tickets now.",
        ),
        (
            Self::PasswordChanged,
            "password",
            "Your password is changed, and every other device is signed out. Your API key stays as it is.",
        ),
        (
            Self::ApiKeyRevoked,
            "api-key-revoked",
            "Your API key no longer works. Wallets that used it lose touch with the pool; your tickets are voted all the same.",
        ),
        (
            Self::PasswordReset,
            "password-reset",
            "Your new password is set, and every device is signed out. Sign in with it. Your API key still works: if \
             somebody else may have it, renew or revoke it.",
        ),
        (
            Self::PasswordResetKeyRevoked,
            "password-reset-key-revoked",
            "Your new password is set, every device is signed out, and your API key no longer works. Sign in with the new \
             password; wallets need a new key from the settings.",
        ),
        (Self::EmailVerified, "email-verified", "Your e-mail address is verified. Sign in with your password."),
        (
            Self::EmailChangeAsked,
            "email-asked",
            "A mail is on its way to the new address. Open its link within an hour; until then nothing changes.",
        ),
        (
            Self::EmailChanged,
            "email-changed",
            "Your e-mail address is changed. From now on you sign in with the new one.",
        ),
        (Self::VotingSaved, "voting", "Your choice is stored. The pool’s daemons have it within seconds."),
        (
            Self::TicketClaimed,
            "ticket-claimed",
            "The ticket is in your account. It shows among your tickets once it is mined and its fee is sent.",
        ),
        (Self::TicketReleased, "ticket-released", "The ticket is no longer in your account. It is voted all the same."),
        (Self::SessionEnded, "session-ended", "That device is signed out."),
        (Self::SessionsEnded, "sessions-ended", "Every other device is signed out."),
        (Self::MailWishesStored, "mail-wishes", "Your choice of mails is stored."),
        (
            Self::SecondFactorOff,
            "second-factor-off",
            "The second factor is off: from now on your password alone opens the account.",
        ),
        (
            Self::SecondFactorNeeded,
            "second-factor-needed",
            "Administrators of this pool need a second factor. Set it up here; until then the administrators’ pages stay \
             closed.",
        ),
        (
            Self::RecoveryCodeUsed,
            "recovery-code",
            "You signed in with a recovery code, which is used up now. If your device is lost, set up a new one.",
        ),
        (
            Self::AccountClosed,
            "closed",
            "Your account is closed and its e-mail address and password are deleted. Should a ticket of its address turn \
             up, it is voted all the same.",
        ),
    ];

    /// What the page says.
    pub fn text(self) -> &'static str {
        Self::ALL.iter().find(|(flash, ..)| *flash == self).map_or("", |(.., text)| text)
    }

    /// A link to go on with, and its words.
    pub fn link(self) -> Option<(&'static str, &'static str)> {
        (self == Self::PasswordReset).then_some(("/settings", "Settings of the API key"))
    }

    /// The flash that a request brings.
    pub fn read(cookies: CookieJar, headers: &HeaderMap) -> Option<Self> {
        let name = cookies.read(headers, COOKIE)?;
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(flash, ..)| *flash)
    }

    /// The cookie that brings the flash to the next page.
    pub fn cookie(self, cookies: CookieJar) -> Option<HeaderValue> {
        let name = Self::ALL.iter().find(|(flash, ..)| *flash == self).map_or("", |(_, name, _)| name);
        cookies.set(COOKIE, name, Some(Duration::from_secs(60)))
    }

    /// Takes the cookie away once the page is shown.
    pub fn clear(cookies: CookieJar) -> Option<HeaderValue> {
        cookies.clear(COOKIE)
    }
}
