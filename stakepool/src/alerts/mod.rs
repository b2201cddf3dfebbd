//! What the operator learns without asking: troubles are found, compared with those that are known, and sent by every
//! channel.

mod administrators;
mod book;
mod channel;
#[cfg(feature = "webhook")]
mod endpoint;
mod leadership;
mod pulse;
#[cfg(test)]
mod scene;
mod since;
mod test_run;
mod troubles;
pub(crate) mod watch;
#[cfg(test)]
mod watch_tests;
#[cfg(feature = "webhook")]
mod webhook;
mod wording;

pub use crate::status::Trouble;
pub use book::{AlertBook, REMEMBER_EVENTS, REPEAT, SETTLE};
#[cfg(feature = "webhook")]
pub use endpoint::WebhookError;
pub use test_run::ChannelTest;
#[cfg(feature = "webhook")]
pub use webhook::{Ping, Webhook};
