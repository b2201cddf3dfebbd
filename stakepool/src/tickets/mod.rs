//! What users and administrators learn of tickets, and do with them.

pub mod low_fee;
pub(crate) mod mailer;
pub(crate) mod mails;
mod missed;
mod tally;

pub(crate) use missed::ALL_RECORDS;
pub use missed::{Cause, millis};
pub use tally::Tally;
