//! `db copy`: a pool goes to another database.

use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use stakepool_db::{Copied, Meanwhile, copy};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;
use crate::progress::show;

/// Copy a pool into an empty database, of whichever engine, and compare both table by table.
///
/// Stop stakepool-web first (voting daemons go on): what it writes meanwhile would not be in the copy. A file that a program
/// has open is refused, and a database on a server where a program of the pool writes; where it wrote a moment ago, it is
/// waited for up to 25 seconds whether it writes again. A copy whose source was written meanwhile all the same stays
/// unfinished, and the exit code is 1.
///
/// PLACE is what the key `database` may say:
/// `sqlite:PATH`, `mysql://USER@HOST:PORT/NAME`, or `mysql:` for the keys dbhost, dbname and the others; the password is that
/// of dbpassword. The source is only read. The target must be empty, or a copy of the same source that was cut off, which is
/// then continued; stakepool-web does not start on a copy before it is whole. Afterwards set `database` to the target, and
/// start stakepool-web. Where both places are given, no configuration need be there; the password of a server is then the
/// environment's (`STAKEPOOL_WEB_DBPASSWORD`).
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The database to copy; without it the one of the configuration.
    #[arg(long, value_name = "PLACE")]
    from: Option<String>,
    /// The database that takes the copy.
    #[arg(long, value_name = "PLACE")]
    to: String,
    /// Copy although programs use the source: the copy is of the moment at which it begins, and lacks what they write from
    /// then on.
    #[arg(long)]
    while_used: bool,
}

#[derive(Serialize)]
struct Answered {
    from: String,
    to: String,
    seconds: f64,
    rows: u64,
    tables: Vec<Table>,
}

#[derive(Serialize)]
struct Table {
    name: &'static str,
    rows: u64,
    checksum: String,
}

impl Answered {
    fn new(copied: Copied, took: Duration) -> Self {
        let rows = copied.tables.iter().map(|table| table.rows).sum();
        let tables = copied.tables.into_iter();
        let tables = tables.map(|table| Table { name: table.name, rows: table.rows, checksum: table.checksum });
        Self {
            from: copied.from,
            to: copied.to,
            seconds: (took.as_secs_f64() * 10.0).round() / 10.0,
            rows,
            tables: tables.collect(),
        }
    }
}

impl Answer for Answered {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("copied", self.from.clone()), ("to", self.to.clone())];
        for table in self.tables.iter().filter(|table| table.rows > 0) {
            fields.push(("table", format!("{}: {} rows, checksum {} in both", table.name, table.rows, table.checksum)));
        }
        fields.push(("rows", format!("{} in {} seconds", self.rows, self.seconds)));
        fields
    }
}

impl Copy {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let from = pool.place(self.from.as_deref())?;
        let to = pool.place(Some(&self.to))?;
        let meanwhile = if self.while_used { Meanwhile::LeftOut } else { Meanwhile::Refused };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let begun = Instant::now();
        let copied = runtime.block_on(copy(&from, &to, meanwhile, &mut show(&mut console)))?;
        let answer = Answered::new(copied, begun.elapsed());
        console.style.write_single(console.output, &answer).map_err(CliError::Output)
    }
}
