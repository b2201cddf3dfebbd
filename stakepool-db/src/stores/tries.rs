//! Tries that all instances count together.

use async_trait::async_trait;
use stakepool_core::ports::{StoreError, TryStore};
use stakepool_core::store_rules::counted_try;
use stakepool_core::time::UnixTime;

use crate::attempts::transaction;
use crate::database::Database;
use crate::sql::{Fields, Turn, sql};

#[async_trait]
impl TryStore for Database {
    async fn count_try(
        &self,
        subject: &str,
        most: u32,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        transaction!(self.writes(Turn::Tries), |transaction| {
            let row =
                transaction.row(&sql("SELECT tries, ends FROM counted_tries WHERE subject = ?").bind(subject)).await?;
            let stored = row.as_ref().map(|row| {
                let fields = Fields::new(row, "counted_tries", subject);
                Ok::<_, StoreError>((fields.number("tries")?, UnixTime(fields.number("ends")?)))
            });
            let (tries, ends) = match counted_try(stored.transpose()?, most, now, until) {
                Ok(counted) => counted,
                Err(ends) => return Ok(Some(ends)),
            };
            // Those that are over go along, so that the table stays small.
            transaction
                .execute(&sql("DELETE FROM counted_tries WHERE subject = ? OR ends <= ?").bind(subject).bind(now.0))
                .await?;
            transaction
                .execute(
                    &sql("INSERT INTO counted_tries (subject, tries, ends) VALUES (?, ?, ?)")
                        .bind(subject)
                        .bind(i64::from(tries))
                        .bind(ends.0),
                )
                .await?;
            Ok(None)
        })
    }

    async fn forget_tries(&self, subject: &str) -> Result<(), StoreError> {
        self.execute(&sql("DELETE FROM counted_tries WHERE subject = ?").bind(subject)).await.map(drop)
    }
}
