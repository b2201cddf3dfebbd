//! Limits of tries, by account, client and browser; and the queue of those whose passwords are hashed.

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
