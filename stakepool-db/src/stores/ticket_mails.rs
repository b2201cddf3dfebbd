//! What users are mailed about their tickets.

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MailWishes, StoreError, TicketMail, TicketMailKind, TicketMailStore};
use stakepool_core::store_rules::latest_lease;
use stakepool_core::time::UnixTime;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Turn, limit, sql};

#[async_trait]
impl TicketMailStore for Database {
    async fn mail_wishes(&self, user: UserId) -> Result<MailWishes, StoreError> {
        let wishes = sql("SELECT ignored, voted, missed, notices FROM mail_wishes WHERE user_id = ?").bind(user.0);
        let row = self.row(&wishes).await?;
        let Some(row) = row else { return Ok(MailWishes::default()) };
        let fields = Fields::new(&row, "mail_wishes", format_args!("of user {user}"));
        Ok(MailWishes {
            ignored: fields.flag("ignored")?,
            voted: fields.flag("voted")?,
            missed: fields.flag("missed")?,
            notices: fields.flag("notices")?,
        })
    }

    async fn set_mail_wishes(&self, user: UserId, wishes: MailWishes) -> Result<(), StoreError> {
        self.execute(
            &sql("REPLACE INTO mail_wishes (user_id, ignored, voted, missed, notices) VALUES (?, ?, ?, ?, ?)")
                .bind(user.0)
                .bind(wishes.ignored)
                .bind(wishes.voted)
                .bind(wishes.missed)
                .bind(wishes.notices),
        )
        .await
        .map(drop)
    }

    async fn note_mails(&self, mails: &[TicketMail], now: UnixTime) -> Result<(), StoreError> {
        if mails.is_empty() {
            return Ok(());
        }
        let note = |mail: &TicketMail| {
            let text = "INSERT INTO ticket_mails (ticket, kind, user_id, noted, tries, next_try, done) \
                        VALUES (?, ?, ?, ?, 0, ?, 0)";
            let key = sql(text).bind(mail.ticket.to_string()).bind(mail.kind.name());
            key.bind(mail.user.0).bind(now.0).bind(now.0)
        };
        transaction!(self.writes(Turn::None), |transaction| {
            for mail in mails {
                transaction.insert_new(&note(mail)).await?;
            }
            Ok(())
        })
    }

    async fn claim_mails(&self, now: UnixTime, until: UnixTime, most: u64) -> Result<Vec<TicketMail>, StoreError> {
        // Nothing is due most of the time: then no write lock is taken.
        // One that waits for longer than a claim lasts was claimed by a clock that was wrong.
        let latest = latest_lease(now, until).0;
        let due: Option<i64> = self
            .number(
                &sql("SELECT 1 FROM ticket_mails WHERE done = 0 AND (next_try <= ? OR next_try > ?) LIMIT 1")
                    .bind(now.0)
                    .bind(latest),
            )
            .await?;
        if due.is_none() {
            return Ok(Vec::new());
        }
        let due = sql(
            "SELECT ticket, kind, user_id, tries FROM ticket_mails WHERE done = 0 AND (next_try <= ? OR next_try > ?) \
             ORDER BY next_try, ticket, kind LIMIT ?",
        )
        .bind(now.0)
        .bind(latest)
        .bind(limit(most));
        transaction!(self.writes(Turn::Mails), |transaction| {
            let rows = transaction.rows(&due).await?;
            let mails = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            for mail in &mails {
                let claim = "UPDATE ticket_mails SET tries = tries + 1, next_try = ? WHERE ticket = ? AND kind = ?";
                let claim = sql(claim).bind(until.0).bind(mail.ticket.to_string()).bind(mail.kind.name());
                transaction.execute(&claim).await?;
            }
            Ok(mails)
        })
    }

    async fn keep_claim(&self, mail: &TicketMail, until: UnixTime) -> Result<bool, StoreError> {
        // Each claim is one more try, so that the tries tell one's own from a later one.
        let keep = sql("UPDATE ticket_mails SET next_try = ? WHERE ticket = ? AND kind = ? AND tries = ? AND done = 0")
            .bind(until.0)
            .bind(mail.ticket.to_string())
            .bind(mail.kind.name())
            .bind(i64::from(mail.tries) + 1);
        Ok(self.execute(&keep).await? == 1)
    }

    async fn mail_done(&self, mail: &TicketMail) -> Result<(), StoreError> {
        self.execute(
            &sql("UPDATE ticket_mails SET done = 1 WHERE ticket = ? AND kind = ?")
                .bind(mail.ticket.to_string())
                .bind(mail.kind.name()),
        )
        .await
        .map(drop)
    }
}

fn read(row: &Row) -> Result<TicketMail, StoreError> {
    let ticket = Fields::new(row, "ticket_mails", "of a ticket").text("ticket")?;
    let fields = Fields::new(row, "ticket_mails", format_args!("of ticket {ticket}"));
    Ok(TicketMail {
        ticket: fields.parsed("ticket")?,
        kind: fields.named("kind", TicketMailKind::from_name)?,
        user: UserId(fields.number("user_id")?),
        tries: fields.number("tries")?,
    })
}
