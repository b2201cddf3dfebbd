//! Voting: what daemons are told, what they report, and how votes are cast.

mod report;
mod wanted;

pub use report::{
    DaemonEvent, DaemonEventKind, TicketReport, TicketState, UnixMillis, VoteOutcome, VoteRecord, VoteTimings,
};
pub use wanted::{AddedTicket, WantedDigest, WantedState, WantedUser};
