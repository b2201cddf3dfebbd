//! The text that an owner signs. It names pool, ticket and purpose and counts in one browser for a short time, so that the
//! signature allows nothing else, nor anything elsewhere or later.

use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::TicketHash;
use stakepool_core::time::UnixTime;

use crate::signed::Signer;

/// How long a text may be answered.
const HOLDS: Duration = Duration::from_secs(30 * 60);
/// Bytes of the code in a text.
const CODE: usize = 16;

/// What an owner signs for. A signature for one purpose allows no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Seeing the ticket, without any key.
    Show,
    /// The proof, which holds the voting key.
    Proof,
    /// Having the ticket in the account of this user.
    Claim(UserId),
}

impl Purpose {
    /// What the owner reads before signing.
    fn request(self, ticket: TicketHash) -> String {
        match self {
            Self::Show => format!("Show me my ticket {ticket}"),
            Self::Proof => format!("Give me the proof with the voting key of my ticket {ticket}"),
            Self::Claim(user) => format!("Add my ticket {ticket} to account {user}"),
        }
    }
}

/// What an owner is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The ticket.
    pub ticket: TicketHash,
    /// When it was made.
    pub made: UnixTime,
    /// The text, of letters that mean themselves between the quotation marks of a shell.
    pub text: String,
}

impl Challenge {
    /// For the browser with this secret.
    pub(super) fn new(
        signer: &Signer,
        place: &str,
        purpose: Purpose,
        ticket: TicketHash,
        made: UnixTime,
        browser: &str,
    ) -> Self {
        let (request, moment) = (purpose.request(ticket), made.0.to_be_bytes());
        let code = signer.sign(&[b"challenge", place.as_bytes(), request.as_bytes(), &moment, browser.as_bytes()]);
        let (code, when) = (hex::encode(&code[..CODE]), made.readable());
        let text = format!("{request} on {place} - {when} - {code}");
        Self { ticket, made, text }
    }
}

/// Whether a text of that moment may still be answered.
pub(super) fn is_fresh(made: UnixTime, now: UnixTime) -> bool {
    now.minus(HOLDS) <= made && made <= now
}

#[cfg(test)]
mod tests {
    use stakepool_core::secret::Secret;

    use super::*;

    const NOW: UnixTime = UnixTime(1_795_000_000);

    fn text_for(purpose: Purpose, ticket: u8, place: &str, browser: &str, made: UnixTime) -> String {
        let signer = Signer::new(&Secret::new("secret"), "test");
        Challenge::new(&signer, place, purpose, TicketHash::from_bytes([ticket; 32]), made, browser).text
    }

    fn text(ticket: u8, place: &str, browser: &str, made: UnixTime) -> String {
        text_for(Purpose::Show, ticket, place, browser, made)
    }

    #[test]
    fn a_text_says_what_is_signed_for_and_its_code_counts_for_nothing_else() {
        let purposes = [Purpose::Show, Purpose::Proof, Purpose::Claim(UserId(7)), Purpose::Claim(UserId(8))];
        let texts = purposes.map(|purpose| text_for(purpose, 1, "https://pool.example", "a", NOW));
        assert!(texts[1].starts_with("Give me the proof with the voting key of my ticket 0101"), "{}", texts[1]);
        assert!(texts[2].starts_with("Add my ticket 0101") && texts[2].contains(" to account 7 on "), "{}", texts[2]);
        let codes: std::collections::BTreeSet<_> = texts.iter().filter_map(|text| text.rsplit(' ').next()).collect();
        assert_eq!(codes.len(), purposes.len(), "{codes:?}");
    }

    #[test]
    fn a_text_names_pool_and_ticket_and_is_another_for_each_browser_and_moment() {
        let first = text(1, "https://pool.example", "a", NOW);
        assert!(first.contains("https://pool.example") && first.contains(&"01".repeat(32)), "{first}");
        assert!(
            first.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\`$!".contains(&byte) || byte == b' '),
            "{first}"
        );
        for other in [
            text(2, "https://pool.example", "a", NOW),
            text(1, "https://other.example", "a", NOW),
            text(1, "https://pool.example", "b", NOW),
            text(1, "https://pool.example", "a", UnixTime(NOW.0 + 1)),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_text_may_be_answered_for_half_an_hour() {
        let ago = |seconds: i64| UnixTime(NOW.0 - seconds);
        assert!(is_fresh(NOW, NOW) && is_fresh(ago(1800), NOW));
        for made in [ago(1801), ago(-1), UnixTime(i64::MIN), UnixTime(i64::MAX)] {
            assert!(!is_fresh(made, NOW), "{made:?}");
        }
    }
}
