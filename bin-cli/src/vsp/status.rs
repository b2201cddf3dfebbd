//! `vsp status`: how the service for wallets of today is.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use stakepool::vsp::{Figures, Income, Standing};
use stakepool_core::chain::Amount;
use stakepool_core::ports::FeeIncome;
use stakepool_core::time::UnixTime;

use super::service::service;
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// Show how the service for wallets of today is: whether it takes tickets, its keys, tickets and fees.
///
/// The node and every daemon are asked once, and nothing is changed. The exit code is 1 where something hinders the service from
/// taking tickets; not where you closed it.
#[derive(Debug, Args)]
pub(crate) struct Status {}

#[derive(Serialize)]
struct Row {
    /// Whether tickets are taken.
    open: bool,
    /// What wallets read where the operator takes no tickets.
    closed: Option<String>,
    /// Why no ticket can be taken, whatever the operator wants.
    hindrance: Option<&'static str>,
    public_key: String,
    fee_key: String,
    /// The index of the address that the next ticket gets.
    next_index: u32,
    /// What a ticket bought now is asked.
    fee_atoms: Option<Amount>,
    /// How many tickets there are in each state.
    tickets: BTreeMap<&'static str, u64>,
    /// When the oldest fee came that the node does not have yet.
    oldest_unsent_fee: Option<UnixTime>,
    income: Sums,
}

/// What fees have brought in.
#[derive(Serialize)]
struct Sums {
    day: Sum,
    four_weeks: Sum,
    all: Sum,
}

#[derive(Serialize)]
struct Sum {
    fees: u64,
    atoms: Amount,
}

impl From<FeeIncome> for Sum {
    fn from(income: FeeIncome) -> Self {
        Self { fees: income.fees, atoms: income.amount }
    }
}

impl From<Income> for Sums {
    fn from(Income { day, four_weeks, all }: Income) -> Self {
        Self { day: day.into(), four_weeks: four_weeks.into(), all: all.into() }
    }
}

impl Row {
    fn new(standing: Standing, figures: &Figures) -> Self {
        Self {
            open: standing.is_open(),
            closed: standing.closed,
            hindrance: standing.hindrance,
            public_key: standing.public_key,
            fee_key: figures.fee_key.key().to_string(),
            next_index: figures.fee_key.next().0,
            fee_atoms: standing.fee,
            tickets: figures.tickets.states.iter().map(|(state, number)| (state.name(), *number)).collect(),
            oldest_unsent_fee: figures.tickets.oldest_unsent,
            income: figures.income.into(),
        }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let takes = match (&self.closed, self.hindrance) {
            (None, None) => "yes".to_owned(),
            (Some(message), None) => format!("no, closed by you: {message}"),
            (None, Some(reason)) => format!("no: {reason}"),
            (Some(message), Some(reason)) => format!("no, closed by you: {message}; also: {reason}"),
        };
        let sum = |sum: &Sum| format!("{} EXCC in {} fees", sum.atoms, sum.fees);
        let tickets = self.tickets.iter().map(|(state, number)| format!("{number} {state}")).collect::<Vec<_>>();
        let readable = [
            ("takes tickets", Some(takes)),
            ("public key", Some(self.public_key.clone())),
            ("fee key", Some(self.fee_key.clone())),
            ("next index", Some(self.next_index.to_string())),
            ("asks", self.fee_atoms.map(|fee| format!("{fee} EXCC for a ticket that is bought now"))),
            ("tickets", Some(if tickets.is_empty() { "none".to_owned() } else { tickets.join(", ") })),
            ("oldest unsent fee", self.oldest_unsent_fee.map(UnixTime::readable)),
            ("income, 24 hours", Some(sum(&self.income.day))),
            ("income, 28 days", Some(sum(&self.income.four_weeks))),
            ("income, all", Some(sum(&self.income.all))),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Status {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let vsp = service(&open)?;
        let (standing, figures) = open.wait(async {
            open.pool.read_notices().await?;
            open.pool.look_at_vsp().await;
            Ok::<_, CliError>((vsp.standing(), vsp.figures().await?))
        })?;
        let hindrance = standing.hindrance;
        let row = Row::new(standing, &figures);
        console.style.write_single(console.output, &row).map_err(CliError::Output)?;
        match hindrance {
            Some(reason) => Err(CliError::NotWell(format!("wallets of today cannot be served: {reason}"))),
            None => Ok(()),
        }
    }
}
