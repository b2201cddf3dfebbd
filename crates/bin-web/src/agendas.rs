//! Agendas: what tickets can vote on beside the previous block.

use stakepool_core::chain::VoteBits;

/// A question that votes can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agenda {
    /// Its name, such as `lnsupport`.
    pub id: String,
    /// The bits that hold the answer.
    pub mask: u16,
    /// The bits of each answer, all within the mask.
    pub choices: Vec<u16>,
}

/// Whether bits approve the previous block and choose one answer of every agenda, and nothing else.
pub fn are_valid(bits: VoteBits, agendas: &[Agenda]) -> bool {
    let known = agendas.iter().fold(VoteBits::APPROVE.0, |known, agenda| known | agenda.mask);
    bits.0 & VoteBits::APPROVE.0 != 0
        && bits.0 & !known == 0
        && agendas.iter().all(|agenda| agenda.choices.contains(&(bits.0 & agenda.mask)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_agendas_only_approval_is_valid() {
        let valid: Vec<u16> = (0..=u16::MAX).filter(|bits| are_valid(VoteBits(*bits), &[])).collect();
        assert_eq!(valid, [1]);
    }

    #[test]
    fn with_agendas_every_answer_must_be_a_choice_of_its_agenda() {
        let agendas = [
            Agenda { id: "a".into(), mask: 0b0110, choices: vec![0b0000, 0b0010, 0b0100] },
            Agenda { id: "b".into(), mask: 0b1000, choices: vec![0b0000, 0b1000] },
        ];
        let valid: Vec<u16> = (0..=u16::MAX).filter(|bits| are_valid(VoteBits(*bits), &agendas)).collect();
        assert_eq!(valid, [0b0001, 0b0011, 0b0101, 0b1001, 0b1011, 0b1101]);
    }
}
