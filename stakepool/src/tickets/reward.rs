//! What votes earned.
//!
//! A vote pays what its ticket cost and the subsidy of a vote on that block. Where the vote is known, its outputs say how much that
//! is, and how much of it goes to the pool. Where it is not, the rules of the chain fix the subsidy by the block's height
//! (`CalcStakeVoteSubsidy` of exccd), and the fee is what the ticket commits.

use stakepool_core::chain::{Amount, BlockHeight, Params, vote_subsidy};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::ticket::Verdict;

/// What a vote paid beyond the price of its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reward {
    /// In all.
    pub whole: Amount,
    /// The part that the pool got.
    pub to_pool: Amount,
    /// The vote is not known: both follow from the rules of the chain and from what the ticket commits.
    pub is_by_rule: bool,
}

impl Reward {
    /// The reward of a ticket; `None` where it has not voted.
    pub fn of(report: &TicketReport, params: &Params) -> Option<Self> {
        let mined = report.ended_at.filter(|_| report.state == TicketState::Voted)?;
        let pays_pool = pays_pool(report);
        let of_pool = |amount| if pays_pool { amount } else { Amount::ZERO };
        Some(match report.spend {
            Some(spend) => Self::known(report.facts.price, spend.paid, of_pool(spend.first)),
            None => Self::by_rule(params, mined, of_pool(report.facts.committed_fee)),
        })
    }

    /// That of a vote whose outputs are known.
    pub(super) const fn known(price: Amount, paid: Amount, to_pool: Amount) -> Self {
        Self { whole: minus(paid, price), to_pool, is_by_rule: false }
    }

    /// That of a vote in the block at a height, whose ticket commits a fee. A vote is on the block before its own.
    pub(super) fn by_rule(params: &Params, mined: BlockHeight, fee: Amount) -> Self {
        Self { whole: vote_subsidy(params, mined.minus(1)), to_pool: fee, is_by_rule: true }
    }

    /// What is left of it for the owner of the ticket.
    pub const fn net(&self) -> Amount {
        minus(self.whole, self.to_pool)
    }
}

/// What the vote of a ticket pays beyond its price; `None` where it has not voted.
pub fn reward(report: &TicketReport, params: &Params) -> Option<Amount> {
    Reward::of(report, params).map(|reward| reward.whole)
}

/// Whether the first commitment of a ticket is the pool's: those with keys of their own pay their fee apart.
pub(super) const fn pays_pool(report: &TicketReport) -> bool {
    report.facts.committed_fee.atoms() > 0 && matches!(report.facts.verdict, Verdict::Accepted | Verdict::LowFee)
}

pub(super) const fn minus(one: Amount, other: Amount) -> Amount {
    Amount::from_atoms(one.atoms().saturating_sub(other.atoms()))
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::{Generation, Network, TxHash};
    use stakepool_core::reports::Spend;
    use stakepool_core::testkit::samples::{ended, report};

    use super::*;

    fn vote(verdict: Verdict) -> TicketReport {
        let mut vote = ended(1, 1, TicketState::Voted, 500_000);
        vote.facts.verdict = verdict;
        vote.spend = Some(Spend {
            transaction: TxHash::from_bytes([7; 32]),
            mined_at: BlockHeight(500_000),
            time: None,
            paid: Amount::from_atoms(vote.facts.price.atoms() + 5_000),
            first: Amount::from_atoms(720),
        });
        vote
    }

    #[test]
    fn only_votes_have_rewards() {
        let params = Network::Mainnet.params(Generation::Today);
        assert_eq!(reward(&report(1, 1), &params), None);
        assert_eq!(reward(&ended(1, 1, TicketState::Missed, 9_000), &params), None);
    }

    #[test]
    fn a_known_vote_says_what_it_paid_and_how_much_of_that_is_the_pools() {
        let params = Network::Mainnet.params(Generation::Today);
        let known = |verdict| {
            let reward = Reward::of(&vote(verdict), &params).unwrap();
            (reward.whole.atoms(), reward.to_pool.atoms(), reward.net().atoms(), reward.is_by_rule)
        };
        assert_eq!(known(Verdict::Accepted), (5_000, 720, 4_280, false));
        assert_eq!(known(Verdict::UnknownFeeAddress), (5_000, 0, 5_000, false), "the first output is not the pool's");
    }

    #[test]
    fn without_the_vote_the_rules_of_the_chain_say_it() {
        let params = Network::Mainnet.params(Generation::Today);
        let found = Reward::of(&TicketReport { spend: None, ..vote(Verdict::Accepted) }, &params).unwrap();
        let whole = vote_subsidy(&params, BlockHeight(499_999));
        assert_eq!((found.whole, found.to_pool.atoms(), found.is_by_rule), (whole, 700, true));
    }
}
