//! Reads files of bbolt, the database of the predecessor's server for wallets of today. Nothing is ever written.
//!
//! A file is pages: two heads, of which the later valid one counts, and trees of pages, one for each bucket. Small buckets lie
//! within the leaf that names them. Every offset is checked against the file, a page is read once in a tree, elements of a leaf do not
//! lie over each other, and all that is read is at most some times as much as the file holds: no bytes can make the reader panic,
//! go in circles, or take much memory.

mod bucket;
mod database;
mod error;
mod fields;
mod head;
mod page;
mod source;

pub use bucket::{Bucket, Entry};
pub use database::Bolt;
pub use error::BoltError;
