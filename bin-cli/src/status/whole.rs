//! How the pool as a whole is shown.

use serde::Serialize;
use stakepool::status::{Overall, PoolStatus};

use crate::answer::Answer;

/// How the pool is as a whole.
#[derive(Serialize)]
pub(super) struct Whole<'a> {
    pool: Overall,
    height: Option<u32>,
    /// Why it cannot serve, if it cannot.
    failures: &'a [String],
    /// All that is wrong with a wallet or a daemon, each with its name.
    problems: &'a [String],
    /// What should be looked at in the configuration.
    warnings: &'a [String],
}

impl<'a> From<&'a PoolStatus> for Whole<'a> {
    fn from(status: &'a PoolStatus) -> Self {
        let PoolStatus { state, height, failures, problems, warnings, .. } = status;
        Self { pool: *state, height: *height, failures, problems, warnings }
    }
}

impl Answer for Whole<'_> {
    /// Without the problems: people read each where its wallet or daemon is shown.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let state = match self.pool {
            Overall::Ok => "all is well",
            Overall::Degraded => "serves, but something should be looked at",
            Overall::Down => "cannot serve",
        };
        let mut fields = vec![("pool", state.to_owned())];
        fields.extend(self.height.map(|height| ("height", height.to_string())));
        fields.extend(self.failures.iter().map(|failure| ("failure", failure.clone())));
        fields.extend(self.warnings.iter().map(|warning| ("warning", warning.clone())));
        fields
    }
}
