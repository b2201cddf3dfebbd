//! What tickets cost and paid, and what blocks say of them.

use async_trait::async_trait;

use super::StoreError;
use crate::accounts::UserId;
use crate::chain::{Amount, BlockHeight, TicketHash};
use crate::reports::{BlockFacts, TicketReport, TicketState, TicketTimes};
use crate::time::{Day, UnixTime};

/// Of what a user's tickets are: another one wherever one of them has changed, came or went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MoneyStamp {
    /// How many they are.
    pub tickets: u64,
    /// When the ledger last changed one; `None` without any.
    pub latest: Option<UnixTime>,
    /// What the times of their last changes add up to: clocks of two instances differ, and the latest may stay the latest.
    pub times: i64,
}

/// What was paid back for a ticket by its vote or revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidBack {
    /// The block of that transaction.
    pub at: BlockHeight,
    /// What its outputs pay together.
    pub paid: Amount,
    /// The part that goes to the pool.
    pub to_pool: Amount,
}

/// A ticket as far as money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketMoney {
    /// Where it is in its life.
    pub state: TicketState,
    /// Whether the pool leaves its vote to the user.
    pub ignored: bool,
    /// What it cost.
    pub price: Amount,
    /// The fee that it commits to an address of the pool; zero where it commits none.
    pub fee: Amount,
    /// The block in which it was bought.
    pub mined_at: BlockHeight,
    /// The block in which it left the lottery, where it did.
    pub ended_at: Option<BlockHeight>,
    /// Whether the revocation of a missed or expired ticket was mined.
    pub revoked: bool,
    /// When that was, as far as it is known.
    pub times: TicketTimes,
    /// What was paid back, once it is known.
    pub paid_back: Option<PaidBack>,
}

/// Fees of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayFees {
    /// The day, in UTC.
    pub day: Day,
    /// How many tickets paid one.
    pub tickets: u64,
    /// What they paid together.
    pub amount: Amount,
}

/// The money of the ledger, and the facts of blocks that it rests on.
#[async_trait]
pub trait MoneyStore: Send + Sync {
    /// Tickets that [lack facts](TicketReport::lacks_facts), those only whose hashes are displayed behind that of `after`, in the order of
    /// hashes.
    async fn lacking_facts(&self, after: Option<&TicketHash>, limit: u64) -> Result<Vec<TicketReport>, StoreError>;

    /// How many tickets lack facts.
    async fn count_lacking_facts(&self) -> Result<u64, StoreError>;

    /// Fills in what blocks of the best chain say of some tickets, which mature after `maturity` blocks. What is known stays, and so
    /// does everything else. Returns how many tickets changed.
    async fn fill_facts(
        &self,
        tickets: &[TicketHash],
        blocks: &[BlockFacts],
        maturity: u32,
        now: UnixTime,
    ) -> Result<u64, StoreError>;

    /// All tickets of a user, in no order.
    async fn money_of(&self, user: UserId) -> Result<Vec<TicketMoney>, StoreError>;

    /// What differs wherever a ticket of a user has changed, came or went.
    async fn money_stamp(&self, user: UserId) -> Result<MoneyStamp, StoreError>;

    /// What votes and revocations of users' tickets paid to the pool, by the day of their blocks, the first day first. Those that are
    /// not known yet are left out.
    async fn pool_fees_by_day(&self) -> Result<Vec<DayFees>, StoreError>;

    /// The confirmed fees of tickets that vote by keys of their own, by the day on which they were confirmed, the first day first.
    async fn registered_fees_by_day(&self) -> Result<Vec<DayFees>, StoreError>;
}
