//! Users of the pool: who they are, what they registered and what they wish.

mod user;

pub use user::{Email, EmailError, EmailState, PasswordHashes, Registration, User, UserId, VotingPreference};
