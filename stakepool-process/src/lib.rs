//! What the pool's programs have in common around their work: where they log, how they are stopped, how much they may
//! open, on which addresses they listen, and with what they exit.

mod file_limit;
mod listen;
mod logging;
mod run;
mod service;
mod signals;

pub use listen::usable_addresses;
pub use run::{Common, run};
pub use service::ready;
pub use signals::until_signal;
