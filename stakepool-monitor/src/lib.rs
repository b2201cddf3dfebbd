//! Metrics and health of the pool's programs, served on a listener of their own, off the public one.
//!
//! `/healthz` says that the process answers, `/readyz` whether it can do its work (503 with the reasons where not),
//! `/metrics` its figures in Prometheus' text format. Nothing secret is told, yet the listener belongs on a private
//! address: whoever reaches it sees how the pool is doing.

mod calls;
mod exposition;
mod histogram;
mod server;
mod votes;

pub use calls::{CallsOf, write_calls};
pub use exposition::{Exposition, Kind};
pub use histogram::Histogram;
pub use server::{bind, serve};
pub use votes::VoteFigures;

use async_trait::async_trait;

/// A program that can be looked at.
#[async_trait]
pub trait Monitored: Send + Sync + 'static {
    /// Whether the program can do its work.
    ///
    /// # Errors
    /// What keeps it from that, a line each, for people.
    async fn readiness(&self) -> Result<(), Vec<String>>;

    /// Writes the program's figures.
    async fn metrics(&self, to: &mut Exposition);
}
