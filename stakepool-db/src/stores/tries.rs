//! Tries that all instances count together.

use std::collections::BTreeMap;

use async_trait::async_trait;
use stakepool_core::ports::{CountedTry, StoreError, TryStore};
use stakepool_core::store_rules::counted_try;
use stakepool_core::time::UnixTime;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Failure, Fields, Row, Transaction, Turn, sql};

/// Most tries that are over which go with one that is counted: more than one adds, and few enough that nobody waits for it.
const OVER: i64 = 100;

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
            let over = over(transaction, now).await?;
            let mut replaced = sql("DELETE FROM counted_tries WHERE subject IN (").once();
            let subjects = counted.iter().map(|(subject, _)| *subject);
            replaced.push_list(subjects.chain(over.iter().map(String::as_str))).push(")");
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

/// Some subjects whose tries are over, which an index finds. They go along, so that the table stays small.
async fn over(transaction: &mut Transaction, now: UnixTime) -> Result<Vec<String>, Failure> {
    let over = sql("SELECT subject FROM counted_tries WHERE ends <= ? ORDER BY ends LIMIT ?").bind(now.0).bind(OVER);
    let subject = |row: &Row| Ok(Fields::new(row, "counted_tries", "?").text("subject")?.to_owned());
    transaction.rows(&over).await?.iter().map(subject).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::SqliteOptions;

    #[tokio::test]
    async fn tries_that_are_over_go_a_few_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pool.sqlite");
        let database = Database::open_sqlite(file, SqliteOptions::default()).await.unwrap();
        let one = |subject: String| CountedTry { subject, most: 1, until: UnixTime(60) };
        let many: Vec<_> = (0..250).map(|number| one(format!("flood {number}"))).collect();
        assert_eq!(database.count_tries(&many, UnixTime(0)).await, Ok(None));
        let mut left = Vec::new();
        for number in 0..3 {
            assert_eq!(database.count_try(&format!("{number}"), 1, UnixTime(61), UnixTime(121)).await, Ok(None));
            let count = sql("SELECT COUNT(*) AS tries FROM counted_tries WHERE ends <= 61");
            let row = database.row(&count).await.unwrap().unwrap();
            left.push(Fields::new(&row, "counted_tries", "?").number::<i64>("tries").unwrap());
        }
        assert_eq!(left, [150, 50, 0]);
    }
}
