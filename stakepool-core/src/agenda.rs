//! Agendas: what tickets can vote on beside the previous block.

use serde::{Deserialize, Serialize};

use crate::chain::VoteBits;

/// A question that votes can answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agenda {
    /// Its name, such as `lnsupport`.
    pub id: String,
    /// The question, for people.
    pub description: String,
    /// Where it stands: `defined`, `started`, `lockedin`, `active` or `failed`.
    pub status: String,
    /// The bits that hold the answer.
    pub mask: u16,
    /// The possible answers.
    pub choices: Vec<AgendaChoice>,
}

/// An answer to an agenda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgendaChoice {
    /// Its name, such as `yes`.
    pub id: String,
    /// What it means, for people.
    pub description: String,
    /// The bits that say so, all within the agenda's mask.
    pub bits: u16,
}

impl Agenda {
    /// The answer that vote bits give.
    pub fn choice(&self, bits: VoteBits) -> Option<&AgendaChoice> {
        self.choices.iter().find(|choice| choice.bits == bits.0 & self.mask)
    }

    /// Whether votes on it still count.
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "defined" | "started")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_read_under_the_mask() {
        let choice = |id: &str, bits| AgendaChoice { id: id.to_owned(), description: String::new(), bits };
        let agenda = Agenda {
            id: "a".to_owned(),
            description: String::new(),
            status: "started".to_owned(),
            mask: 0b0110,
            choices: vec![choice("abstain", 0), choice("no", 2), choice("yes", 4)],
        };
        assert_eq!(agenda.choice(VoteBits(0b1101)).map(|choice| choice.id.as_str()), Some("yes"));
        assert_eq!(agenda.choice(VoteBits(1)).map(|choice| choice.id.as_str()), Some("abstain"));
        assert_eq!(agenda.choice(VoteBits(0b0111)), None);
    }
}
