//! A program from its command line to its exit code: logs, signals, limits, addresses, and the service manager.

mod file_limit;
mod listen;
mod logging;
mod run;
mod service;
mod signals;

pub use listen::{NoAddress, usable_address, usable_addresses};
pub use run::{ProgramConfig, run};
pub use service::ready;
pub use signals::{until_signal, until_signal_without_reload};
