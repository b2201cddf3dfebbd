//! Metrics and health of a program, served on a listener of their own, off the public one.
//!
//! `/healthz` says that the process answers, `/readyz` whether it can do its work (503 with the reasons where not),
//! `/metrics` its figures in Prometheus' text format. Nothing secret is shown, yet the listener belongs on a private
//! address: anyone who reaches it sees how the pool is doing.
//!
//! ```
//! use std::sync::Arc;
//! use stakepool_process::monitor::{Exposition, Kind, Monitored, bind, serve};
//!
//! struct Voter;
//!
//! #[async_trait::async_trait]
//! impl Monitored for Voter {
//!     async fn readiness(&self) -> Result<(), Vec<String>> {
//!         Err(vec!["the wallet is locked".to_owned()])
//!     }
//!
//!     async fn metrics(&self, to: &mut Exposition) {
//!         to.single("voter_votes_total", Kind::Counter, "Votes since the start.", 7);
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let listener = bind(&["127.0.0.1:0".to_owned()]).await?;
//! // Ends when the task is aborted.
//! let serving = tokio::spawn(serve(listener, Arc::new(Voter)));
//! # serving.abort();
//! # Ok(())
//! # }
//! ```

mod calls;
mod exposition;
mod histogram;
mod host;
mod monitored;
mod server;
mod votes;

pub use calls::{CallsOf, write_calls};
pub use exposition::{Exposition, Kind};
pub use histogram::Histogram;
pub use host::has_one_host;
pub use monitored::Monitored;
pub use server::{bind, serve};
pub use votes::VoteFigures;
