//! A program from its command line to its exit code: logs, signals, limits, addresses, and the service manager.

mod check;
mod config;
mod file_limit;
mod journal;
mod listen;
mod log_file;
mod logging;
mod panics;
mod permissions;
mod reload;
mod run;
mod service;
mod signals;

pub use check::{Found, check_config};
pub use config::ProgramConfig;
pub use listen::{NoAddress, usable_address, usable_addresses};
pub use panics::isolated;
pub use reload::Reloads;
pub use run::run;
pub use service::ready;
pub use signals::until_signal;
