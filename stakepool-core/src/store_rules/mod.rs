//! What every store must decide alike, whatever it stores in: which of two reports counts, what two changes of a user at
//! one moment come to, until when a lease can last, how tries are counted, and when two e-mail addresses are the same.

mod leases;
mod ledger;
mod tries;
mod users;

pub use leases::latest_lease;
pub use ledger::{LedgerTicket, merge_ticket, replaces_vote, with_block_facts};
pub use tries::counted_try;
pub use users::{email_key, merge_user};
