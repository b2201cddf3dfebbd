//! How much was written.

use super::candidate::Candidate;
use super::plan::Plan;

/// How much was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) tickets: usize,
    pub(super) records: usize,
}

impl Written {
    /// All of a plan.
    pub(super) fn all(plan: &Plan) -> Self {
        let mut all = Self::default();
        plan.new.iter().for_each(|candidate| all.count(candidate));
        all
    }

    pub(super) fn count(&mut self, candidate: &Candidate) {
        self.tickets += 1;
        self.records += candidate.records.len();
    }
}
