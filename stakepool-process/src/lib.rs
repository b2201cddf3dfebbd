//! The life of an EXCC stake pool's process around its work.
//!
//! - [`program`] (feature `program`): where it logs, how it is stopped, how many files it may open, on which addresses
//!   it listens, and with what it exits.
//! - [`monitor`] (feature `monitor`): its metrics and health, on a listener of their own.
//!
//! Both features are on by default. A program with a configuration and logs of its own takes `monitor` alone.

#[cfg(feature = "monitor")]
pub mod monitor;
#[cfg(feature = "program")]
pub mod program;

#[cfg(feature = "program")]
pub use program::{ProgramConfig, ready, run, until_signal, usable_addresses};
