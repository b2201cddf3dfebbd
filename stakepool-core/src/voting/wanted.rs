//! The state that the web wants every daemon to have.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::accounts::{UserId, VotingPreference};
use crate::chain::{ScriptAddress, TicketHash};
use crate::ports::{LowFeeStore, StoreError, UserStore};
use crate::time::UnixTime;

/// A registered user as a daemon must know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedUser {
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

/// All users and added tickets. Kept sorted, so that equal contents have equal digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Lists", into = "Lists")]
pub struct WantedState {
    users: BTreeMap<String, WantedUser>,
    added: BTreeMap<TicketHash, AddedTicket>,
}

#[derive(Serialize, Deserialize)]
struct Lists {
    users: Vec<WantedUser>,
    added: Vec<AddedTicket>,
}

impl From<Lists> for WantedState {
    fn from(lists: Lists) -> Self {
        Self::new(lists.users, lists.added)
    }
}

impl From<WantedState> for Lists {
    fn from(state: WantedState) -> Self {
        Self { users: state.users.into_values().collect(), added: state.added.into_values().collect() }
    }
}

/// Names a [`WantedState`] by its content, so that any number of web instances agree without a counter.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WantedDigest(pub [u8; 32]);

impl fmt::Debug for WantedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WantedDigest({self})")
    }
}

impl fmt::Display for WantedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl WantedState {
    /// The state with these users and tickets; of two entries with one address or hash the later counts.
    pub fn new(users: impl IntoIterator<Item = WantedUser>, added: impl IntoIterator<Item = AddedTicket>) -> Self {
        Self {
            users: users.into_iter().map(|user| (user.address.to_string(), user)).collect(),
            added: added.into_iter().map(|ticket| (ticket.ticket, ticket)).collect(),
        }
    }

    /// What every daemon should have at the moment `now`: all users with an address, and the added tickets that may still
    /// vote. The web and the command line both ask here, so that daemons hear the same from either.
    ///
    /// # Errors
    /// [`StoreError`] where a store fails.
    pub async fn from_stores(
        users: &dyn UserStore,
        low_fee: &dyn LowFeeStore,
        now: UnixTime,
    ) -> Result<Self, StoreError> {
        let (users, added) = tokio::try_join!(users.registered(), low_fee.active(now))?;
        let users = users.into_iter().filter_map(|user| {
            let address = user.registration?.address;
            Some(WantedUser { user: user.id, address, voting: user.voting })
        });
        let added = added.into_iter().map(|ticket| AddedTicket { ticket: ticket.ticket, address: ticket.address });
        Ok(Self::new(users, added))
    }

    /// The users, by address.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &WantedUser> {
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

    /// Replaces all users.
    pub fn set_users(&mut self, users: impl IntoIterator<Item = WantedUser>) {
        self.users = users.into_iter().map(|user| (user.address.to_string(), user)).collect();
    }

    /// Replaces all added tickets.
    pub fn set_added(&mut self, added: impl IntoIterator<Item = AddedTicket>) {
        self.added = added.into_iter().map(|ticket| (ticket.ticket, ticket)).collect();
    }

    /// SHA-256 over every entry in order.
    pub fn digest(&self) -> WantedDigest {
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
        WantedDigest(hasher.finalize().into())
    }
}
