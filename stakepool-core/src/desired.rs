//! The desired state: what every voting daemon should have.

mod fee_indexes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::accounts::{UserId, VotingPreference};
use crate::chain::{Hash160, PrivateKey, RedeemScript, ScriptAddress, TicketHash, hash160};
use crate::ticket::TermsHistory;

pub use fee_indexes::FeeIndexes;

/// What a desired state can have, as a number: it grows whenever a state can have more. Where webs of two versions have one
/// database, that of the greater format has what the other does not know of.
pub const FORMAT: u32 = 1;

/// A registered user as a daemon must know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredUser {
    /// The user.
    pub user: UserId,
    /// The multisig address.
    pub address: ScriptAddress,
    /// What to vote.
    pub voting: VotingPreference,
}

/// A low-fee ticket that an administrator added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedTicket {
    /// The ticket.
    pub ticket: TicketHash,
    /// The multisig address that may vote with it.
    pub address: ScriptAddress,
}

/// A ticket whose owner handed over the key that votes with it: daemons sign its votes themselves, and no wallet knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTicket {
    /// The ticket. Others that vote with the same key are none of the pool's.
    pub ticket: TicketHash,
    /// The key. It lies in one place in memory, is overwritten when nothing holds it any more, and never prints itself.
    pub key: Arc<PrivateKey>,
    /// What to vote.
    pub voting: VotingPreference,
}

/// All users and added tickets, which addresses without a user are known and wanted, the users' scripts, the tickets that
/// vote by a key of their own, and by which terms tickets are judged. Kept sorted, so that equal contents have equal digests.
///
/// Where it is serialized, tickets with keys and scripts are left out: a key is written by the daemon's state file alone.
///
/// ```
/// use stakepool_core::accounts::{UserId, VotingPreference};
/// use stakepool_core::chain::{Hash160, Network, ScriptAddress, VoteBits, VoteVersion};
/// use stakepool_core::desired::{DesiredState, DesiredUser};
///
/// let user = |number: u8| DesiredUser {
///     user: UserId(number.into()),
///     address: ScriptAddress::new(Network::Simnet, Hash160([number; 20])),
///     voting: VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(11) },
/// };
/// let desired = DesiredState::new([user(1), user(2)], []);
/// let again = DesiredState::new([user(2), user(1)], []);
/// assert_eq!(desired.digest(), again.digest(), "the order does not matter");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Lists", into = "Lists")]
pub struct DesiredState {
    users: BTreeMap<String, DesiredUser>,
    added: BTreeMap<TicketHash, AddedTicket>,
    acknowledged: BTreeMap<String, ScriptAddress>,
    scripts: BTreeMap<Hash160, RedeemScript>,
    key_tickets: BTreeMap<TicketHash, KeyTicket>,
    withdrawn: BTreeSet<TicketHash>,
    fee_indexes: FeeIndexes,
    terms: TermsHistory,
}

#[derive(Serialize, Deserialize)]
struct Lists {
    users: Vec<DesiredUser>,
    added: Vec<AddedTicket>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acknowledged: Vec<ScriptAddress>,
    #[serde(default, skip_serializing_if = "TermsHistory::is_empty")]
    terms: TermsHistory,
}

impl From<Lists> for DesiredState {
    fn from(lists: Lists) -> Self {
        Self::new(lists.users, lists.added).with_acknowledged(lists.acknowledged).with_terms(lists.terms)
    }
}

impl From<DesiredState> for Lists {
    fn from(state: DesiredState) -> Self {
        Self {
            users: state.users.into_values().collect(),
            added: state.added.into_values().collect(),
            acknowledged: state.acknowledged.into_values().collect(),
            terms: state.terms,
        }
    }
}

/// Names a [`DesiredState`] by its content, so that any number of web instances agree without a counter.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DesiredDigest(pub [u8; 32]);

impl fmt::Debug for DesiredDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DesiredDigest({self})")
    }
}

impl fmt::Display for DesiredDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl DesiredState {
    /// The state with these users and tickets; of two entries with one address or hash the later counts.
    pub fn new(users: impl IntoIterator<Item = DesiredUser>, added: impl IntoIterator<Item = AddedTicket>) -> Self {
        Self {
            users: users.into_iter().map(|user| (user.address.to_string(), user)).collect(),
            added: added.into_iter().map(|ticket| (ticket.ticket, ticket)).collect(),
            ..Self::default()
        }
    }

    /// The same, with these addresses acknowledged: whether they have a user or not, the operator knows and wants them. Daemons
    /// vote for such addresses as for any other, and only do not call them a problem. Those that were acknowledged before are not
    /// any more.
    #[must_use]
    pub fn with_acknowledged(self, addresses: impl IntoIterator<Item = ScriptAddress>) -> Self {
        let acknowledged = addresses.into_iter().map(|address| (address.to_string(), address)).collect();
        Self { acknowledged, ..self }
    }

    /// The same with these scripts of users, by which a daemon that has the voting wallets' key signs without them. Scripts
    /// before are forgotten.
    #[must_use]
    pub fn with_scripts(self, scripts: impl IntoIterator<Item = RedeemScript>) -> Self {
        let scripts = scripts.into_iter().map(|script| (hash160(&script.to_bytes()), script)).collect();
        Self { scripts, ..self }
    }

