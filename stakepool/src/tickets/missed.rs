//! Why a drawn ticket did not vote, as far as the daemons' records tell: for its user and for the operator.

use std::time::Duration;

use stakepool_core::ports::{LedgerStore, StoreError, StoredVote};
use stakepool_core::reports::{TicketReport, VoteOutcome};

use crate::tickets::low_fee::reason;

/// All records of a ticket: one a daemon and block, of which a ticket sees few.
pub(crate) const ALL_RECORDS: u64 = 10_000;

/// Why a drawn ticket did not vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The pool did not vote with it; how its fee falls short.
    Ignored(String),
    /// A daemon cast the vote, and no miner took it.
    LeftOut {
        /// The daemon.
        daemon: String,
        /// How long it took.
        after: Duration,
    },
    /// The node had a vote that is not ours.
    Rival {
        /// The daemon whose node says so.
        daemon: String,
    },
    /// No daemon could cast the vote.
    Failed {
        /// The first that failed.
        daemon: String,
        /// What it says, which may name the pool's servers.
        error: String,
    },
    /// No daemon has a record.
    NoRecord,
}

impl Cause {
    /// The cause for a missed ticket.
    ///
    /// # Errors
    /// [`StoreError`] where the records cannot be read.
    pub async fn find(ledger: &dyn LedgerStore, report: &TicketReport) -> Result<Self, StoreError> {
        Ok(Self::of(report, &ledger.votes(Some(&report.ticket), ALL_RECORDS).await?))
    }

    /// Whether a record is of the draw that the ticket missed: the votes on a block are in its child. A record of another
    /// height is of a block that left the chain.
    fn is_of_draw(report: &TicketReport, vote: &StoredVote) -> bool {
        report.ended_at.is_none_or(|child| vote.record.height.plus(1) == child)
    }

    /// The cause by the records of a ticket, the latest first. A cast vote counts before a rival one, and both before a failure:
    /// one daemon that votes is enough.
    pub(super) fn of(report: &TicketReport, votes: &[StoredVote]) -> Self {
        if report.is_ignored() {
            return Self::Ignored(reason(&report.facts));
        }
        let mut cause = Self::NoRecord;
        let is_known = votes.iter().any(|vote| Self::is_of_draw(report, vote));
        // A daemon that learned of the miss late may have its height wrong; that it could not vote then is true all the same.
        let counts = |vote: &&StoredVote| Self::is_of_draw(report, vote) || !is_known && !vote.record.outcome.is_cast();
        for StoredVote { daemon, record } in votes.iter().filter(counts) {
            let daemon = daemon.clone();
            match (&record.outcome, &cause) {
                (VoteOutcome::Sent | VoteOutcome::AlreadyKnown, _) => {
                    return Self::LeftOut { daemon, after: record.timings.total };
                }
                (VoteOutcome::RivalVote, Self::NoRecord | Self::Failed { .. }) => cause = Self::Rival { daemon },
                (VoteOutcome::Failed(error), Self::NoRecord) => cause = Self::Failed { daemon, error: error.clone() },
                (VoteOutcome::RivalVote | VoteOutcome::Failed(_), _) => {}
            }
        }
        cause
    }

    /// For the ticket's user, without a full stop. Names no server of the pool.
    pub fn for_user(&self) -> String {
        match self {
            Self::Ignored(fee) => format!("the pool ignored it: it {fee}"),
            Self::LeftOut { .. } => "the pool sent the vote in time, but no miner put it into a block".to_owned(),
            Self::Rival { .. } => {
                "another vote of this ticket was on the network already, and no miner put it into a block".to_owned()
            }
            Self::Failed { .. } => "the pool could not sign or send the vote; the operator sees the cause".to_owned(),
            Self::NoRecord => {
                "the pool has no record of a vote: its daemons were not told in time that the ticket was \
                               drawn"
                    .to_owned()
            }
        }
    }

    /// For the operator: a sentence with the daemon and what it says.
    pub fn for_operator(&self) -> String {
        match self {
            Self::Ignored(fee) => format!("The pool ignored it: it {fee}."),
            Self::LeftOut { daemon, after } => {
                let millis = millis(*after);
                format!("Daemon {daemon} sent its vote after {millis} ms, but no miner took it into a block.")
            }
            Self::Rival { daemon } => format!(
                "Daemon {daemon} was told that the node has another vote of it, such as one of the user's own wallet; no \
                 miner took that into a block."
            ),
            Self::Failed { daemon, error } => format!("Daemon {daemon} could not vote: {error}"),
            Self::NoRecord => "No daemon tried: none was running, or none heard of the draw.".to_owned(),
        }
    }
}

