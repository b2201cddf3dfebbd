//! What is mailed.

use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{MailWishes, TicketMailKind};

use crate::browser::flash::Flash;
use crate::visit::{Outcome, Visit};

/// Stores which boxes are ticked.
pub async fn change(visit: &Visit) -> Outcome {
    let user = visit.need_user()?;
    let ticked = |name: &str| visit.form.get(name).is_some();
    let wishes =
        MailWishes { ignored: ticked("mailIgnored"), voted: ticked("mailVoted"), missed: ticked("mailMissed") };
    visit.app.services.ticket_mails.set_mail_wishes(user.id, wishes).await?;
    visit.app.note(user.id, AuditAction::AccountMails, told(wishes)).await;
    Ok(visit.done(Notice::MailWishesStored, "/settings"))
}

/// The choice, for the audit log.
fn told(wishes: MailWishes) -> String {
    let kinds = [TicketMailKind::Ignored, TicketMailKind::Voted, TicketMailKind::Missed];
    let names: Vec<_> = kinds.into_iter().filter(|kind| wishes.wants(*kind)).map(TicketMailKind::name).collect();
    if names.is_empty() {
        "no mails about tickets".to_owned()
    } else {
        format!("mails of tickets {}", names.join(", "))
    }
}
