//! What the predecessor's server for wallets of today (vspd) keeps in its database, of every version that there was: of the
//! coin's own fork and of Decred's.
//!
//! | version | what is new |
//! | --- | --- |
//! | 1 | a ticket is a JSON object under its hash |
//! | 2 | a fee that is confirmed is kept without its transaction |
//! | 3 | a ticket is a bucket with a value for each field |
//! | 4 | alternate addresses to sign with |
//! | 5 | several fee keys, of which all but the last are retired |

mod database;
mod error;
mod fee_keys;
mod record;
mod row;
mod row_of_json;
mod row_of_values;
mod ticket;

pub use database::{Unreadable, VspdDatabase};
pub use error::VspdError;
pub use fee_keys::VspdFeeKey;
pub use ticket::VspdTicket;