/// Milliseconds, with a digit behind the point where that says something.
pub fn millis(duration: Duration) -> String {
    let tenths = duration.as_micros() / 100;
    if tenths < 1000 { format!("{}.{}", tenths / 10, tenths % 10) } else { (tenths / 10).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::accounts::UserId;
    use stakepool_core::chain::{
        Address, AddressKind, Amount, BlockHash, BlockHeight, Hash160, Network, ScriptAddress, TicketHash, VoteBits,
    };
    use stakepool_core::ticket::{TicketFacts, Verdict};

    use stakepool_core::reports::{TicketState, TicketTimes, VoteRecord, VoteTimings};
    use stakepool_core::time::UnixMillis;

    const ERROR: &str = "wallet 10.0.0.7:9110 is locked";

    fn missed(verdict: Verdict) -> TicketReport {
        TicketReport {
            ticket: TicketHash::from_bytes([1; 32]),
            address: ScriptAddress::new(Network::Simnet, Hash160([2; 20])).into(),
            user: Some(UserId(1)),
            state: TicketState::Missed,
            facts: TicketFacts {
                verdict,
                price: Amount::from_atoms(20_000_000),
                fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
                committed_fee: Amount::from_atoms(1),
                required_fee: Amount::from_atoms(2),
                mined_at: BlockHeight(100),
            },
            added: false,
            revoked: false,
            times: TicketTimes::default(),
            spend: None,
            ended_at: Some(BlockHeight(200)),
        }
    }

    fn cause(outcomes: &[VoteOutcome]) -> Cause {
        let report = missed(Verdict::Accepted);
        let vote = |(number, outcome): (usize, &VoteOutcome)| StoredVote {
            daemon: format!("10.0.0.{number}:9113"),
            record: VoteRecord {
                ticket: report.ticket,
                address: report.address,
                block: BlockHash::from_bytes([3; 32]),
                height: BlockHeight(199),
                bits: VoteBits(1),
                outcome: outcome.clone(),
                attempts: 1,
                timings: VoteTimings { total: Duration::from_millis(34), ..VoteTimings::default() },
                at: UnixMillis(1),
            },
        };
        Cause::of(&report, &outcomes.iter().enumerate().map(vote).collect::<Vec<_>>())
    }

    #[test]
    fn a_cast_vote_counts_before_a_rival_and_both_before_a_failure() {
        let (failed, rival) = (VoteOutcome::Failed(ERROR.into()), VoteOutcome::RivalVote);
        let of =
            |outcomes: &[&VoteOutcome]| cause(&outcomes.iter().map(|outcome| (*outcome).clone()).collect::<Vec<_>>());
        let daemon = |number: u8| format!("10.0.0.{number}:9113");
        assert_eq!(of(&[]), Cause::NoRecord);
        assert_eq!(of(&[&failed, &failed]), Cause::Failed { daemon: daemon(0), error: ERROR.into() });
        for outcomes in [[&failed, &rival], [&rival, &failed]] {
            assert!(matches!(of(&outcomes), Cause::Rival { .. }), "{outcomes:?}");
        }
        for cast in [VoteOutcome::Sent, VoteOutcome::AlreadyKnown] {
            let expected = Cause::LeftOut { daemon: daemon(2), after: Duration::from_millis(34) };
            assert_eq!(of(&[&failed, &rival, &cast]), expected);
        }
    }

    #[test]
    fn a_vote_on_another_block_says_nothing_of_the_draw_that_was_missed() {
        let report = missed(Verdict::Accepted);
        let vote = |height, outcome| StoredVote {
            daemon: "d".to_owned(),
            record: VoteRecord {
                ticket: report.ticket,
                address: report.address,
                block: BlockHash::from_bytes([3; 32]),
                height: BlockHeight(height),
                bits: VoteBits(1),
                outcome,
                attempts: 1,
                timings: VoteTimings::default(),
                at: UnixMillis(1),
            },
        };
        let left_the_chain = vote(150, VoteOutcome::Sent);
        assert_eq!(Cause::of(&report, std::slice::from_ref(&left_the_chain)), Cause::NoRecord);
        let votes = [left_the_chain, vote(199, VoteOutcome::Failed(ERROR.into()))];
        assert!(matches!(Cause::of(&report, &votes), Cause::Failed { .. }));
    }

    #[test]
    fn users_learn_no_server_and_the_operator_does() {
        for (outcome, user, operator) in [
            (VoteOutcome::Sent, "no miner put it into a block", "Daemon 10.0.0.0:9113 sent its vote after 34.0 ms"),
            (VoteOutcome::RivalVote, "another vote of this ticket", "the node has another vote of it"),
            (VoteOutcome::Failed(ERROR.into()), "could not sign or send the vote", ERROR),
        ] {
            let cause = cause(&[outcome]);
            assert!(cause.for_user().contains(user) && !cause.for_user().contains("10.0.0"), "{}", cause.for_user());
            assert!(cause.for_operator().contains(operator), "{}", cause.for_operator());
        }
        let ignored = Cause::of(&missed(Verdict::LowFee), &[]);
        assert!(ignored.for_user().starts_with("the pool ignored it: it pays"), "{}", ignored.for_user());
    }

    #[test]
    fn times_are_told_in_milliseconds() {
        for (micros, text) in [(0, "0.0"), (2_549, "2.5"), (99_999, "99.9"), (100_000, "100"), (1_234_567, "1234")] {
            assert_eq!(millis(Duration::from_micros(micros)), text);
        }
    }
}
