//! Voting: what daemons are told, what they report, and how votes are cast.

mod ballots;
mod cast;
mod commands;
mod engine;
mod follower;
mod journal;
mod lottery;
mod persist;
mod problems;
pub mod snapshot;
mod stake_transaction;

pub use ballots::{Ballot, Ballots, Drawn};
pub use cast::{CastError, Caster};
pub use engine::{Engine, EngineError, EngineParts, TaggedEvent};
pub use journal::Journal;
pub use lottery::{Lottery, Winner, Winners};
