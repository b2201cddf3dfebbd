//! What is mailed.

use stakepool_core::ports::MailWishes;

use crate::browser::flash::Flash;
use crate::visit::{Outcome, Visit};

/// Stores which boxes are ticked.
pub async fn change(visit: &Visit) -> Outcome {
    let user = visit.need_user()?;
    let ticked = |name: &str| visit.form.get(name).is_some();
    let wishes = MailWishes {
        ignored: ticked("mailIgnored"),
        voted: ticked("mailVoted"),
        missed: ticked("mailMissed"),
        notices: ticked("mailNotices"),
    };
    visit.site.pool.set_mail_wishes(user, wishes).await?;
    Ok(visit.done(Flash::MailWishesStored, "/settings"))
}
