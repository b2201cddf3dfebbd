//! The code of an invitation to sign up.

use std::fmt;

use super::readable::ReadableCode;
use super::tokens::SecureRandom;

/// The code of an invitation: 16 letters and digits. Who is invited gets it, a store only ever its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationCode(ReadableCode);

impl InvitationCode {
    /// A new code.
    pub fn random(source: &dyn SecureRandom) -> Self {
        Self(ReadableCode::random(source))
    }

    /// Reads a code as it is typed: capitals, width, spaces and dashes do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        ReadableCode::parse(text).map(Self)
    }

    /// What is given to who is invited. Not `Display`, so that no log line prints a code by accident.
    pub fn reveal(&self) -> String {
        self.0.reveal()
    }

    /// What a store keeps.
    pub fn hash(&self) -> [u8; 32] {
        self.0.hash()
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::SystemRandom;

    #[test]
    fn a_code_is_read_however_it_is_typed_and_shown_by_no_log() {
        let code = InvitationCode::random(&SystemRandom);
        let text = code.reveal();
        for typed in [text.clone(), text.to_uppercase(), text.replace('-', ""), format!(" {} ", text.replace('-', " "))]
        {
            assert_eq!(InvitationCode::parse(&typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(InvitationCode::parse(&text[..18]), None);
        assert_eq!(format!("{code:?}"), "InvitationCode(…)");
        assert_ne!(code, InvitationCode::random(&SystemRandom));
    }
}
