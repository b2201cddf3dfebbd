//! Numbers of transactions, so that one whose answer was lost is not done twice.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a transaction, the same at each of its tries.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    id: String,
    number: u64,
}

impl Operation {
    /// Whether it is one in so many.
    pub(super) fn is_one_in(&self, many: u32) -> bool {
        self.number.is_multiple_of(u64::from(many))
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

/// Gives the numbers of one process.
#[derive(Debug)]
pub(super) struct Operations {
    /// A name of this process that the server made up; no other has it.
    process: String,
    last: AtomicU64,
}

impl Operations {
    pub(super) const fn of(process: String) -> Self {
        Self { process, last: AtomicU64::new(0) }
    }

    pub(super) fn next(&self) -> Operation {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        Operation { id: format!("{}-{number}", self.process), number }
    }
}
