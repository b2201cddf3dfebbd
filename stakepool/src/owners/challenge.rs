//! The text that an owner signs. It names pool and ticket and counts in one browser for a short time, so that the signature
//! shows nothing anywhere else, nor later.

use std::time::Duration;

use stakepool_core::chain::TicketHash;
use stakepool_core::time::UnixTime;

use crate::signed::Signer;

/// How long a text may be answered.
const HOLDS: Duration = Duration::from_secs(30 * 60);
/// Bytes of the code in a text.
const CODE: usize = 16;

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
    pub(super) fn new(signer: &Signer, place: &str, ticket: TicketHash, made: UnixTime, browser: &str) -> Self {
        let moment = made.0.to_be_bytes();
        let code = signer.sign(&[b"challenge", place.as_bytes(), ticket.as_bytes(), &moment, browser.as_bytes()]);
        let (code, when) = (hex::encode(&code[..CODE]), made.readable());
        let text = format!("Show me my ticket {ticket} on {place} - {when} - {code}");
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

    fn text(ticket: u8, place: &str, browser: &str, made: UnixTime) -> String {
        let signer = Signer::new(&Secret::new("secret"), "test");
        Challenge::new(&signer, place, TicketHash::from_bytes([ticket; 32]), made, browser).text
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
