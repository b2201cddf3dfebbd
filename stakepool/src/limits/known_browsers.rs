//! Browsers that have signed in to an account before. Each has tries of its own, so that strangers who fail to sign in
//! to the account, from however many addresses, do not lock its user out.

use stakepool_core::accounts::{Email, SecureRandom};

use crate::signed::Signer;

/// A browser that is known: its random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KnownBrowser([u8; 16]);

/// Makes browsers known by a signed note, and knows them again.
#[derive(Debug)]
pub struct KnownBrowsers {
    signer: Signer,
}

impl KnownBrowsers {
    /// For what the notes are signed.
    pub const PURPOSE: &str = "known browser";

    /// Knows browsers by notes that are signed for [`KnownBrowsers::PURPOSE`].
    pub const fn new(signer: Signer) -> Self {
        Self { signer }
    }

    /// The note for a browser that has signed in to the account of an address.
    pub fn note(&self, random: &dyn SecureRandom, email: &Email) -> String {
        let mut number = [0; 16];
        random.fill(&mut number);
        let signature = self.signer.sign(&[&number, email.as_str().as_bytes()]);
        format!("{}{}", hex::encode(number), hex::encode(signature))
    }

    /// The browser that keeps a note, where it has signed in to the account of what was typed as an e-mail address.
    pub fn browser(&self, note: &str, typed: &str) -> Option<KnownBrowser> {
        let note = hex::decode(note).ok()?;
        let (number, signature) = note.split_first_chunk::<16>()?;
        let is_of = |email: &Email| self.signer.is_right(&[number, email.as_str().as_bytes()], signature);
        Email::spellings(typed).iter().any(is_of).then_some(KnownBrowser(*number))
    }
}

#[cfg(test)]
impl KnownBrowser {
    /// The browser with a number, for tests of those who count it.
    pub fn numbered(number: u32) -> Self {
        Self(u128::from(number).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::accounts::SystemRandom;
    use stakepool_core::secret::Secret;

    #[test]
    fn a_browser_is_known_for_the_account_to_which_it_signed_in_and_no_other() {
        let browsers = KnownBrowsers::new(Signer::new(&Secret::new("secret"), KnownBrowsers::PURPOSE));
        let note = browsers.note(&SystemRandom, &Email::parse("a@example.org").unwrap());
        assert!(browsers.browser(&note, " A@example.org").is_some());
        assert_eq!(browsers.browser(&note, "b@example.org"), None);
        assert_eq!(browsers.browser(&format!("00{note}"), "a@example.org"), None);
        assert_eq!(browsers.browser("", "a@example.org"), None);
    }
}
