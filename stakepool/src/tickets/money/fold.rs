//! Sums of all tickets of a user.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::chain::{Amount, BlockHeight, Params};
use stakepool_core::ports::TicketMoney;
use stakepool_core::reports::TicketState;
use stakepool_core::time::UnixTime;

use crate::tickets::reward::{Reward, minus};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What tickets earned within some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earned {
    /// Votes.
    pub votes: u64,
    /// What their outputs, and those of revocations, paid beyond the prices.
    pub rewards: Amount,
    /// The part of all that the pool got as its fee.
    pub fees: Amount,
}

impl Earned {
    /// What is left for the user.
    pub const fn net(&self) -> Amount {
        minus(self.rewards, self.fees)
    }

    fn add(&mut self, votes: u64, rewards: Amount, fees: Amount) {
        self.votes += votes;
        self.rewards = plus(self.rewards, rewards);
        self.fees = plus(self.fees, fees);
    }
}

/// Coins that come back at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComesBack {
    /// From this block on they can be spent.
    pub at: BlockHeight,
    /// How many coins.
    pub amount: Amount,
}

/// The sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Money {
    /// In the last thirty days.
    pub month: Earned,
    /// In the last 365 days.
    pub year: Earned,
    /// In all.
    pub all: Earned,
    /// Votes whose transactions are not known yet: their part follows from the rules of the chain.
    pub by_rule: u64,
    /// The prices of tickets that wait for their vote, or for their revocation.
    pub locked: Amount,
    /// What votes and revocations paid to the user, and cannot be spent yet, by block.
    pub maturing: Vec<ComesBack>,
    /// What they paid to the user, and can be spent, or was since.
    pub returned: Amount,
    /// The return of a year on locked coins, as a part of 1: what the tickets that ended in the last 365 days left to the user, by
    /// the coins and the time for which these were locked. Neither interest on it nor transaction fees are counted. `None` where none
    /// has ended.
    pub yearly_return: Option<f64>,
    /// How many tickets are in each state, ignored ones apart (`true`), in the order of a ticket's life.
    pub counts: Vec<(TicketState, bool, u64)>,
}

/// Of which moment sums are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'p> {
    pub(super) now: UnixTime,
    /// The best height.
    pub(super) tip: BlockHeight,
    pub(super) params: &'p Params,
}

impl Moment<'_> {
    /// The time of a block, estimated from the wanted time between blocks.
    pub(super) fn estimate(&self, height: BlockHeight) -> UnixTime {
        let spacing = self.params.target_time_per_block;
        match height.0.checked_sub(self.tip.0) {
            Some(ahead) => self.now.plus(spacing.saturating_mul(ahead)),
            None => self.now.minus(spacing.saturating_mul(self.tip.0 - height.0)),
        }
    }
}

const ORDER: [TicketState; 5] =
    [TicketState::Immature, TicketState::Live, TicketState::Voted, TicketState::Missed, TicketState::Expired];

impl Money {
    /// Adds up.
    pub(super) fn of(tickets: &[TicketMoney], moment: &Moment<'_>) -> Self {
        let mut sums = Sums::default();
        tickets.iter().for_each(|ticket| sums.add(ticket, moment));
        sums.end()
    }

    /// All that comes back and cannot be spent yet.
    pub fn maturing_sum(&self) -> Amount {
        self.maturing.iter().fold(Amount::ZERO, |sum, part| plus(sum, part.amount))
    }
}

/// What is added up.
#[derive(Default)]
struct Sums {
    money: Money,
    maturing: BTreeMap<BlockHeight, Amount>,
    counts: BTreeMap<(usize, bool), u64>,
    /// Of the tickets that ended within a year: what they left, and coins times seconds.
    gained: f64,
    locked_for: f64,
}

impl Sums {
    fn add(&mut self, ticket: &TicketMoney, moment: &Moment<'_>) {
        let place = ORDER.iter().position(|state| *state == ticket.state).unwrap_or_default();
        *self.counts.entry((place, ticket.ignored)).or_default() += 1;
        match (ticket.state, ticket.ended_at) {
            (TicketState::Voted, Some(ended_at)) => self.add_vote(ticket, ended_at, moment),
            (TicketState::Missed | TicketState::Expired, Some(ended_at)) if ticket.revoked => {
                self.add_revocation(ticket, ended_at, moment);
            }
            _ => self.money.locked = plus(self.money.locked, ticket.price),
        }
    }

