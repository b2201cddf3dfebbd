//! The tables on a server: how they come up to date.
//!
//! A server takes no table back with a transaction, so there are steps instead. Each does only what is not done yet, is
//! then marked, and can be done twice, or by two programs at once, without harm. A program that is killed between any two
//! statements leaves what the next start goes on from. One program at a time works, by a lease.

mod expected;
mod indexes;
mod inspect;
mod lease;
mod next_number;
mod predecessor;
mod run;
mod steps;
mod tables;

pub(super) use self::expected::{may_have_more_rights, missing_rights};
pub(crate) use self::indexes::{drop_indexes, make_indexes, unindexed};
pub(super) use self::inspect::{tables, unknown_steps};
pub(super) use self::run::{bring_up_to_date, check, known, refuse_unready};
pub(crate) use self::tables::layouts;
