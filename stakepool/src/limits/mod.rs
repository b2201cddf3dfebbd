//! Rate limits: tries counted by account, client and browser; and the queue of those whose passwords are hashed.
//!
//! The numbers are [`TryLimits`], fixed in code. What an instance counts is shared with the others by
//! `accounts/shared_tries.rs`; tries of second factors are counted in `accounts/factor_tries.rs`.

mod counters;
pub(crate) mod key_networks;
pub(crate) mod known_browsers;
pub(crate) mod origin;
pub(crate) mod password_queue;
pub(crate) mod subject;
pub(crate) mod tries;
pub(crate) mod wait;
#[cfg(feature = "vsp")]
pub(crate) mod wallets_of_today;

pub use known_browsers::{KnownBrowser, KnownBrowsers};
pub use origin::{ClientAddress, Origin};
pub use tries::TryLimits;
pub use wait::MustWait;
