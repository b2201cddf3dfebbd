//! The life of an EXCC stake pool's process around its work.
//!
//! - [`program`] (feature `program`): where it logs, how it is stopped, how many files it may open, on which addresses
//!   it listens, and with what it exits.
//! - [`monitor`] (feature `monitor`): its metrics and health, on a listener of their own.
//!
//! Both features are on by default. A program with a configuration and logs of its own takes `monitor` alone. With
//! `program`, a whole `main` is:
//!
//! ```no_run
//! # #[cfg(feature = "program")]
//! #[tokio::main]
//! async fn main() -> std::process::ExitCode {
//!     use stakepool_config::{DaemonConfig, load_daemon};
//!     use stakepool_process::{ready, run, until_signal};
//!
//!     let variable = |name: &str| std::env::var(name).ok();
//!     let asked = load_daemon(std::env::args_os().skip(1), &variable, &|path| std::fs::read_to_string(path));
//!     let work = async |config: DaemonConfig| -> Result<(), std::io::Error> {
//!         tracing::info!(network = %config.network, "started");
//!         ready();
//!         until_signal().await;
//!         Ok(())
//!     };
//!     run("my-voter", "my-voter 1.0", asked, work).await
//! }
//! # #[cfg(not(feature = "program"))]
//! # fn main() {}
//! ```

/// The README's example is compiled with the tests.
#[cfg(all(doctest, feature = "program"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "monitor")]
pub mod monitor;
#[cfg(feature = "program")]
pub mod program;

#[cfg(feature = "program")]
pub use program::{NoAddress, ProgramConfig, ready, run, until_signal, usable_address, usable_addresses};