    /// The same with these tickets that vote by a key of their own. Those before are forgotten; of two entries with one hash the
    /// later counts.
    #[must_use]
    pub fn with_key_tickets(self, tickets: impl IntoIterator<Item = KeyTicket>) -> Self {
        let key_tickets = tickets.into_iter().map(|entry| (entry.ticket, entry)).collect();
        Self { key_tickets, ..self }
    }

    /// The same with these tickets withdrawn: their keys are known to the database, and are not to vote any more. A daemon goes on
    /// voting a ticket whose key it has, and that is neither among the [key tickets](Self::key_tickets) nor here. Those that
    /// were withdrawn before are not any more.
    #[must_use]
    pub fn with_withdrawn(self, tickets: impl IntoIterator<Item = TicketHash>) -> Self {
        Self { withdrawn: tickets.into_iter().collect(), ..self }
    }

    /// The same with what is known of the fee keys, in the place of that before.
    #[must_use]
    pub fn with_fee_indexes(self, fee_indexes: FeeIndexes) -> Self {
        Self { fee_indexes, ..self }
    }

    /// The same, with the terms by which tickets are judged, in the place of those before. Where they are empty, a daemon judges
    /// by its own configuration.
    #[must_use]
    pub fn with_terms(self, terms: TermsHistory) -> Self {
        Self { terms, ..self }
    }

    /// The terms by which tickets are judged.
    pub const fn terms(&self) -> &TermsHistory {
        &self.terms
    }