    fn add_vote(&mut self, ticket: &TicketMoney, ended_at: BlockHeight, moment: &Moment<'_>) {
        let reward = match ticket.paid_back {
            Some(paid_back) => Reward::known(ticket.price, paid_back.paid, paid_back.to_pool),
            None => Reward::by_rule(moment.params, ended_at, ticket.fee),
        };
        self.money.by_rule += u64::from(reward.is_by_rule);
        self.earned(ticket, ended_at, 1, (reward.whole, reward.to_pool), moment);
    }

    /// Revocations pay the price back, less a fee of the transaction on the legacy network; the pool gets its part of that.
    fn add_revocation(&mut self, ticket: &TicketMoney, ended_at: BlockHeight, moment: &Moment<'_>) {
        let (at, rewards, fees) = match ticket.paid_back {
            Some(paid_back) => (paid_back.at, minus(paid_back.paid, ticket.price), paid_back.to_pool),
            None => (ended_at, Amount::ZERO, Amount::ZERO),
        };
        self.earned(ticket, at, 0, (rewards, fees), moment);
    }

    fn earned(
        &mut self,
        ticket: &TicketMoney,
        at: BlockHeight,
        votes: u64,
        (rewards, fees): (Amount, Amount),
        moment: &Moment<'_>,
    ) {
        let ended = ticket.times.ended.unwrap_or_else(|| moment.estimate(at));
        let is_within = |days: u32| ended > moment.now.minus(DAY * days);
        self.money.all.add(votes, rewards, fees);
        if is_within(30) {
            self.money.month.add(votes, rewards, fees);
        }
        let net = minus(rewards, fees);
        let spendable_at = at.plus(moment.params.coinbase_maturity);
        if is_within(365) {
            self.money.year.add(votes, rewards, fees);
            let mined = ticket.times.mined.unwrap_or_else(|| moment.estimate(ticket.mined_at));
            let matures = moment.params.target_time_per_block.saturating_mul(moment.params.coinbase_maturity);
            let seconds = ended.plus(matures).0.saturating_sub(mined.0).max(1);
            self.gained += net.atoms() as f64;
            self.locked_for += ticket.price.atoms() as f64 * seconds as f64;
        }
        let back = plus(ticket.price, net);
        if spendable_at > moment.tip {
            let part = self.maturing.entry(spendable_at).or_insert(Amount::ZERO);
            *part = plus(*part, back);
        } else {
            self.money.returned = plus(self.money.returned, back);
        }
    }

    fn end(self) -> Money {
        let year = (DAY * 365).as_secs_f64();
        let maturing = self.maturing.into_iter().map(|(at, amount)| ComesBack { at, amount }).collect();
        let counts = self.counts.into_iter().map(|((place, ignored), count)| (ORDER[place], ignored, count)).collect();
        let yearly_return = (self.locked_for > 0.0).then(|| self.gained / self.locked_for * year);
        Money { maturing, counts, yearly_return, ..self.money }
    }
}

