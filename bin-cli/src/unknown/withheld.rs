//! `unknown withheld`: key indexes that are withheld for addresses that are no user's.

use clap::Args;
use serde::Serialize;
use stakepool::{Withheld as Why, WithheldIndexes};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// List the key indexes that are withheld for addresses without a user, so that nobody else is given them.
///
/// Where a wallet has the script of an address, its index is known. Else it was guessed, for an address that two daemons
/// know (or the only one); `unknown release` lets others have what was guessed.
#[derive(Debug, Args)]
pub(crate) struct Withheld {}

#[derive(Serialize)]
#[serde(transparent)]
struct Line(WithheldIndexes);

impl Answer for Line {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let why = match self.0.why {
            Why::Guessed => "guessed",
            Why::Released => "guessed, and given to others since they were released",
            _ => "known",
        };
        let indexes: Vec<_> = self.0.indexes.iter().map(ToString::to_string).collect();
        vec![("address", self.0.address.to_string()), ("key indexes", indexes.join(" ")), ("why", why.to_owned())]
    }
}

impl Withheld {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let lines: Vec<_> = open.wait(open.pool.withheld_indexes())?.into_iter().map(Line).collect();
        let none = "no key index is withheld for an address";
        console.style.write_list(console.output, &lines, none).map_err(CliError::Output)
    }
}
