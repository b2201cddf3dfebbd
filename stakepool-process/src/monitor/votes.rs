//! Figures of votes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stakepool_core::chain::AddressKind;
use stakepool_core::reports::{VoteOutcome, VoteRecord, VoteTimings};

use super::exposition::{Exposition, Kind};
use super::histogram::Histogram;

/// Upper bounds for the time of a vote.
const BOUNDS: &[Duration] = &[
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
];

/// Upper bounds for the daemon's own time in a vote that needs no wallet.
const OWN_BOUNDS: &[Duration] = &[
    Duration::from_micros(100),
    Duration::from_micros(200),
    Duration::from_micros(400),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(500),
];

const OUTCOMES: [&str; 4] = ["sent", "already_known", "rival_vote", "failed"];

/// Counts votes by outcome, and how long those took that were cast.
#[derive(Debug)]
pub struct VoteFigures {
    outcomes: [AtomicU64; OUTCOMES.len()],
    times: Histogram,
    /// The own time in votes by keys of their own: without the node's.
    own_times: Histogram,
}

impl Default for VoteFigures {
    fn default() -> Self {
        Self { outcomes: Default::default(), times: Histogram::new(BOUNDS), own_times: Histogram::new(OWN_BOUNDS) }
    }
}

impl VoteFigures {
    /// Counts a vote.
    pub fn count(&self, record: &VoteRecord) {
        let place = match record.outcome {
            VoteOutcome::Sent => 0,
            VoteOutcome::AlreadyKnown => 1,
            VoteOutcome::RivalVote => 2,
            VoteOutcome::Failed(_) => 3,
        };
        self.outcomes[place].fetch_add(1, Ordering::Relaxed);
        if record.outcome.is_cast() {
            let VoteTimings { total, sending, .. } = record.timings;
            self.times.observe(total);
            if matches!(record.address.kind(), AddressKind::PubKeyHash(_)) {
                self.own_times.observe(total.saturating_sub(sending));
            }
        }
    }

    /// Writes the families, whose names begin with `prefix`.
    pub fn write(&self, prefix: &str, to: &mut Exposition) {
        let name = format!("{prefix}_votes_total");
        let help = "Votes since the start by outcome. `failed`: a daemon cast none, but another may have. Tickets that were missed are \
                    counted by themselves.";
        to.family(&name, Kind::Counter, help);
        for (outcome, count) in OUTCOMES.iter().zip(&self.outcomes) {
            to.sample(&name, &[("outcome", outcome)], count.load(Ordering::Relaxed));
        }
        let help = "From the news that a ticket won to its vote being with the node.";
        self.times.write(&format!("{prefix}_vote_seconds"), help, to);
        let help =
            "The same of votes by keys that owners of tickets handed over, without the node's time: the daemon's own.";
        self.own_times.write(&format!("{prefix}_key_vote_own_seconds"), help, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::{BlockHash, BlockHeight, Hash160, Network, ScriptAddress, TicketHash, VoteBits};
    use stakepool_core::time::UnixMillis;

    #[test]
    fn votes_are_counted_by_outcome_and_only_cast_ones_take_time() {
        let figures = VoteFigures::default();
        for outcome in [VoteOutcome::Sent, VoteOutcome::AlreadyKnown, VoteOutcome::Failed("locked".into())] {
            figures.count(&VoteRecord {
                ticket: TicketHash::from_bytes([1; 32]),
                address: ScriptAddress::new(Network::Simnet, Hash160([7; 20])).into(),
                block: BlockHash::from_bytes([9; 32]),
                height: BlockHeight(200),
                bits: VoteBits::APPROVE,
                outcome,
                attempts: 1,
                timings: VoteTimings { total: Duration::from_millis(20), ..VoteTimings::default() },
                at: UnixMillis(0),
            });
        }
        let mut text = Exposition::default();
        figures.write("x", &mut text);
        let text = text.into_text();
        for line in [
            "x_votes_total{outcome=\"sent\"} 1",
            "x_votes_total{outcome=\"failed\"} 1",
            "x_vote_seconds_bucket{le=\"0.01\"} 0",
            "x_vote_seconds_bucket{le=\"0.025\"} 2",
            "x_vote_seconds_count 2",
            "x_key_vote_own_seconds_count 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
