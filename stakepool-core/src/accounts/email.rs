//! E-mail addresses: which are taken, and how they are compared and shown.

#[cfg(feature = "accounts")]
mod mailbox;
#[cfg(feature = "accounts")]
mod parse;

use std::fmt;

use serde::{Deserialize, Serialize};

#[cfg(feature = "accounts")]
pub use self::mailbox::Mailbox;
#[cfg(feature = "accounts")]
pub use self::parse::EmailError;
use crate::sanitize::visible;

/// An e-mail address as it is compared: lower-cased, with its domain as mail servers write it (`xn--…`). What lies in a
/// store from before may be anything; it prints with all hidden characters written out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Takes an address from a store as it lies there.
    pub fn from_store(text: String) -> Self {
        Self(text)
    }

    /// The address, for stores and mail servers. For people it is printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.0))
    }
}
