//! Tries that all instances count together.

use std::collections::BTreeMap;

use async_trait::async_trait;
use stakepool_core::ports::{CountedTry, StoreError, TryStore};
use stakepool_core::store_rules::counted_try;
use stakepool_core::time::UnixTime;

use crate::attempts::transaction;
use crate::database::Database;
use crate::sql::{Failure, Fields, Transaction, Turn, sql};

#[async_trait]
impl TryStore for Database {
    async fn count_try(
        &self,
        subject: &str,
        most: u32,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        let tries = [CountedTry { subject: subject.to_owned(), most, until }];
        self.count_tries(&tries, now).await
    }

    async fn count_tries(&self, tries: &[CountedTry], now: UnixTime) -> Result<Option<UnixTime>, StoreError> {
        if tries.is_empty() {
            return Ok(None);
        }
        transaction!(self.writes(Turn::Tries), |transaction| {
            let stored = read(transaction, tries).await?;
            let (mut counted, mut refused) = (Vec::new(), None);
            for one in tries {
                match counted_try(stored.get(&one.subject).copied(), one.most, now, one.until) {
                    Ok(now_stored) => counted.push((one.subject.as_str(), now_stored)),
                    Err(ends) => refused = refused.max(Some(ends)),
                }
            }
            if refused.is_some() {
                return Ok(refused);
            }
            // Those that are over go along, so that the table stays small: in a statement of their own, which an index serves.
            transaction.execute(&sql("DELETE FROM counted_tries WHERE ends <= ?").bind(now.0)).await?;
            let mut replaced = sql("DELETE FROM counted_tries WHERE subject IN (").once();
            replaced.push_list(counted.iter().map(|(subject, _)| *subject)).push(")");
            transaction.execute(&replaced).await?;
            let mut insert = sql("INSERT INTO counted_tries (subject, tries, ends) VALUES ").once();
            for (number, (subject, (tries, ends))) in counted.into_iter().enumerate() {
                insert.push(if number == 0 { "(" } else { ", (" });
                insert.push_bind(subject).push(", ").push_bind(i64::from(tries)).push(", ").push_bind(ends.0).push(")");
            }
            transaction.execute(&insert).await?;
            Ok(None)
        })
    }

    async fn end_tries(&self, forgotten: &[String], taken_back: &[String]) -> Result<(), StoreError> {
        transaction!(self.writes(Turn::Tries), |transaction| {
            if !taken_back.is_empty() {
                let mut fewer =
                    sql("UPDATE counted_tries SET tries = tries - 1 WHERE tries > 0 AND subject IN (").once();
                fewer.push_list(taken_back.iter().map(String::as_str)).push(")");
                transaction.execute(&fewer).await?;
            }
            if !forgotten.is_empty() {
                let mut forget = sql("DELETE FROM counted_tries WHERE subject IN (").once();
                forget.push_list(forgotten.iter().map(String::as_str)).push(")");
                transaction.execute(&forget).await?;
            }
            Ok(())
        })
    }

    async fn forget_tries(&self, subject: &str) -> Result<(), StoreError> {
        self.execute(&sql("DELETE FROM counted_tries WHERE subject = ?").bind(subject)).await.map(drop)
    }
}

/// What is stored of the subjects of tries: how many there were, and when they are forgotten.
async fn read(
    transaction: &mut Transaction,
    tries: &[CountedTry],
) -> Result<BTreeMap<String, (u32, UnixTime)>, Failure> {
    let mut query = sql("SELECT subject, tries, ends FROM counted_tries WHERE subject IN (").once();
    query.push_list(tries.iter().map(|one| one.subject.as_str())).push(")");
    let mut stored = BTreeMap::new();
    for row in transaction.rows(&query).await? {
        let fields = Fields::new(&row, "counted_tries", "?");
        let subject = fields.text("subject")?.to_owned();
        stored.insert(subject, (fields.number("tries")?, UnixTime(fields.number("ends")?)));
    }
    Ok(stored)
}