    /// The users, by address.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &DesiredUser> {
        self.users.values()
    }

    /// The added tickets, by hash.
    pub fn added(&self) -> impl ExactSizeIterator<Item = &AddedTicket> {
        self.added.values()
    }

    /// The added ticket with a hash.
    pub fn added_ticket(&self, hash: &TicketHash) -> Option<&AddedTicket> {
        self.added.get(hash)
    }

    /// The addresses that are acknowledged.
    pub fn acknowledged(&self) -> impl ExactSizeIterator<Item = &ScriptAddress> {
        self.acknowledged.values()
    }

    /// Whether an address is acknowledged.
    pub fn is_acknowledged(&self, address: &ScriptAddress) -> bool {
        !self.acknowledged.is_empty() && self.acknowledged.contains_key(&address.to_string())
    }

    /// The users' scripts, by hash.
    pub fn scripts(&self) -> impl ExactSizeIterator<Item = &RedeemScript> {
        self.scripts.values()
    }

    /// The tickets that vote by a key of their own, by hash.
    pub fn key_tickets(&self) -> impl ExactSizeIterator<Item = &KeyTicket> {
        self.key_tickets.values()
    }

    /// The ticket with a hash, where it votes by a key of its own.
    pub fn key_ticket(&self, hash: &TicketHash) -> Option<&KeyTicket> {
        self.key_tickets.get(hash)
    }

    /// The tickets whose keys are not to vote any more, by hash.
    pub fn withdrawn(&self) -> impl ExactSizeIterator<Item = &TicketHash> {
        self.withdrawn.iter()
    }

    /// Whether a ticket's key is not to vote any more.
    pub fn is_withdrawn(&self, hash: &TicketHash) -> bool {
        self.withdrawn.contains(hash)
    }

    /// How far the addresses of fee keys were given.
    pub const fn fee_indexes(&self) -> &FeeIndexes {
        &self.fee_indexes
    }

    /// Replaces all users.
    pub fn set_users(&mut self, users: impl IntoIterator<Item = DesiredUser>) {
        self.users = users.into_iter().map(|user| (user.address.to_string(), user)).collect();
    }

    /// Replaces all added tickets.
    pub fn set_added(&mut self, added: impl IntoIterator<Item = AddedTicket>) {
        self.added = added.into_iter().map(|ticket| (ticket.ticket, ticket)).collect();
    }

    /// SHA-256 over every entry in order.
    pub fn digest(&self) -> DesiredDigest {
        let mut hasher = Sha256::new();
        hasher.update((self.users.len() as u64).to_le_bytes());
        for (address, user) in &self.users {
            hasher.update((address.len() as u64).to_le_bytes());
            hasher.update(address.as_bytes());
            hasher.update(user.user.0.to_le_bytes());
            hasher.update(user.voting.bits.0.to_le_bytes());
            hasher.update(user.voting.version.0.to_le_bytes());
        }
        for ticket in self.added.values() {
            hasher.update(ticket.ticket.as_bytes());
            hasher.update(ticket.address.hash().0);
        }
        // Where there is none, the digest is that of versions which do not know them. So it is with all that follows.
        if !self.acknowledged.is_empty() {
            hasher.update(b"acknowledged");
            self.acknowledged.values().for_each(|address| hasher.update(address.hash().0));
        }
        if !self.scripts.is_empty() {
            hasher.update(b"scripts");
            self.scripts.keys().for_each(|script| hasher.update(script.0));
        }
        if !self.key_tickets.is_empty() {
            hasher.update(b"key tickets");
            for KeyTicket { ticket, key, voting } in self.key_tickets.values() {
                hasher.update(ticket.as_bytes());
                hasher.update(*key.to_bytes());
                hasher.update(voting.bits.0.to_le_bytes());
                hasher.update(voting.version.0.to_le_bytes());
            }
        }
        // The same of versions which do not know terms.
        if !self.terms.is_empty() {
            hasher.update(b"terms");
            for terms in self.terms.iter() {
                hasher.update(terms.from.0.to_le_bytes());
                hasher.update(terms.fee.percent().to_bits().to_le_bytes());
                hasher.update(terms.cold_wallet.to_string().as_bytes());
            }
        }
        if !self.withdrawn.is_empty() {
            hasher.update(b"withdrawn");
            self.withdrawn.iter().for_each(|ticket| hasher.update(ticket.as_bytes()));
        }
        if !self.fee_indexes.is_empty() {
            hasher.update(b"fee indexes");
            for (key, next) in self.fee_indexes.iter() {
                hasher.update(key.as_bytes());
                hasher.update(next.0.to_le_bytes());
            }
        }
        DesiredDigest(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{KeyIndex, Network, PoolKey, UserKey, VoteBits, VoteVersion};

    fn key(number: u8) -> Arc<PrivateKey> {
        Arc::new(PrivateKey::from_bytes(&[number; 32]).unwrap())
    }

    fn ticket(number: u8) -> KeyTicket {
        let voting = VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(11) };
        KeyTicket { ticket: TicketHash::from_bytes([number; 32]), key: key(number), voting }
    }

    fn user() -> DesiredUser {
        let address = ScriptAddress::new(Network::Simnet, Hash160([1; 20]));
        DesiredUser { user: UserId(1), address, voting: ticket(1).voting }
    }

    #[test]
    fn every_part_of_a_ticket_with_a_key_is_in_the_digest_and_the_order_is_not() {
        let digest = |tickets: Vec<KeyTicket>| DesiredState::new([user()], []).with_key_tickets(tickets).digest();
        let plain = DesiredState::new([user()], []).digest();
        assert_eq!(digest(Vec::new()), plain, "as that of a version that does not know such tickets");
        assert_eq!(digest(vec![ticket(1), ticket(2)]), digest(vec![ticket(2), ticket(1)]));
        let other_voting = VotingPreference { bits: VoteBits(5), ..ticket(1).voting };
        let variants = [
            Vec::new(),
            vec![ticket(1)],
            vec![ticket(2)],
            vec![KeyTicket { key: key(2), ..ticket(1) }],
            vec![KeyTicket { voting: other_voting, ..ticket(1) }],
        ];
        for (at, one) in variants.iter().enumerate() {
            for other in &variants[..at] {
                assert_ne!(digest(one.clone()), digest(other.clone()));
            }
        }
    }

    #[test]
    fn scripts_are_in_the_digest_and_need_no_order() {
        let script = |n: u8| RedeemScript::new(PoolKey(key(n).public_key()), UserKey(key(9).public_key()));
        let plain = DesiredState::new([user()], []);
        let with = |scripts: Vec<RedeemScript>| plain.clone().with_scripts(scripts).digest();
        assert_eq!(with(Vec::new()), plain.digest());
        assert_ne!(with(vec![script(1)]), plain.digest());
        assert_eq!(with(vec![script(1), script(2)]), with(vec![script(2), script(1)]));
    }

    #[test]
    fn what_is_withdrawn_and_how_far_fee_keys_gave_addresses_is_in_the_digest() {
        let plain = DesiredState::new([user()], []);
        let fee = |next| FeeIndexes::new([("key".to_owned(), KeyIndex(next))]);
        let variants = [
            plain.clone(),
            plain.clone().with_withdrawn([ticket(1).ticket]),
            plain.clone().with_withdrawn([ticket(2).ticket]),
            plain.clone().with_key_tickets([ticket(1)]),
            plain.clone().with_fee_indexes(fee(4)),
            plain.clone().with_fee_indexes(fee(5)),
        ];
        for (at, one) in variants.iter().enumerate() {
            for other in &variants[..at] {
                assert_ne!(one.digest(), other.digest());
            }
        }
        assert_eq!(plain.clone().with_withdrawn([]).with_fee_indexes(FeeIndexes::default()).digest(), plain.digest());
    }

    #[test]
    fn no_key_is_printed_or_serialized() {
        let state = DesiredState::new([user()], []).with_key_tickets([KeyTicket { key: key(7), ..ticket(3) }]);
        let (hex, numbers) = (hex::encode([7; 32]), format!("{:?}", [7_u8; 32]).trim_matches(['[', ']']).to_owned());
        let wif = key(7).to_wif(Network::Simnet);
        let json = serde_json::to_string(&state).unwrap();
        for shown in [format!("{state:?}"), json, format!("{:?}", key(7))] {
            assert!([&hex, &numbers, wif.expose()].iter().all(|secret| !shown.contains(*secret)), "{shown}");
        }
    }
}
