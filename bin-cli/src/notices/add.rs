//! `notices add`: a notice to the users.

use clap::{Args, ValueEnum};
use stakepool::NoticeKind;
use stakepool::administration::NewNotice;
use stakepool_core::time::UnixTime;

use super::row::{Row, failed};
use crate::console::Console;
use crate::date;
use crate::error::CliError;
use crate::pool::{ACTOR, OpenPool, PoolArguments};

/// What a notice is about.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// The pool will not be there for a while.
    Maintenance,
    /// Anything else.
    News,
}

/// Make a notice to the users, of a maintenance or of something else: on all pages at once, in `stats` of the user API, and
/// by mail.
///
/// Where the pool sends mail, every user gets it once, but for those who do not want such mails. A change of the
/// terms or a closing has a command that makes its notice: `terms announce`, `closing announce`.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// What it is about.
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Kind,
    /// What it says.
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// When that begins, as 2027-01-15, or 2027-01-15T18:00 in UTC; now where it is left out.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// When it is over, and the notice with it.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Send no mail.
    #[arg(long)]
    no_mail: bool,
}

impl Add {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let read = |argument, text: Option<String>| {
            text.map(|text| date::parse(&text).map_err(|error| CliError::argument(argument, error))).transpose()
        };
        let (from, until): (Option<UnixTime>, Option<UnixTime>) =
            (read("--from", self.from)?, read("--until", self.until)?);
        let open = OpenPool::open_with_mailer(pool)?;
        let now = open.pool.now();
        let kind = match self.kind {
            Kind::Maintenance => NoticeKind::Maintenance,
            Kind::News => NoticeKind::News,
        };
        let new =
            NewNotice { kind, text: self.text, from: from.unwrap_or(now), until, mail: !self.no_mail, block: None };
        let notice = open.wait(open.pool.add_notice(ACTOR, new)).map_err(|error| failed(error, "--from"))?;
        if notice.mail && !open.pool.sends_mail() {
            console.note("the pool sends no mail: users read it on the pages");
        }
        console.style.write_single(console.output, &Row::of(notice, now)).map_err(CliError::Output)
    }
}
