//! Voting: following the lottery and casting the votes of the pool's winners.

mod audit;
mod ballots;
mod bits;
mod cast;
mod check;
mod commands;
mod engine;
mod follower;
mod journal;
mod local;
mod lookup;
mod lost_events;
mod lottery;
mod lottery_reports;
mod parts;
mod persist;
mod problems;
mod restore;
mod run;
pub mod snapshot;
mod stake_transaction;
mod standing;
mod tell;
mod ticket_sets;
mod votes;
mod wallet_watch;
mod wrong_bits;

pub use ballots::{Ballot, Ballots, Drawn};
pub use cast::{CastError, Caster};
pub use engine::{Engine, EngineError};
pub use journal::Journal;
pub use local::LocalDaemon;
pub use lottery::{Lottery, Winner, Winners};
pub use parts::EngineParts;
pub use run::{EVENTS_AHEAD, TaggedEvent};
pub use standing::MissingUser;
