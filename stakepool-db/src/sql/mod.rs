//! Statements, rows and transactions for all engines.
//!
//! The stores are written once, in statements that every engine understands. Where the engines differ in a word, the
//! statement names it and `Dialect` puts in the engine's own; where they differ in more than a word, the stores do
//! without. What is bound, read and thrown goes through types of this module, so that no store knows which engine it has.

mod dialect;
mod failure;
mod fields;
mod giving_up;
mod guarded;
mod row;
mod statement;
mod transaction;
mod turn;
mod value;

pub(crate) use failure::{Failure, number, within};
pub(crate) use fields::{Fields, limit};
pub(crate) use giving_up::{GiveUp, GivenUp, may_be_given_up};
pub(crate) use guarded::Guarded;
pub(crate) use row::Row;
pub(crate) use statement::{Statement, sql};
pub(crate) use transaction::Transaction;
pub(crate) use turn::Turn;
pub(crate) use value::Value;
