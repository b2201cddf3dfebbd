//! What a ticket's owner wants voted: choices in agendas, and policies for the treasury, which EXCC does not have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::refusal::{Code, Refusal};
use crate::agenda::{Agenda, AgendaChoice};
use crate::chain::{VoteBits, VoteVersion};

/// The policies that there are. None of them has an effect.
const POLICIES: [&str; 5] = ["yes", "no", "abstain", "invalid", ""];
/// Length of a treasury key in bytes.
const TREASURY_KEY: usize = 33;
/// Length of a treasury spend's hash in bytes.
const SPEND_HASH: usize = 32;

/// The three maps of a request, as they were sent: agenda to choice, treasury spend to policy, treasury key to policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Choices by agenda.
    #[serde(rename = "votechoices")]
    pub choices: BTreeMap<String, String>,
    /// Policies by the hash of a treasury spend.
    #[serde(rename = "tspendpolicy")]
    pub spends: BTreeMap<String, String>,
    /// Policies by a treasury key.
    #[serde(rename = "treasurypolicy")]
    pub treasury_keys: BTreeMap<String, String>,
}

impl Preferences {
    /// Most entries of a map of policies in a request.
    pub const MOST_POLICIES: usize = 3;

    /// Insists that everything exists in the vote version of today.
    ///
    /// # Errors
    /// [`Code::InvalidVoteChoices`] for the first entry that does not.
    pub fn check(&self, agendas: &[Agenda], version: VoteVersion) -> Result<(), Refusal> {
        let refusal = |message| Refusal::new(Code::InvalidVoteChoices, message);
        let choices =
            self.choices.iter().map(|(agenda, choice)| valid_choice(agendas, version, agenda, choice).map(drop));
        let keys =
            self.treasury_keys.iter().map(|(key, policy)| valid_policy("treasury key", key, TREASURY_KEY, policy));
        let spends = self.spends.iter().map(|(hash, policy)| valid_policy("treasury spend", hash, SPEND_HASH, policy));
        choices.chain(keys).chain(spends).collect::<Result<(), _>>().map_err(refusal)
    }

    /// Leaves out what does not exist in the vote version of today. Returns what is kept, and of each that is not, why.
    pub fn kept(&self, agendas: &[Agenda], version: VoteVersion) -> (Self, Vec<String>) {
        let mut notes = Vec::new();
        let mut keep = |map: &BTreeMap<String, String>, check: &dyn Fn(&str, &str) -> Result<(), String>| {
            let good = map.iter().filter(|(key, value)| check(key, value).map_err(|note| notes.push(note)).is_ok());
            good.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let choices = keep(&self.choices, &|agenda, choice| valid_choice(agendas, version, agenda, choice).map(drop));
        let treasury_keys =
            keep(&self.treasury_keys, &|key, policy| valid_policy("treasury key", key, TREASURY_KEY, policy));
        let spends = keep(&self.spends, &|hash, policy| valid_policy("treasury spend", hash, SPEND_HASH, policy));
        (Self { choices, spends, treasury_keys }, notes)
    }

    /// Takes over what is newer; what that does not mention stays.
    pub fn merge(&mut self, newer: Self) {
        self.choices.extend(newer.choices);
        self.spends.extend(newer.spends);
        self.treasury_keys.extend(newer.treasury_keys);
    }

    /// The bits to vote: the previous block approved, and each choice that exists.
    pub fn vote_bits(&self, agendas: &[Agenda]) -> VoteBits {
        let bits = agendas.iter().filter_map(|agenda| {
            let chosen = self.choices.get(&agenda.id)?;
            agenda.choices.iter().find(|choice| choice.id == *chosen).map(|choice| choice.bits & agenda.mask)
        });
        VoteBits(bits.fold(VoteBits::APPROVE.0, |all, bits| all | bits))
    }
}

fn valid_choice<'a>(
    agendas: &'a [Agenda],
    version: VoteVersion,
    agenda: &str,
    choice: &str,
) -> Result<&'a AgendaChoice, String> {
    let found = agendas.iter().find(|known| known.id == agenda);
    let found = found.ok_or_else(|| format!("agenda {agenda:?} not found for vote version {version}"))?;
    let chosen = found.choices.iter().find(|known| known.id == choice);
    chosen.ok_or_else(|| format!("choice {choice:?} not found for agenda {agenda:?}"))
}

