//! Voting: following the lottery and casting the votes of the pool's winners.

mod ballots;
mod cast;
mod check;
mod commands;
mod engine;
mod follower;
mod journal;
mod local;
mod lookup;
mod lottery;
mod parts;
mod persist;
mod problems;
mod restore;
mod run;
pub mod snapshot;
mod stake_transaction;
mod votes;
mod wallet_watch;

pub use ballots::{Ballot, Ballots, Drawn};
pub use cast::{CastError, Caster};
pub use engine::{Engine, EngineError};
pub use journal::Journal;
pub use local::LocalDaemon;
pub use lottery::{Lottery, Winner, Winners};
pub use parts::EngineParts;
pub use run::TaggedEvent;
