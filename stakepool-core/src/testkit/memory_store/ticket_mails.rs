//! What users are mailed about their tickets.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{NotedMail, rows};
use crate::accounts::UserId;
use crate::ports::{MailWishes, StoreError, TicketMail, TicketMailStore};
use crate::store_rules::latest_lease;
use crate::time::UnixTime;

#[async_trait]
impl TicketMailStore for MemoryStore {
    async fn mail_wishes(&self, user: UserId) -> Result<MailWishes, StoreError> {
        Ok(self.tables().wishes.get(&user).copied().unwrap_or_default())
    }

    async fn set_mail_wishes(&self, user: UserId, wishes: MailWishes) -> Result<(), StoreError> {
        self.tables().wishes.insert(user, wishes);
        Ok(())
    }

    async fn note_mails(&self, mails: &[TicketMail], now: UnixTime) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for TicketMail { ticket, kind, user, .. } in mails.iter().copied() {
            let noted = NotedMail { ticket, kind, user, tries: 0, next_try: now, done: false };
            tables.mails.entry((ticket.to_string(), kind.name())).or_insert(noted);
        }
        Ok(())
    }

    async fn claim_mails(&self, now: UnixTime, until: UnixTime, limit: u64) -> Result<Vec<TicketMail>, StoreError> {
        let mut tables = self.tables();
        let latest = latest_lease(now, until);
        let is_due = |next_try: UnixTime| next_try <= now || next_try > latest;
        let mut due: Vec<_> = tables.mails.values_mut().filter(|mail| !mail.done && is_due(mail.next_try)).collect();
        due.sort_by_key(|mail| mail.next_try);
        let claimed = due.into_iter().take(rows(limit)).map(|noted| {
            let mail = TicketMail { ticket: noted.ticket, kind: noted.kind, user: noted.user, tries: noted.tries };
            (noted.tries, noted.next_try) = (noted.tries + 1, until);
            mail
        });
        Ok(claimed.collect())
    }

    async fn keep_claim(&self, mail: &TicketMail, until: UnixTime) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let noted = tables.mails.get_mut(&(mail.ticket.to_string(), mail.kind.name()));
        let Some(noted) = noted.filter(|noted| !noted.done && noted.tries == mail.tries + 1) else { return Ok(false) };
        noted.next_try = until;
        Ok(true)
    }

    async fn mail_done(&self, mail: &TicketMail) -> Result<(), StoreError> {
        if let Some(noted) = self.tables().mails.get_mut(&(mail.ticket.to_string(), mail.kind.name())) {
            noted.done = true;
        }
        Ok(())
    }
}
