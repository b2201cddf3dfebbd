//! Invitations: codes with which an account may be made.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Listed, Slice, StoreError};
use crate::time::UnixTime;

/// The number of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InvitationId(pub i64);

impl fmt::Display for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An invitation to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInvitation {
    /// The hash of its code. The code itself is stored nowhere.
    pub code_hash: [u8; 32],
    /// Who made it, by the name of an [`Actor`](crate::accounts::Actor).
    pub made_by: String,
    /// For whom it is, for people.
    pub note: String,
    /// How many accounts may be made with it.
    pub uses: u32,
    /// Now.
    pub created: UnixTime,
    /// When it ends.
    pub expires: UnixTime,
}

/// An invitation, without its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invitation {
    /// Its number.
    pub id: InvitationId,
    /// Who made it.
    pub made_by: String,
    /// For whom it is, for people.
    pub note: String,
    /// How many accounts may be made with it.
    pub uses: u32,
    /// How many were made.
    pub used: u32,
    /// When it was made.
    pub created: UnixTime,
    /// When it ends.
    pub expires: UnixTime,
    /// When an administrator ended it.
    pub revoked: Option<UnixTime>,
}

impl Invitation {
    /// Whether an account may be made with it.
    pub fn is_open(&self, now: UnixTime) -> bool {
        self.revoked.is_none() && self.used < self.uses && self.expires > now
    }
}

/// The invitations.
#[async_trait]
pub trait InvitationStore: Send + Sync {
    /// Adds an invitation under a number that none ever had.
    async fn add_invitation(&self, invitation: &NewInvitation) -> Result<InvitationId, StoreError>;

    /// Invitations, the latest first, also those that have ended.
    async fn invitations(&self, slice: Slice) -> Result<Listed<Invitation>, StoreError>;

    /// Ends an invitation. True where it was open.
    async fn revoke_invitation(&self, id: InvitationId, now: UnixTime) -> Result<bool, StoreError>;

    /// The open invitation of a code, by the code's hash.
    async fn open_invitation(&self, code_hash: &[u8; 32], now: UnixTime) -> Result<Option<InvitationId>, StoreError>;

    /// Uses an open invitation once. `None` where no such invitation is open: of many uses at the same moment, no more
    /// succeed than it has.
    async fn use_invitation(&self, code_hash: &[u8; 32], now: UnixTime) -> Result<Option<InvitationId>, StoreError>;

    /// Takes a use back that came to nothing.
    async fn return_invitation(&self, id: InvitationId) -> Result<(), StoreError>;
}
