//! Taking over from the predecessor's server (vspd): its key, its fee keys, its tickets and what was signed for them.
//!
//! An [`Import`] looks ([`Import::look`], which changes nothing), or looks and then writes ([`Import::carry_out`]). What is in the pool's
//! database already stays as it is, so that the same file can be imported again, also after one that was cut off.

mod candidate;
mod ends;
mod error;
mod keys;
mod plan;
mod progress;
mod records;
mod report;
mod search;
mod service;
mod turn;
mod write;
mod written;

pub use error::ImportError;
pub use keys::{FeeKeyStep, ServerKeyStep};
pub use progress::ImportProgress;
pub use report::{ImportNote, ImportReport, NoteKind, StateCount, StateCounts};
pub use service::Import;
