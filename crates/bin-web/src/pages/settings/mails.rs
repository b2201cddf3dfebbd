//! What is mailed.

use stakepool_core::ports::MailWishes;

use crate::notice::Notice;
use crate::visit::{Outcome, Visit};

/// Stores which boxes are ticked.
pub async fn change(visit: &Visit) -> Outcome {
    let user = visit.need_user()?;
    let ticked = |name: &str| visit.form.get(name).is_some();
    let wishes =
        MailWishes { ignored: ticked("mailIgnored"), voted: ticked("mailVoted"), missed: ticked("mailMissed") };
    visit.app.services.ticket_mails.set_mail_wishes(user.id, wishes).await?;
    Ok(visit.done(Notice::MailWishesStored, "/settings"))
}
