//! An e-mail address with the name that is shown beside it.

use super::{Email, EmailError};
use crate::sanitize::is_hidden;

/// A sender: an address, and the name that mail programs show.
///
/// ```
/// use stakepool_core::accounts::Mailbox;
///
/// let sender = Mailbox::parse("\"Grüner Pool\" <pool@example.org>")?;
/// assert_eq!((sender.name.as_deref(), sender.address.as_str()), (Some("Grüner Pool"), "pool@example.org"));
/// assert_eq!(Mailbox::parse("pool@example.org")?.name, None);
/// # Ok::<(), stakepool_core::accounts::EmailError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name; `None` where there is the address alone.
    pub name: Option<String>,
    /// The address.
    pub address: Email,
}

impl Mailbox {
    /// Reads `NAME <ADDRESS>`, with the name in quotes or without, or an address alone.
    ///
    /// # Errors
    /// [`EmailError`] says what is wrong with the address, or that the name has characters that are not seen.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let Some((name, address)) = text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) else {
            return Ok(Self { name: None, address: Email::parse(text)? });
        };
        let name = name.trim();
        let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        let name = quoted.map_or_else(|| name.to_owned(), |name| name.replace("\\\"", "\"").replace("\\\\", "\\"));
        if let Some(hidden) = name.chars().find(|c| is_hidden(*c) || c.is_control()) {
            return Err(EmailError::Hidden(hidden));
        }
        Ok(Self { name: Some(name.trim().to_owned()).filter(|name| !name.is_empty()), address: Email::parse(address)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_may_have_a_name() {
        let read = |text| Mailbox::parse(text).map(|read| (read.name, read.address.as_str().to_owned()));
        let address = || "pool@example.org".to_owned();
        for (text, name) in [
            ("pool@example.org", None),
            ("<pool@example.org>", None),
            ("Pool <pool@example.org>", Some("Pool")),
            ("Pool<POOL@example.org>", Some("Pool")),
            ("\"Pool, Inc.\" <pool@example.org>", Some("Pool, Inc.")),
            ("\"The \\\"best\\\" pool\" <pool@example.org>", Some("The \"best\" pool")),
            ("Grüner Pool ☘ <pool@example.org>", Some("Grüner Pool ☘")),
        ] {
            assert_eq!(read(text), Ok((name.map(str::to_owned), address())), "{text}");
        }
        assert_eq!(read("Pool <a..b@example.org>"), Err(EmailError::DotInName));
        assert_eq!(read("Po\u{202e}ol <pool@example.org>"), Err(EmailError::Hidden('\u{202e}')));
        assert_eq!(read("Po\nol <pool@example.org>"), Err(EmailError::Hidden('\n')));
        assert!(read("Pool <pool@example.org").is_err() && read("Pool <>").is_err());
    }
}
