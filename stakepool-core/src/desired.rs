//! The desired state: what every voting daemon should have.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::accounts::{UserId, VotingPreference};
use crate::chain::{ScriptAddress, TicketHash};

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

/// All users and added tickets, and which addresses without a user are known and wanted. Kept sorted, so that equal contents
/// have equal digests.
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Lists", into = "Lists")]
pub struct DesiredState {
    users: BTreeMap<String, DesiredUser>,
    added: BTreeMap<TicketHash, AddedTicket>,
    acknowledged: BTreeMap<String, ScriptAddress>,
}

#[derive(Serialize, Deserialize)]
struct Lists {
    users: Vec<DesiredUser>,
    added: Vec<AddedTicket>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acknowledged: Vec<ScriptAddress>,
}

impl From<Lists> for DesiredState {
    fn from(lists: Lists) -> Self {
        Self::new(lists.users, lists.added).with_acknowledged(lists.acknowledged)
    }
}

impl From<DesiredState> for Lists {
    fn from(state: DesiredState) -> Self {
        Self {
            users: state.users.into_values().collect(),
            added: state.added.into_values().collect(),
            acknowledged: state.acknowledged.into_values().collect(),
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
            acknowledged: BTreeMap::new(),
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
        // Where there is none, the digest is that of versions which do not know acknowledgements.
        if !self.acknowledged.is_empty() {
            hasher.update(b"acknowledged");
            self.acknowledged.values().for_each(|address| hasher.update(address.hash().0));
        }
        DesiredDigest(hasher.finalize().into())
    }
}
