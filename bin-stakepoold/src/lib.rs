//! The voting daemon: hears from exccd which tickets won, has exccwallet sign their votes and sends them.
//!
//! [`run`] is the whole program; the binary only reads its configuration. Embedders give [`DaemonOptions`] and end it
//! with a future of their own.

mod certificates;
mod check;
mod config;
mod error;
mod monitor;
mod options;
mod run;

pub use config::{ResolveError, main_with_arguments, options_from_config};
pub use error::StakepooldError;
pub use options::DaemonOptions;
pub use run::{run, run_renewed};
