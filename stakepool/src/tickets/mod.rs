//! What users and administrators learn of tickets, and do with them.

pub mod block_facts;
mod fee_income;
pub mod holdings;
pub mod life;
pub mod low_fee;
pub(crate) mod mailer;
pub(crate) mod mails;
mod missed;
mod missed_tickets;
pub mod money;
mod reward;
mod tally;
mod vote_times;

pub use fee_income::{FeeSum, FeesByMonth, MonthFees};
pub(crate) use missed::ALL_RECORDS;
pub use missed::{Cause, millis};
pub use missed_tickets::{MissedTicket, MissedTickets};
pub use reward::{Reward, reward};
pub use tally::Tally;
pub use vote_times::VoteTimes;
