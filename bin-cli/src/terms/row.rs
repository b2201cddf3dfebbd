//! Terms as they are shown.

use serde::Serialize;
use stakepool::{NotedTerms, TermsOrigin};
use stakepool_core::chain::{BlockHeight, Generation, Network};
use stakepool_core::ports::StoreError;
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::error::CliError;
use crate::pool::OpenPool;

/// Whether terms count now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    /// Others came after them.
    Past,
    /// Tickets of the next block are judged by them.
    InForce,
    /// Their block is to come.
    ToCome,
}

/// Terms, and when they hold.
#[derive(Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    noted: NotedTerms,
    state: Option<When>,
    /// About when their block comes, where that is to come.
    expected: Option<UnixTime>,
}

impl Row {
    /// With the block that comes next, where it is known, and the time of now.
    pub(super) fn of(noted: NotedTerms, state: Option<When>, expected: Option<UnixTime>) -> Self {
        Self { noted, state, expected }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let state = match self.state {
            None => "not known: no wallet or daemon says a height",
            Some(When::Past) => "past",
            Some(When::InForce) => "in force",
            Some(When::ToCome) => "to come",
        };
        let origin = match self.noted.origin {
            TermsOrigin::First => "first",
            TermsOrigin::Configuration => "configuration",
            TermsOrigin::Announced => "announced",
            _ => "another version's",
        };
        let about = self.expected.map_or_else(|| "-".to_owned(), UnixTime::readable);
        vec![
            ("from block", self.noted.terms.from.to_string()),
            ("about", about),
            ("state", state.to_owned()),
            ("fee", format!("{} %", self.noted.terms.fee)),
            ("cold wallet", self.noted.terms.cold_wallet.to_string()),
            ("origin", origin.to_owned()),
            ("noted", format!("{} by {}", self.noted.at.readable(), self.noted.by)),
        ]
    }
}

/// When a block is to be expected, with the best one at `now`.
pub(super) fn expected(network: Network, block: BlockHeight, tip: BlockHeight, now: UnixTime) -> UnixTime {
    let spacing = network.params(Generation::Today).target_time_per_block;
    now.plus(spacing.saturating_mul(block.0.saturating_sub(tip.0)))
}

/// The best height, by the wallets and daemons of a pool.
pub(super) fn best_height(open: &OpenPool) -> Result<BlockHeight, CliError> {
    let height = open.wait(open.pool.read_terms()).map_err(|error: StoreError| CliError::from(error))?;
    height.ok_or_else(|| {
        CliError::NotWell(
            "no wallet and no voting daemon says at which block the chain is: start one, or look at `stakepoolctl status`".to_owned(),
        )
    })
}
