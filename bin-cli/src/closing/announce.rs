//! `closing announce`: the day from which on the pool takes nobody new.

use clap::Args;
use stakepool::NoticeKind;
use stakepool::administration::NewNotice;

use crate::console::Console;
use crate::date;
use crate::error::CliError;
use crate::notices::row::{Row, failed};
use crate::pool::{ACTOR, OpenPool, PoolArguments};

/// What is said where the operator says nothing.
const TEXT: &str = "This pool closes on the day that is named here. Buy no more tickets with it from then on. Tickets that were \
                    bought before are voted until the last is over. Keep a copy of your script: with it your own wallet can \
                    vote, too.";

/// Announce the day on which the pool closes for good.
///
/// Pages show it at once, and where the pool sends mail every user gets one now, one at half time and one on the day, whatever
/// mails they chose. From that day on nobody signs up, no address is registered, and pages no longer show how to buy tickets.
/// Tickets are voted as before: leave the daemons, nodes and voting wallets running until `closing show` says that the last is
/// over. Votes need no web for that.
#[derive(Debug, Args)]
pub(crate) struct Announce {
    /// The day, or the moment in UTC, such as 2027-06-30 or 2027-06-30T12:00.
    #[arg(long, value_name = "DATE")]
    on: String,
    /// What users read beside the date.
    #[arg(long, value_name = "TEXT", default_value = TEXT)]
    text: String,
    /// Send no mail.
    #[arg(long)]
    no_mail: bool,
}

impl Announce {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let on = date::parse(&self.on).map_err(|error| CliError::argument("--on", error))?;
        let open = OpenPool::open_with_mailer(pool)?;
        let new = NewNotice {
            kind: NoticeKind::Closing,
            text: self.text,
            from: on,
            until: None,
            mail: !self.no_mail,
            block: None,
        };
        let notice = open.wait(open.pool.add_notice(ACTOR, new)).map_err(|error| failed(error, "--on"))?;
        if notice.mail && !open.pool.sends_mail() {
            console.note("the pool sends no mail: users read it on the pages");
        }
        console.style.write_single(console.output, &Row::of(notice, open.pool.now())).map_err(CliError::Output)
    }
}
