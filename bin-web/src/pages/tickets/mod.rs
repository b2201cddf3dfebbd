//! A user's tickets, read from the pool's own ledger: what they are worth, lists of them, how to buy, and what to keep.

mod backup;
mod buy;
mod buying;
pub mod download;
mod filter;
mod heads;
pub mod income;
mod list;
mod listing;
mod overview;
mod owner;
mod row;
pub mod ticket;
mod tip;

pub use self::backup::show as backup;
pub use self::buy::show as buy;
pub use self::buying::Buying;
pub use self::filter::Choice;
pub use self::listing::show as list;
pub use self::tip::tip;

use crate::visit::{Outcome, Visit};

/// Shows the overview, or a list where an address of before asks for one.
pub async fn show(visit: Visit) -> Outcome {
    let asks_for_a_list = ["show", "q", "sort", "age", "page"].iter().any(|field| visit.form.get(field).is_some());
    if asks_for_a_list { listing::show(visit).await } else { overview::show(visit).await }
}
