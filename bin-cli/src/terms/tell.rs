//! Telling the users of a change of the terms.

use std::time::Duration;

use stakepool::NoticeKind;
use stakepool::administration::{NewNotice, TermsChange};
use stakepool_core::chain::BlockHeight;
use stakepool_core::ticket::Terms;
use stakepool_core::time::UnixTime;

use crate::error::CliError;
use crate::notices::row::failed;
use crate::pool::{ACTOR, OpenPool};

/// How long after the change pages go on to tell of it.
const TOLD: Duration = Duration::from_secs(14 * 24 * 3600);

/// Makes the notice of a change.
pub(super) fn announced(
    open: &OpenPool,
    terms: &Terms,
    change: TermsChange,
    about: UnixTime,
    mail: bool,
) -> Result<(), CliError> {
    let what = match (change.fee, change.cold_wallet) {
        (Some(_), None) => format!("the pool asks for a fee of {} %", terms.fee),
        (None, _) => "the fee goes to another address, which the page Tickets shows then".to_owned(),
        (Some(_), Some(_)) => {
            format!(
                "the pool asks for a fee of {} %, which goes to another address: the page Tickets shows it then",
                terms.fee
            )
        }
    };
    let text = format!(
        "From block {} on, about {}, {what}. Tickets that were bought before are voted as they are. A wallet that buys tickets by \
         itself must be given the new values then.",
        terms.from,
        about.readable()
    );
    let until = Some(about.plus(TOLD));
    let new = NewNotice { kind: NoticeKind::Terms, text, from: about, until, mail, block: Some(terms.from) };
    open.wait(open.pool.add_notice(ACTOR, new)).map(drop).map_err(|error| failed(error, "--on"))
}

/// Takes the notice of a change back, where there is one.
pub(super) fn forget(open: &OpenPool, block: BlockHeight) -> Result<(), CliError> {
    let notices = open.wait(open.pool.all_notices())?.into_iter();
    for notice in notices.filter(|notice| notice.kind == NoticeKind::Terms && notice.block == Some(block)) {
        open.wait(open.pool.remove_notice(ACTOR, notice.id)).map_err(|error| failed(error, "HEIGHT"))?;
    }
    Ok(())
}
