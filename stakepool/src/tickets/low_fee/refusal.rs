//! Why nothing is done for a ticket.

use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::ports::DaemonError;
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::sanitize::visible;
use stakepool_core::ticket::Verdict;
use stakepool_core::typed::hash;

/// Characters of a text that is no hash that are shown.
const SHOWN: usize = 80;

/// Why a ticket is not added or not taken back; what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text is no hash.
    #[error("`{start}` is not a ticket's hash: give 64 hexadecimal digits, as the list of ignored tickets shows them")]
    NoHash {
        /// How the text begins.
        start: String,
    },
    /// The ticket is at its end.
    #[error("ticket {ticket} {}{}: only an immature or live ticket can be added", ended(*state), at(*height))]
    Ended {
        /// The ticket.
        ticket: TicketHash,
        /// How it ended.
        state: TicketState,
        /// Where.
        height: Option<BlockHeight>,
    },
    /// The ticket pays enough.
    #[error("ticket {ticket} is {state} and pays the fee: the pool votes it already, there is nothing to add")]
    PaysTheFee {
        /// The ticket.
        ticket: TicketHash,
        /// Where it is in its life.
        state: TicketState,
    },
    /// Daemons vote the ticket.
    #[error("ticket {0} is live and voted by the pool already: there is nothing to add")]
    VotedAlready(TicketHash),
    /// The ticket votes by a key of its own.
    #[error(
        "ticket {0} votes by a key that its owner handed over, and its fee is paid apart: it is voted as soon as its owner has paid \
         it again"
    )]
    ByOwnKey(TicketHash),
    /// Nobody knows the ticket.
    #[error(
        "the pool does not know ticket {ticket}{}: compare the hash with the list of {list} tickets; a ticket is known \
         once it is mined, where its voting right is a user's multisig address",
        unasked(away)
    )]
    Unknown {
        /// The ticket.
        ticket: TicketHash,
        /// The list that has the right ones: `ignored` or `added`.
        list: &'static str,
        /// Why some daemons could not be asked.
        away: Vec<DaemonError>,
    },
}

impl Refusal {
    /// The reason for a place where the ticket's hash stands already: it begins with `it has voted` instead of naming the
    /// ticket once more.
    pub fn without_hash(&self) -> String {
        let text = self.to_string();
        match self {
            Self::NoHash { .. } => text,
            Self::Ended { ticket, .. }
            | Self::PaysTheFee { ticket, .. }
            | Self::VotedAlready(ticket)
            | Self::ByOwnKey(ticket)
            | Self::Unknown { ticket, .. } => text.replacen(&format!("ticket {ticket}"), "it", 1),
        }
    }

    /// Why a ticket of the ledger cannot be added, if it cannot.
    pub(super) fn of_adding(report: &TicketReport) -> Option<Self> {
        let (ticket, state) = (report.ticket, report.state);
        match state {
            TicketState::Immature | TicketState::Live if report.facts.verdict != Verdict::Accepted => None,
            TicketState::Immature | TicketState::Live => Some(Self::PaysTheFee { ticket, state }),
            TicketState::Voted | TicketState::Missed | TicketState::Expired => {
                Some(Self::Ended { ticket, state, height: report.ended_at })
            }
        }
    }
}

/// The ticket that a person names.
///
/// # Errors
/// [`Refusal::NoHash`].
pub fn parse_hash(text: &str) -> Result<TicketHash, Refusal> {
    hash(text).parse().map_err(|_| {
        let text = text.trim();
        let mut start: String = visible(text).chars().take(SHOWN).collect();
        if text.chars().nth(SHOWN).is_some() {
            start.push('…');
        }
        Refusal::NoHash { start }
    })
}

const fn ended(state: TicketState) -> &'static str {
    match state {
        TicketState::Voted => "has voted",
        TicketState::Missed => "was missed",
        TicketState::Expired => "has expired",
        TicketState::Immature | TicketState::Live => "is not at its end",
    }
}

fn at(height: Option<BlockHeight>) -> String {
    height.map(|height| format!(" at height {height}")).unwrap_or_default()
}

fn unasked(away: &[DaemonError]) -> String {
    away.iter().map(|error| format!(" ({error})")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_its_ticket_a_refusal_names_no_hash() {
        let ticket = TicketHash::from_bytes([7; 32]);
        for (refusal, expected) in [
            (Refusal::VotedAlready(ticket), "it is live and voted by the pool already: there is nothing to add"),
            (
                Refusal::Ended { ticket, state: TicketState::Voted, height: Some(BlockHeight(9)) },
                "it has voted at height 9: only an immature or live ticket can be added",
            ),
            (Refusal::Unknown { ticket, list: "added", away: Vec::new() }, "the pool does not know it: "),
        ] {
            let text = refusal.without_hash();
            assert!(text.starts_with(expected) && !text.contains(&ticket.to_string()), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_hash_is_shown_but_not_whole() {
        let hash = "ab".repeat(32);
        assert_eq!(parse_hash(&format!(" {hash}\r")).unwrap().to_string(), hash);
        for pasted in
            [hash.to_uppercase(), format!("0x{hash}"), format!("“{hash}”,"), format!("\u{200b}{hash}\u{feff}")]
        {
            assert_eq!(parse_hash(&pasted).unwrap().to_string(), hash, "{pasted:?}");
        }
        assert!(parse_hash("a\u{202e}b").unwrap_err().to_string().starts_with(r"`a\u{202e}b` is not"));
        assert!(parse_hash("nonsense").unwrap_err().to_string().starts_with("`nonsense` is not a ticket's hash: "));
        let endless = parse_hash(&"ä".repeat(5000)).unwrap_err().to_string();
        assert!(endless.contains("ä…`") && endless.chars().count() < 200, "{endless}");
    }
}
