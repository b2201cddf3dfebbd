//! The voting daemon: hears from exccd which tickets won, has exccwallet sign their votes and sends them.
//!
//! [`run`] is the whole program; the binary only reads its configuration. Embedders give [`DaemonOptions`] and end it
//! with a future of their own.

mod backend;
mod config;
mod error;
mod identity;
mod monitor;
mod options;
mod peers;
mod run;
mod state_file;

pub use config::{ResolveError, main_with_arguments, options_from_config};
pub use error::RunError;
pub use options::DaemonOptions;
pub use run::run;
pub use state_file::DiskStateFile;
