//! Which texts are e-mail addresses that mail can be sent to, and why others are not.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::Email;
use crate::sanitize::is_hidden;

/// Most characters of an address (RFC 5321, section 4.5.3.1.3, without its brackets).
const MOST: usize = 254;
/// Most characters before the `@` (RFC 5321, section 4.5.3.1.1).
const MOST_OF_NAME: usize = 64;

/// Why a text is no e-mail address that mail can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmailError {
    /// Something is missing.
    #[error("the e-mail address must look like name@example.org")]
    Shape,
    /// Too long.
    #[error("the e-mail address is too long: it may have {MOST} characters, {MOST_OF_NAME} of them before the @")]
    Long,
    /// A character that is not seen, or changes how others are seen.
    #[error("the e-mail address has a character in it that is not seen (U+{:04X}): type it by hand instead of pasting it", u32::from(*.0))]
    Hidden(char),
    /// A blank.
    #[error("the e-mail address must look like name@example.org, without a space in it")]
    Space,
    /// It is written as a link.
    #[error("write the e-mail address alone, without `mailto:`")]
    Mailto,
    /// A character that no address can have without quotes.
    #[error("the e-mail address must look like name@example.org, alone and without `{0}`")]
    Character(char),
    /// Two addresses, or none.
    #[error("the e-mail address has more than one @")]
    TwoAts,
    /// Letters that few mail servers take.
    #[error(
        "the e-mail address has `{0}` before the @, which many mail servers refuse: give one with the letters a to z alone"
    )]
    NotAscii(char),
    /// Dots at the wrong places.
    #[error(
        "the e-mail address has a dot too many before the @: it may not begin or end there, or stand beside another"
    )]
    DotInName,
    /// An address of a machine.
    #[error(
        "the e-mail address has the address of a machine behind the @: give one with a domain, such as name@example.org"
    )]
    Literal,
    /// A dot at the wrong place.
    #[error(
        "the e-mail address has a dot too many behind the @: its domain may not begin or end with one, or have two together"
    )]
    DotInDomain,
    /// A hyphen at the wrong place.
    #[error("the e-mail address cannot be right: no part of a domain begins or ends with a hyphen, as in `{0}`")]
    Hyphen(String),
    /// The domain is none.
    #[error("the e-mail address cannot be right: there can be no domain `{0}`")]
    Domain(String),
}

impl Email {
    /// Takes a new address as a user typed it, without the spaces around it: one that mail can be sent to, by every mail
    /// server.
    ///
    /// ```
    /// use stakepool_core::accounts::{Email, EmailError};
    ///
    /// assert_eq!(Email::parse(" Bob@B\u{fc}cher.Example ")?.as_str(), "bob@xn--bcher-kva.example");
    /// assert_eq!(Email::parse("mailto:bob@example.org"), Err(EmailError::Mailto));
    /// assert_eq!(Email::parse("bob@example.org\u{200b}"), Err(EmailError::Hidden('\u{200b}')));
    /// # Ok::<(), EmailError>(())
    /// ```
    ///
    /// # Errors
    /// [`EmailError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if let Some(hidden) = text.chars().find(|c| is_hidden(*c) || (c.is_control() && !c.is_whitespace())) {
            return Err(EmailError::Hidden(hidden));
        }
        if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
            return Err(EmailError::Mailto);
        }
        if let Some(quoting) = text.chars().find(|c| "<>\"(),;\\".contains(*c)) {
            return Err(EmailError::Character(quoting));
        }
        if text.contains(char::is_whitespace) {
            return Err(EmailError::Space);
        }
        let (name, domain) = text.rsplit_once('@').ok_or(EmailError::Shape)?;
        if name.is_empty() || domain.is_empty() {
            return Err(EmailError::Shape);
        }
        check_name(name)?;
        let email = format!("{}@{}", name.to_ascii_lowercase(), domain_to_ascii(domain)?);
        if email.len() > MOST {
            return Err(EmailError::Long);
        }
        Ok(Self(email))
    }

    /// The addresses under which an account may be stored whose user typed this, the [`Email::spelling`] first. None for what
    /// is no address at all.
    pub fn spellings(typed: &str) -> Vec<Self> {
        let first = Self::spelling(typed);
        let is_whole = |(name, domain): &(&str, &str)| !name.is_empty() && !domain.is_empty();
        let Some((name, domain)) = first.rsplit_once('@').filter(is_whole) else { return Vec::new() };
        // Accounts of before have the domain as it was typed, and whatever else was typed.
        let (readable, valid) = Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
        let readable = (valid.is_ok() && domain.is_ascii()).then(|| format!("{name}@{readable}"));
        let as_typed = cut(typed.trim()).to_lowercase();
        let mut all = vec![Self(first.clone())];
        for other in readable.into_iter().chain([as_typed]) {
            if all.iter().all(|known| known.0 != other) {
                all.push(Self(other));
            }
        }
        all
    }

    /// What all texts have in common that mean the same address, for counting tries: it does not depend on case, on what
    /// is not seen, and on how the domain is written. Long nonsense is cut.
    pub fn spelling(typed: &str) -> String {
        let seen: String = cut(typed).chars().filter(|c| !is_hidden(*c)).collect();
        let lower = seen.trim().to_lowercase();
        match lower.rsplit_once('@') {
            Some((name, domain)) => match domain_to_ascii(domain) {
                Ok(domain) => format!("{name}@{domain}"),
                Err(_) => lower,
            },
            None => lower,
        }
    }
}

