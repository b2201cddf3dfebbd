//! Which mails about tickets, and which notices, a user gets.

use stakepool_core::accounts::User;
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{MailWishes, StoreError, TicketMailKind};

use crate::pool::Pool;

impl Pool {
    /// Which mails about tickets a user gets.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mail_wishes(&self, user: &User) -> Result<MailWishes, StoreError> {
        self.parts.ticket_mails.mail_wishes(user.id).await
    }

    /// Stores which mails about tickets a user gets.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_mail_wishes(&self, user: &User, wishes: MailWishes) -> Result<(), StoreError> {
        self.parts.ticket_mails.set_mail_wishes(user.id, wishes).await?;
        self.note(user.id, AuditAction::AccountMails, in_words(wishes)).await;
        Ok(())
    }
}

/// The choice, for the audit log.
fn in_words(wishes: MailWishes) -> String {
    let kinds = [TicketMailKind::Ignored, TicketMailKind::Voted, TicketMailKind::Missed];
    let names: Vec<_> = kinds.into_iter().filter(|kind| wishes.wants(*kind)).map(TicketMailKind::name).collect();
    let tickets = if names.is_empty() {
        "no mails about tickets".to_owned()
    } else {
        format!("mails of tickets {}", names.join(", "))
    };
    if wishes.notices { format!("{tickets}; notices") } else { tickets }
}
