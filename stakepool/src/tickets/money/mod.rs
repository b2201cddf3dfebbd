//! The money of a user: what votes earned, what is locked, and what comes back when.

mod cache;
mod fold;
mod statement;
mod year;

pub(crate) use cache::MoneyCache;
pub use fold::{ComesBack, Earned, Money};
pub use statement::{EventKind, MoneyEvent, events};
pub use year::Year;
