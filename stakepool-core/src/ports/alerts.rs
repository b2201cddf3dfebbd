//! Ways to alert the operator.

use async_trait::async_trait;

use crate::alert::Alert;

/// Why an alert was not sent; it is sent again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operator cannot be alerted by {way}: {reason}")]
pub struct AlertError {
    /// The way.
    pub way: &'static str,
    /// What happened.
    pub reason: String,
}

/// One way to alert the operator.
#[async_trait]
pub trait AlertSink: Send + Sync {
    /// The way, for people: `webhook`, `mail`.
    fn way(&self) -> &'static str;

    /// Sends some alerts at once.
    async fn send(&self, alerts: &[Alert]) -> Result<(), AlertError>;
}

/// Tells a watcher elsewhere, again and again, that the pool is watched: where that stops, the watcher alerts the operator.
#[async_trait]
pub trait Heartbeat: Send + Sync {
    /// Gives one sign of life.
    async fn beat(&self) -> Result<(), AlertError>;
}
