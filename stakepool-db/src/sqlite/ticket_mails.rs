//! What users are mailed about their tickets.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MailWishes, StoreError, TicketMail, TicketMailKind, TicketMailStore};
use stakepool_core::store_rules::latest_lease;
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::Fields;
use super::row::limit;

#[async_trait]
impl TicketMailStore for Database {
    async fn mail_wishes(&self, user: UserId) -> Result<MailWishes, StoreError> {
        let row = sqlx::query("SELECT ignored, voted, missed FROM mail_wishes WHERE user_id = ?")
            .bind(user.0)
            .fetch_optional(self.readers())
            .await
            .map_err(backend)?;
        let Some(row) = row else { return Ok(MailWishes::default()) };
        let fields = Fields::new(&row, "mail_wishes", format_args!("of user {user}"));
        Ok(MailWishes {
            ignored: fields.flag("ignored")?,
            voted: fields.flag("voted")?,
            missed: fields.flag("missed")?,
        })
    }

    async fn set_mail_wishes(&self, user: UserId, wishes: MailWishes) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("REPLACE INTO mail_wishes (user_id, ignored, voted, missed) VALUES (?, ?, ?, ?)")
            .bind(user.0)
            .bind(wishes.ignored)
            .bind(wishes.voted)
            .bind(wishes.missed)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn note_mails(&self, mails: &[TicketMail], now: UnixTime) -> Result<(), StoreError> {
        if mails.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        for mail in mails {
            sqlx::query(
                "INSERT OR IGNORE INTO ticket_mails (ticket, kind, user_id, noted, tries, next_try, done) \
                 VALUES (?, ?, ?, ?, 0, ?, 0)",
            )
            .bind(mail.ticket.to_string())
            .bind(mail.kind.name())
            .bind(mail.user.0)
            .bind(now.0)
            .bind(now.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        }
        transaction.commit().await.map_err(backend)
    }

    async fn claim_mails(&self, now: UnixTime, until: UnixTime, most: u64) -> Result<Vec<TicketMail>, StoreError> {
        // Nothing is due most of the time: then no write lock is taken.
        // One that waits for longer than a claim lasts was claimed by a clock that was wrong.
        let latest = latest_lease(now, until).0;
        let due: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM ticket_mails WHERE done = 0 AND (next_try <= ? OR next_try > ?) LIMIT 1")
                .bind(now.0)
                .bind(latest)
                .fetch_optional(self.readers())
                .await
                .map_err(backend)?;
        if due.is_none() {
            return Ok(Vec::new());
        }
        let mut transaction = self.write().await?;
        let rows = sqlx::query(
            "SELECT ticket, kind, user_id, tries FROM ticket_mails WHERE done = 0 AND (next_try <= ? OR next_try > ?) \
             ORDER BY next_try, ticket, kind LIMIT ?",
        )
        .bind(now.0)
        .bind(latest)
        .bind(limit(most))
        .fetch_all(&mut *transaction)
        .await
        .map_err(backend)?;
        let mails = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        for mail in &mails {
            sqlx::query("UPDATE ticket_mails SET tries = tries + 1, next_try = ? WHERE ticket = ? AND kind = ?")
                .bind(until.0)
                .bind(mail.ticket.to_string())
                .bind(mail.kind.name())
                .execute(&mut *transaction)
                .await
                .map_err(backend)?;
        }
        transaction.commit().await.map_err(backend)?;
        Ok(mails)
    }

    async fn mail_done(&self, mail: &TicketMail) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE ticket_mails SET done = 1 WHERE ticket = ? AND kind = ?")
            .bind(mail.ticket.to_string())
            .bind(mail.kind.name())
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }
}

fn read(row: &SqliteRow) -> Result<TicketMail, StoreError> {
    let ticket = Fields::new(row, "ticket_mails", "of a ticket").text("ticket")?;
    let fields = Fields::new(row, "ticket_mails", format_args!("of ticket {ticket}"));
    Ok(TicketMail {
        ticket: fields.parsed("ticket")?,
        kind: fields.named("kind", TicketMailKind::from_name)?,
        user: UserId(fields.number("user_id")?),
        tries: fields.number("tries")?,
    })
}
