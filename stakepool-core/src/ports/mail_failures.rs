//! Whom mail did not reach.

use async_trait::async_trait;

use super::StoreError;
use crate::accounts::UserId;
use crate::time::UnixTime;

/// Mail to a user that is not sent any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFailure {
    /// To whom. The address is not kept: it may change.
    pub user: UserId,
    /// When it was given up.
    pub at: UnixTime,
    /// Why.
    pub reason: String,
}

/// Most users who are kept as not reached; beyond it the oldest failures are forgotten. Strangers may give any address.
pub const MOST_MAIL_FAILURES: u64 = 1000;

/// Users whose last mail was given up.
#[async_trait]
pub trait MailFailureStore: Send + Sync {
    /// Notes a failure, in the place of the user's one before. Of more than [`MOST_MAIL_FAILURES`] users the oldest go.
    async fn mail_failed(&self, failure: &MailFailure) -> Result<(), StoreError>;

    /// Notes that a mail reached a user: there is no failure any more.
    async fn mail_arrived(&self, user: UserId) -> Result<(), StoreError>;

    /// The failures that happened after a moment, the latest first.
    async fn mail_failures(&self, after: UnixTime) -> Result<Vec<MailFailure>, StoreError>;
}
