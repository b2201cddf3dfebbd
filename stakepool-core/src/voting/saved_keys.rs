//! What votes are signed with, as it lies on disk beside the tickets.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use crate::accounts::VotingPreference;
use crate::chain::{PrivateKey, RedeemScript, TicketHash};
use crate::desired::{DesiredState, KeyTicket};

/// Most bytes of a ticket with its key: hash, key, bits, version and lengths.
const ENTRY: usize = 96;

/// The users' scripts.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct SavedScripts(Vec<Vec<u8>>);

impl SavedScripts {
    pub(super) fn of(desired: &DesiredState) -> Self {
        Self(desired.scripts().map(RedeemScript::to_bytes).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scripts. The checksum of the file says that they are what was written.
    pub(super) fn restore(self) -> impl Iterator<Item = RedeemScript> {
        self.0.into_iter().filter_map(|script| RedeemScript::from_bytes(&script).ok())
    }
}

/// The tickets that vote by a key of their own.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct SavedKeys(Vec<(TicketHash, SavedKey, VotingPreference)>);

impl SavedKeys {
    pub(super) fn of<'a>(tickets: impl Iterator<Item = &'a KeyTicket>) -> Self {
        let entry = |entry: &KeyTicket| (entry.ticket, SavedKey(Arc::clone(&entry.key)), entry.voting);
        Self(tickets.map(entry).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Most bytes that they take.
    pub(super) fn most_bytes(&self) -> usize {
        if self.is_empty() { 0 } else { ENTRY + self.0.len() * ENTRY }
    }

    pub(super) fn restore(self) -> impl Iterator<Item = KeyTicket> {
        self.0.into_iter().map(|(ticket, SavedKey(key), voting)| KeyTicket { ticket, key, voting })
    }
}

struct SavedKey(Arc<PrivateKey>);

impl Serialize for SavedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SavedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Zeroizing::new(<[u8; 32]>::deserialize(deserializer)?);
        PrivateKey::from_bytes(&bytes).map(|key| Self(Arc::new(key))).map_err(de::Error::custom)
    }
}
