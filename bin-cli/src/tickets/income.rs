//! `tickets income`: what the pool's fees brought in, by month.

use clap::Args;
use serde::Serialize;
use stakepool::tickets::{FeesByMonth, MonthFees};
use stakepool_core::chain::Amount;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// Show what the pool's fees brought in, by month in UTC, the latest first.
///
/// Tickets of accounts pay their fee with the vote or the revocation; tickets of wallets of today (VSP v3) in a transaction of its
/// own. Votes that are not yet read from the chain are missing; how many tickets wait for that is noted.
#[derive(Debug, Args)]
pub(crate) struct Income {}

/// A month.
#[derive(Serialize)]
struct Month {
    month: String,
    account_tickets: u64,
    account_fees_atoms: Amount,
    registered_tickets: u64,
    registered_fees_atoms: Amount,
    fees_atoms: Amount,
}

impl From<MonthFees> for Month {
    fn from(fees: MonthFees) -> Self {
        Self {
            fees_atoms: fees.amount(),
            account_tickets: fees.accounts.tickets,
            account_fees_atoms: fees.accounts.amount,
            registered_tickets: fees.registered.tickets,
            registered_fees_atoms: fees.registered.amount,
            month: fees.month,
        }
    }
}

impl Answer for Month {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("month", self.month.clone()),
            ("tickets of accounts", self.account_tickets.to_string()),
            ("their fees", self.account_fees_atoms.to_string()),
            ("registered tickets", self.registered_tickets.to_string()),
            ("their fees (v3)", self.registered_fees_atoms.to_string()),
            ("together", self.fees_atoms.to_string()),
        ]
    }
}

impl Income {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let FeesByMonth { months, lacking } = open.wait(FeesByMonth::find(open.database.as_ref()))?;
        let months: Vec<_> = months.into_iter().map(Month::from).collect();
        console.style.write_table(console.output, &months, "no fee has been paid yet").map_err(CliError::Output)?;
        if lacking > 0 {
            console.note(&format!(
                "{lacking} tickets lack times or their votes, which stakepool-web fills in from the chain"
            ));
        }
        Ok(())
    }
}