fn valid_policy(kind: &str, key: &str, length: usize, policy: &str) -> Result<(), String> {
    let bytes = hex::decode(key).map_err(|_| format!("{kind} {key:?} is not hexadecimal"))?;
    if bytes.len() != length {
        return Err(format!("{kind} {key:?} is not {length} bytes"));
    }
    if POLICIES.contains(&policy) { Ok(()) } else { Err(format!("{policy:?} is not a valid policy option")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VERSION: VoteVersion = VoteVersion(11);

    fn agendas() -> Vec<Agenda> {
        let choice = |id: &str, bits| AgendaChoice { id: id.to_owned(), description: String::new(), bits };
        vec![Agenda {
            id: "blocksize".to_owned(),
            description: String::new(),
            status: "started".to_owned(),
            mask: 0b0110,
            choices: vec![choice("abstain", 0), choice("no", 2), choice("yes", 4)],
        }]
    }

    fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn choices(entries: &[(&str, &str)]) -> Preferences {
        Preferences { choices: map(entries), ..Preferences::default() }
    }

    #[test]
    fn choices_set_the_bits_of_their_agendas() {
        for (choice, bits) in [("abstain", 0b001), ("no", 0b011), ("yes", 0b101), ("nosuch", 0b001)] {
            assert_eq!(choices(&[("blocksize", choice)]).vote_bits(&agendas()), VoteBits(bits), "{choice}");
        }
        assert_eq!(choices(&[("other", "yes")]).vote_bits(&agendas()), VoteBits::APPROVE);
    }

    #[test]
    fn choices_that_do_not_exist_are_refused_by_name() {
        let refused = |preferences: Preferences| preferences.check(&agendas(), VERSION).unwrap_err();
        assert_eq!(choices(&[("blocksize", "yes")]).check(&agendas(), VERSION), Ok(()));
        let refusal = refused(choices(&[("nosuch", "yes")]));
        assert_eq!(refusal.code, Code::InvalidVoteChoices);
        assert_eq!(refusal.message, "agenda \"nosuch\" not found for vote version 11");
        let refusal = refused(choices(&[("blocksize", "maybe")]));
        assert_eq!(refusal.message, "choice \"maybe\" not found for agenda \"blocksize\"");
    }

    #[test]
    fn policies_need_a_key_or_hash_of_the_right_length_and_a_known_word() {
        let key =
            |key: &str, policy: &str| Preferences { treasury_keys: map(&[(key, policy)]), ..Preferences::default() };
        let spend = |hash: &str, policy: &str| Preferences { spends: map(&[(hash, policy)]), ..Preferences::default() };
        let good = [key(&"ab".repeat(33), "yes"), spend(&"ab".repeat(32), ""), spend(&"AB".repeat(32), "abstain")];
        let bad = [
            key("zz", "yes"),
            key(&"ab".repeat(32), "yes"),
            key(&"ab".repeat(33), "maybe"),
            spend(&"ab".repeat(33), "no"),
            spend("a", "no"),
            spend(&"ab".repeat(32), "Yes"),
        ];
        assert!(good.iter().all(|preferences| preferences.check(&[], VERSION).is_ok()));
        for preferences in bad {
            assert_eq!(preferences.check(&[], VERSION).unwrap_err().code, Code::InvalidVoteChoices, "{preferences:?}");
        }
    }

    #[test]
    fn what_does_not_exist_is_left_out_with_a_note_and_the_rest_kept() {
        let sent = Preferences {
            choices: map(&[("blocksize", "yes"), ("nosuch", "no")]),
            spends: map(&[(&"ab".repeat(32), "yes"), ("x", "yes")]),
            treasury_keys: map(&[("zz", "no")]),
        };
        let (kept, notes) = sent.kept(&agendas(), VERSION);
        assert_eq!(kept.choices, map(&[("blocksize", "yes")]));
        assert_eq!(kept.spends, map(&[(&"ab".repeat(32), "yes")]));
        assert!(kept.treasury_keys.is_empty());
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert_eq!(kept.check(&agendas(), VERSION), Ok(()));
    }

    #[test]
    fn newer_entries_take_the_place_of_older_ones_and_leave_the_others() {
        let mut all = choices(&[("a", "yes"), ("b", "no")]);
        all.merge(choices(&[("b", "yes"), ("c", "no")]));
        assert_eq!(all, choices(&[("a", "yes"), ("b", "yes"), ("c", "no")]));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_kept_is_valid(entries in prop::collection::btree_map(".*", ".*", 0..4)) {
            let sent = Preferences { choices: entries.clone(), spends: entries.clone(), treasury_keys: entries };
            let (kept, notes) = sent.kept(&agendas(), VERSION);
            prop_assert_eq!(kept.check(&agendas(), VERSION), Ok(()));
            prop_assert_eq!(notes.is_empty(), sent.check(&agendas(), VERSION).is_ok());
        }
    }
}
