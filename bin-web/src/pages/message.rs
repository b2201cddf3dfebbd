//! A page that says what was done and what to do next.

use serde::Serialize;
use warp::http::StatusCode;

use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

/// What the page says.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Message {
    /// The heading.
    pub title: &'static str,
    /// The text.
    pub paragraphs: &'static [&'static str],
    /// Where to go on.
    pub link: &'static str,
    /// And what that is.
    pub link_text: &'static str,
}

impl Message {
    /// After a sign-up, whether or not the address had an account.
    pub const CHECK_MAIL: Self = Self {
        title: "Look into your mail",
        paragraphs: &[
            "A mail is on its way to the address that you gave. Open its link within a day to verify the address; then \
             the account can be used.",
            "No mail after a few minutes? Look into the folder for unwanted mail, or sign in: there you can have it \
             sent again.",
        ],
        link: "/signin",
        link_text: "Sign in",
    };
    /// After a verification was asked for again.
    pub const SENT_AGAIN: Self = Self {
        title: "Look into your mail",
        paragraphs: &[
            "If there is an account with this address that is not verified yet, a new mail is on its way to it. Its \
             link works for a day.",
            "Only a few mails an hour and a day go to one address. No mail after a few minutes? Look into the folder for \
             unwanted mail: the link of an earlier mail works, too.",
        ],
        link: "/signin",
        link_text: "Sign in",
    };
    /// After a reset was asked for.
    pub const RESET_SENT: Self = Self {
        title: "Look into your mail",
        paragraphs: &[
            "If there is an account with this address, a mail with a link is on its way to it. The link works for an \
             hour. Until you use it, the password stays as it is.",
            "No mail after a few minutes? Look into the folder for unwanted mail, and whether you typed the address \
             that you signed up with. Only a few mails an hour go to one address: the link of an earlier one works, too.",
        ],
        link: "/signin",
        link_text: "Back to signing in",
    };
    /// A link to verify an address that does not count.
    pub const STALE_VERIFICATION: Self = Self {
        title: "This link does not work",
        paragraphs: &[
            "It is older than a day, was used already, or was cut off by the mail program. Nothing was changed.",
            "If the address is verified already, just sign in. If not, signing in offers to send a new mail.",
        ],
        link: "/signin",
        link_text: "Sign in",
    };
    /// A link to choose a password that does not count.
    pub const STALE_RESET: Self = Self {
        title: "This link does not work",
        paragraphs: &[
            "It is older than an hour, was used already, or was cut off by the mail program. Your password stays as it \
             is.",
        ],
        link: "/passwordreset",
        link_text: "Ask for a new link",
    };
    /// A link to change an address that does not count.
    pub const STALE_CHANGE: Self = Self {
        title: "This link does not work",
        paragraphs: &[
            "It is older than an hour, was used already, or was cut off by the mail program. The e-mail address stays \
             as it is.",
        ],
        link: "/settings",
        link_text: "Change the address in the settings",
    };
    /// A new address that somebody else has by now.
    pub const ADDRESS_TAKEN: Self = Self {
        title: "The address was not changed",
        paragraphs: &["There is an account with this e-mail address by now. Your account keeps its old address."],
        link: "/settings",
        link_text: "Choose another address in the settings",
    };

    /// The page, to try templates with.
    pub fn sample(&self) -> Sample {
        Sample::new("told.html.tera", self)
    }

    /// Makes the page.
    ///
    /// # Errors
    /// As [`Visit::page`].
    pub fn show(&self, visit: &Visit, status: StatusCode) -> Outcome {
        visit.page("told.html.tera", status, self)
    }
}
