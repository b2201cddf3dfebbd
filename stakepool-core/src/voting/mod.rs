//! Voting: what daemons are told, what they report, and how votes are cast.

mod ballots;
mod board;
mod cast;
mod desk;
mod engine;
mod follower;
mod journal;
mod keep;
mod pool;
mod report;
pub mod saved;
mod stake_transaction;
mod wanted;

pub use ballots::{Ballot, Ballots, Drawn};
pub use cast::{CastError, Caster};
pub use engine::{Engine, EngineError, EngineParts, TaggedEvent};
pub use journal::Journal;
pub use pool::{PoolState, Winner, Winners};
pub use report::{
    DaemonEvent, DaemonEventKind, TicketReport, TicketState, UnixMillis, VoteOutcome, VoteRecord, VoteTimings,
};
pub use wanted::{AddedTicket, WantedDigest, WantedState, WantedUser};
