//! Reads files of bbolt, the database of the predecessor's server for wallets of today. Nothing is ever written.
//!
//! A file is pages: two heads, of which the later valid one counts, and trees of pages, one for each bucket. Small buckets lie
//! within the leaf that names them. Every offset is checked against the file, and a page is read once in a tree, so that no bytes
//! can make the reader panic or go in circles.

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
