//! Ways to tell the operator.

use async_trait::async_trait;

use crate::alert::Alert;

/// Why an alert was not told; it is told again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operator cannot be told by {way}: {reason}")]
pub struct AlertError {
    /// The way.
    pub way: &'static str,
    /// What happened.
    pub reason: String,
}

/// One way to tell the operator of troubles.
#[async_trait]
pub trait AlertSink: Send + Sync {
    /// The way, for people: `webhook`, `mail`.
    fn way(&self) -> &'static str;

    /// Tells of some alerts at once.
    async fn tell(&self, alerts: &[Alert]) -> Result<(), AlertError>;
}
