//! To whom a mail goes, as the mail server is told.

use stakepool_core::accounts::{Email, EmailError};

/// An address for the envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipient {
    /// The address; its domain is in ASCII.
    pub(super) address: String,
    /// Whether only servers with SMTPUTF8 can take it.
    pub(super) needs_utf8: bool,
}

impl Recipient {
    /// The recipient with a stored address, which may be of before addresses were looked at.
    pub(super) fn of(email: &Email) -> Result<Self, EmailError> {
        match Email::parse(email.as_str()) {
            Ok(plain) => Ok(Self { address: plain.as_str().to_owned(), needs_utf8: false }),
            Err(EmailError::NotAscii(_)) => {
                let (name, domain) = email.as_str().trim().rsplit_once('@').ok_or(EmailError::Shape)?;
                // The rest of it must be right as any other.
                let stand_in: String = name.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
                let checked = Email::parse(&format!("{stand_in}@{domain}"))?;
                let (_, domain) = checked.as_str().rsplit_once('@').ok_or(EmailError::Shape)?;
                Ok(Self { address: format!("{name}@{domain}"), needs_utf8: true })
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stored: &str) -> Result<(String, bool), EmailError> {
        Recipient::of(&Email::from_store(stored.to_owned())).map(|to| (to.address, to.needs_utf8))
    }

    #[test]
    fn a_domain_goes_in_ascii_and_other_letters_need_a_server_that_knows_them() {
        assert_eq!(of("user@bücher.example"), Ok(("user@xn--bcher-kva.example".into(), false)));
        assert_eq!(of("jürgen@bücher.example"), Ok(("jürgen@xn--bcher-kva.example".into(), true)));
        assert_eq!(of("a..b@example.org"), Err(EmailError::DotInName));
        assert_eq!(of("ü..b@example.org"), Err(EmailError::DotInName));
        assert_eq!(of("a@example.org\u{200b}"), Err(EmailError::Hidden('\u{200b}')));
        assert!(of("ü\r\nRCPT TO:<x@example.org>@example.org").is_err());
        assert!(of("a@b\r\nDATA@example.org").is_err());
    }
}
