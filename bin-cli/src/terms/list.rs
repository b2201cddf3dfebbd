//! `terms list`: what held and will hold.

use clap::Args;

use super::row::{Row, When, expected};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{OpenPool, PoolArguments};

/// List the fees and cold wallets that held, hold and will hold, by the block from which on tickets are judged by them.
///
/// Wallets and daemons are asked for the height; nothing is changed. Where the configuration says something else than what is
/// in force, that is said on standard error: a daemon that starts without its state judges by its configuration until the web
/// tells it the terms.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open_with_wallets(pool)?;
        let tip = open.wait(open.pool.read_terms())?;
        let noted = open.wait(open.pool.noted_terms())?;
        let (terms, now) = (open.pool.terms(), open.pool.now());
        let in_force = terms.in_force();
        let rows = noted.into_iter().map(|noted| {
            let from = noted.terms.from;
            let state = tip.map(|_| match from.cmp(&in_force.from) {
                std::cmp::Ordering::Less => When::Past,
                std::cmp::Ordering::Equal => When::InForce,
                std::cmp::Ordering::Greater => When::ToCome,
            });
            let to_come = tip.filter(|_| state == Some(When::ToCome));
            let expected = to_come.map(|tip| expected(terms.network, from, tip, now));
            Row::of(noted, state, expected)
        });
        let rows: Vec<_> = rows.collect();
        if tip.is_some() && terms.fee != in_force.fee {
            console.note(&format!("the configuration says poolfees={}, but {} is in force", terms.fee, in_force.fee));
        }
        if tip.is_some() && terms.cold_wallet != in_force.cold_wallet {
            console.note("the configuration says another coldwalletextpub than is in force");
        }
        let none = "no terms are noted yet: the web notes those of its configuration when it runs";
        console.style.write_table(console.output, &rows, none).map_err(CliError::Output)
    }
}
