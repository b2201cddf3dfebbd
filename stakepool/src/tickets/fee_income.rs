//! What the pool's fees brought in, by month.

use std::collections::BTreeMap;

use stakepool_core::chain::Amount;
use stakepool_core::ports::{DayFees, MoneyStore, StoreError};

/// Fees of a kind within a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeSum {
    /// How many tickets paid one.
    pub tickets: u64,
    /// What they paid together.
    pub amount: Amount,
}

impl FeeSum {
    fn add(&mut self, fees: &DayFees) {
        self.tickets += fees.tickets;
        self.amount = Amount::from_atoms(self.amount.atoms().saturating_add(fees.amount.atoms()));
    }
}

/// The fees of a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonthFees {
    /// The month in UTC, such as `2026-11`.
    pub month: String,
    /// Those of users' tickets, which their votes and revocations pay, by the time of these.
    pub accounts: FeeSum,
    /// Those of tickets that wallets of today registered, by the time at which they were confirmed.
    pub registered: FeeSum,
}

impl MonthFees {
    /// Both together.
    pub const fn amount(&self) -> Amount {
        Amount::from_atoms(self.accounts.amount.atoms().saturating_add(self.registered.amount.atoms()))
    }
}

/// What fees brought in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeesByMonth {
    /// The months in which there were any, the latest first.
    pub months: Vec<MonthFees>,
    /// Tickets of which not all is known yet: a vote among them is not in the sums.
    pub lacking: u64,
}

impl FeesByMonth {
    /// Adds them up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(money: &dyn MoneyStore) -> Result<Self, StoreError> {
        let (accounts, registered, lacking) =
            tokio::try_join!(money.pool_fees_by_day(), money.registered_fees_by_day(), money.count_lacking_facts())?;
        let mut months: BTreeMap<String, MonthFees> = BTreeMap::new();
        let mut month = |fees: &DayFees, kind: fn(&mut MonthFees) -> &mut FeeSum| {
            // Of `2026-11-22`.
            let day = fees.day.to_string();
            let name = day.rsplit_once('-').map_or(day.as_str(), |(month, _)| month);
            let month = months.entry(name.to_owned()).or_default();
            name.clone_into(&mut month.month);
            kind(month).add(fees);
        };
        accounts.iter().for_each(|fees| month(fees, |month| &mut month.accounts));
        registered.iter().for_each(|fees| month(fees, |month| &mut month.registered));
        Ok(Self { months: months.into_values().rev().collect(), lacking })
    }
}