/// The beginning of a text, more than any address has.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(2 * MOST)]
}

fn check_name(name: &str) -> Result<(), EmailError> {
    if name.contains('@') {
        return Err(EmailError::TwoAts);
    }
    if let Some(other) = name.chars().find(|c| !c.is_ascii()) {
        return Err(EmailError::NotAscii(other));
    }
    // The atoms of RFC 5322, section 3.2.3.
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if let Some(other) = name.chars().find(|c| !is_atom(*c)) {
        return Err(EmailError::Character(other));
    }
    if name.split('.').any(str::is_empty) {
        return Err(EmailError::DotInName);
    }
    if name.len() > MOST_OF_NAME {
        return Err(EmailError::Long);
    }
    Ok(())
}

/// The domain as mail servers write it.
fn domain_to_ascii(domain: &str) -> Result<String, EmailError> {
    if domain.starts_with('[') || domain.parse::<std::net::IpAddr>().is_ok() {
        return Err(EmailError::Literal);
    }
    // The dots of other scripts count as dots.
    let labels: Vec<&str> = domain.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).collect();
    if labels.iter().any(|label| label.is_empty()) {
        return Err(EmailError::DotInDomain);
    }
    if let Some(label) = labels.iter().find(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err(EmailError::Hyphen((*label).to_owned()));
    }
    let none = || EmailError::Domain(domain.to_owned());
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| none())?;
    // What ends in a number is taken for the address of a machine.
    match ascii.rsplit('.').next() {
        Some(last) if last.bytes().all(|byte| byte.is_ascii_digit()) => Err(EmailError::Literal),
        _ => Ok(ascii.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> EmailError {
        Email::parse(text).expect_err(text)
    }

    #[test]
    fn what_mail_cannot_be_sent_to_is_refused_with_its_reason() {
        for text in ["", "@", "a", "a@", "@example.org", "example.org"] {
            assert_eq!(refused(text), EmailError::Shape, "{text}");
        }
        for text in [".a@example.org", "a..b@example.org", "a.@example.org"] {
            assert_eq!(refused(text), EmailError::DotInName, "{text}");
        }
        for text in ["a@example.org.", "a@.example.org", "a@example..org", "a@example。。org"] {
            assert_eq!(refused(text), EmailError::DotInDomain, "{text}");
        }
        for text in ["a@-x.org", "a@x-.org", "a@x.-y.org", "a@bücher-.example"] {
            assert!(matches!(refused(text), EmailError::Hyphen(_)), "{text}");
        }
        for text in ["user@[192.0.2.1]", "user@[IPv6:2001:db8::1]", "user@192.0.2.1", "user@2001:db8::1", "a@b.123"] {
            assert_eq!(refused(text), EmailError::Literal, "{text}");
        }
        assert_eq!(refused("mailto:bob@example.org"), EmailError::Mailto);
        assert_eq!(refused("MailTo:bob@example.org"), EmailError::Mailto);
        assert_eq!(refused("a@b@example.org"), EmailError::TwoAts);
        assert_eq!(refused("jürgen@example.org"), EmailError::NotAscii('ü'));
        assert_eq!(refused("\u{212a}@example.org"), EmailError::NotAscii('\u{212a}'));
        for (text, character) in
            [("Bob <bob@example.org>", '<'), ("\"a b\"@example.org", '"'), ("a@x.org,b@x.org", ','), ("a:b@x.org", ':')]
        {
            assert_eq!(refused(text), EmailError::Character(character), "{text}");
        }
        for text in ["a b@example.org", "a@exa mple.org", "a@example.org b"] {
            assert_eq!(refused(text), EmailError::Space, "{text}");
        }
        for text in ["a@exa_mple.org", "a@exam!ple.org", "a@xn--a.org"] {
            assert!(matches!(refused(text), EmailError::Domain(_)), "{text}");
        }
        for hidden in ['\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{ad}', '\0', '\u{1b}'] {
            assert_eq!(refused(&format!("a{hidden}b@example.org")), EmailError::Hidden(hidden));
            assert_eq!(refused(&format!("ab@example.org{hidden}")), EmailError::Hidden(hidden));
        }
    }

    #[test]
    fn lengths_are_those_that_mail_servers_take() {
        let name = |length| format!("{}@example.org", "a".repeat(length));
        assert!(Email::parse(&name(64)).is_ok());
        assert_eq!(refused(&name(65)), EmailError::Long);
        let domain = |label: usize| format!("a@{}.org", "b".repeat(label));
        assert!(Email::parse(&domain(63)).is_ok());
        assert!(matches!(refused(&domain(64)), EmailError::Domain(_)));
        let labels = ["c".repeat(60), "d".repeat(60), "e".repeat(60)].join(".");
        let long = |name: usize| format!("{}@{labels}.org", "a".repeat(name));
        assert_eq!(long(64).len(), 251);
        assert!(Email::parse(&long(64)).is_ok());
        assert_eq!(refused(&long(64).replace(".org", ".foundation")), EmailError::Long);
    }

    #[test]
    fn an_address_is_compared_in_one_form() {
        for (typed, expected) in [
            (" Alice@Example.ORG\t", "alice@example.org"),
            ("\u{a0}alice@example.org\u{3000}", "alice@example.org"),
            ("user@bücher.example", "user@xn--bcher-kva.example"),
            ("user@BU\u{308}CHER.example", "user@xn--bcher-kva.example"),
            ("user@XN--BCHER-KVA.example", "user@xn--bcher-kva.example"),
            ("user@例え。jp", "user@xn--r8jz45g.jp"),
            ("o'neil+pool.x_1-2@sub.example.co.uk", "o'neil+pool.x_1-2@sub.example.co.uk"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(Email::parse(typed).unwrap().as_str(), expected, "{typed}");
        }
    }

    #[test]
    fn an_account_of_before_is_found_as_it_was_typed() {
        let texts = |typed: &str| Email::spellings(typed).into_iter().map(|email| email.0).collect::<Vec<_>>();
        assert_eq!(texts(" Alice@Example.org "), ["alice@example.org"]);
        let both = ["user@xn--bcher-kva.example", "user@bücher.example"];
        assert_eq!(texts("user@Bücher.example"), both);
        assert_eq!(texts("user@xn--bcher-kva.example"), both);
        assert_eq!(texts("a@example.org\u{200b}"), ["a@example.org", "a@example.org\u{200b}"]);
        assert_eq!(texts("a..b@example.org"), ["a..b@example.org"]);
        assert_eq!(texts("jürgen@example.org"), ["jürgen@example.org"]);
        assert!(texts("nonsense").is_empty() && texts("@x").is_empty() && texts("").is_empty());
    }

    #[test]
    fn hidden_characters_are_written_out_where_an_old_address_is_shown() {
        let old = Email::from_store("a\u{202e}b@example.org\u{1b}[2J".to_owned());
        assert_eq!(old.to_string(), r"a\u{202e}b@example.org\u{1b}[2J");
    }

    proptest! {
        #[test]
        fn what_is_taken_is_found_again_and_counts_once(name in "[a-zA-Z0-9.+ü]{1,9}", domain in "[a-zA-Zäöß。.-]{1,12}") {
            let typed = format!("{name}@{domain}");
            if let Ok(email) = Email::parse(&typed) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert_eq!(&Email::spelling(&typed), email.as_str());
                prop_assert_eq!(&Email::spellings(&typed)[0], &email);
            }
        }

        #[test]
        fn every_spelling_of_an_address_counts_as_one(typed in any::<String>()) {
            let counted = Email::spelling(&typed);
            for email in Email::spellings(&typed) {
                prop_assert_eq!(Email::spelling(email.as_str()), counted.clone());
            }
        }
    }
}
