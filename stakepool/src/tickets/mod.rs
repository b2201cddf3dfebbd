//! What users and administrators learn of tickets, and do with them.

pub mod holdings;
pub mod life;
pub mod low_fee;
pub(crate) mod mailer;
pub(crate) mod mails;
mod missed;
mod missed_tickets;
mod reward;
mod tally;
mod vote_times;

pub(crate) use missed::ALL_RECORDS;
pub use missed::{Cause, millis};
pub use missed_tickets::{MissedTicket, MissedTickets};
pub use reward::{Earnings, reward};
pub use tally::Tally;
pub use vote_times::VoteTimes;
