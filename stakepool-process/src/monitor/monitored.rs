//! What a program must offer to be monitored.

use async_trait::async_trait;

use super::exposition::Exposition;

/// A program with metrics and health.
#[async_trait]
pub trait Monitored: Send + Sync + 'static {
    /// Whether the program can do its work.
    ///
    /// # Errors
    /// What keeps it from that: a sentence for the operator each, without a line end.
    async fn readiness(&self) -> Result<(), Vec<String>>;

    /// Writes the program's figures.
    async fn metrics(&self, to: &mut Exposition);
}