const fn plus(one: Amount, other: Amount) -> Amount {
    Amount::from_atoms(one.atoms().saturating_add(other.atoms()))
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::{Generation, Network, vote_subsidy};
    use stakepool_core::ports::PaidBack;
    use stakepool_core::reports::TicketTimes;

    use super::*;

    const NOW: UnixTime = UnixTime(1_795_000_000);
    const PRICE: i64 = 2_000_000_000;

    fn ticket(state: TicketState, ended_at: Option<u32>) -> TicketMoney {
        TicketMoney {
            state,
            ignored: false,
            price: Amount::from_atoms(PRICE),
            fee: Amount::from_atoms(700),
            mined_at: BlockHeight(400_000),
            ended_at: ended_at.map(BlockHeight),
            revoked: false,
            times: TicketTimes::default(),
            paid_back: None,
        }
    }

    /// A vote that paid 5,000 atoms, 720 of them to the pool, so many days ago.
    fn vote(at: u32, days: u32) -> TicketMoney {
        let ended = Some(NOW.minus(DAY * days));
        let paid = Amount::from_atoms(PRICE + 5_000);
        let paid_back = PaidBack { at: BlockHeight(at), paid, to_pool: Amount::from_atoms(720) };
        let times = TicketTimes { ended, mined: Some(NOW.minus(DAY * (days + 30))), ..TicketTimes::default() };
        TicketMoney { times, paid_back: Some(paid_back), ..ticket(TicketState::Voted, Some(at)) }
    }

    fn sums(tickets: &[TicketMoney]) -> Money {
        let params = Network::Mainnet.params(Generation::Today);
        Money::of(tickets, &Moment { now: NOW, tip: BlockHeight(500_000), params: &params })
    }

    fn earned(votes: u64) -> Earned {
        let times = |atoms: i64| Amount::from_atoms(atoms * i64::try_from(votes).unwrap());
        Earned { votes, rewards: times(5_000), fees: times(720) }
    }

    #[test]
    fn votes_are_added_up_by_the_times_of_their_blocks() {
        let money = sums(&[vote(499_000, 2), vote(499_001, 31), vote(499_002, 364), vote(499_003, 366)]);
        assert_eq!((money.month, money.year, money.all), (earned(1), earned(3), earned(4)));
        assert_eq!((money.all.net().atoms(), money.by_rule), (4 * 4_280, 0));
        assert_eq!(money.returned.atoms(), 4 * (PRICE + 4_280));
    }

    #[test]
    fn a_vote_that_is_not_known_counts_by_the_rule_and_by_the_number_of_blocks() {
        let params = Network::Mainnet.params(Generation::Today);
        let money = sums(&[ticket(TicketState::Voted, Some(499_000)), ticket(TicketState::Voted, Some(450_000))]);
        let rewards = vote_subsidy(&params, BlockHeight(498_999));
        assert_eq!(money.month, Earned { votes: 1, rewards, fees: Amount::from_atoms(700) });
        assert_eq!((money.year.votes, money.by_rule), (2, 2));
    }

    #[test]
    fn coins_are_locked_then_mature_then_can_be_spent() {
        let params = Network::Mainnet.params(Generation::Today);
        let open = [ticket(TicketState::Immature, None), ticket(TicketState::Live, None)];
        let unrevoked = ticket(TicketState::Missed, Some(499_900));
        let revoked = TicketMoney { revoked: true, ..unrevoked };
        let money = sums(&[open[0], open[1], unrevoked, revoked, vote(500_000, 0), vote(500_000, 0)]);
        assert_eq!(money.locked.atoms(), 3 * PRICE);
        let after = |height, atoms| ComesBack {
            at: BlockHeight(height).plus(params.coinbase_maturity),
            amount: Amount::from_atoms(atoms),
        };
        assert_eq!(money.maturing, [after(499_900, PRICE), after(500_000, 2 * (PRICE + 4_280))]);
        assert_eq!((money.maturing_sum().atoms(), money.returned), (3 * PRICE + 2 * 4_280, Amount::ZERO));
        let counts = [(TicketState::Immature, false, 1), (TicketState::Live, false, 1), (TicketState::Voted, false, 2)];
        assert_eq!(money.counts, [&counts[..], &[(TicketState::Missed, false, 2)]].concat());
    }

    #[test]
    fn the_return_of_a_year_is_what_was_left_by_the_coins_and_their_time() {
        let params = Network::Mainnet.params(Generation::Today);
        let matures = params.target_time_per_block.as_secs_f64() * f64::from(params.coinbase_maturity);
        let expected = 4_280.0 / PRICE as f64 * (365.0 * 86_400.0) / (30.0 * 86_400.0 + matures);
        let found = sums(&[vote(499_000, 2), vote(499_000, 50)]).yearly_return.unwrap();
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
        assert_eq!(sums(&[ticket(TicketState::Live, None)]).yearly_return, None);
    }
}
