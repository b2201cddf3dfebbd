//! What charts are made of: days of the network, and tickets by spans of blocks.

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{HistoryStore, NetworkDay, StoreError, Turnover};
use stakepool_core::time::Day;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Statement, Turn, sql};

/// Spans that share a statement. SQLite joins at most 500 selections.
const CHUNK: usize = 400;

#[async_trait]
impl HistoryStore for Database {
    async fn note_day(&self, seen: &NetworkDay) -> Result<(), StoreError> {
        let (day, height) = (seen.day.0, i64::from(seen.height.0));
        let (network, pool) = (number(seen.network_live), number(seen.pool_live));
        let first = sql("INSERT INTO network_days (day, height, network_live, pool_live) VALUES (?, ?, ?, ?)")
            .bind(day)
            .bind(height)
            .bind(network)
            .bind(pool);
        let later =
            sql("UPDATE network_days SET height = ?, network_live = ?, pool_live = ? WHERE day = ? AND height <= ?")
                .bind(height)
                .bind(network)
                .bind(pool)
                .bind(day)
                .bind(height);
        transaction!(self.writes(Turn::None), |transaction| {
            if !transaction.insert_new(&first).await? {
                transaction.execute(&later).await?;
            }
            Ok(())
        })
    }

    async fn days_since(&self, first: Day) -> Result<Vec<NetworkDay>, StoreError> {
        let rows = self.rows(&sql("SELECT * FROM network_days WHERE day >= ? ORDER BY day").bind(first.0)).await?;
        let day = |row| {
            let day = Day(Fields::new(row, "network_days", "?").number("day")?);
            let fields = Fields::new(row, "network_days", day);
            Ok(NetworkDay {
                day,
                height: BlockHeight(fields.number("height")?),
                network_live: fields.number("network_live")?,
                pool_live: fields.number("pool_live")?,
            })
        };
        rows.iter().map(day).collect()
    }

    async fn turnover(&self, user: Option<UserId>, bounds: &[BlockHeight]) -> Result<Vec<Turnover>, StoreError> {
        let mut all = Vec::with_capacity(bounds.len().saturating_sub(1));
        let spans: Vec<_> = bounds.windows(2).map(|pair| (pair[0], pair[1])).collect();
        for spans in spans.chunks(CHUNK) {
            all.extend(count(self, user, spans).await?);
        }
        Ok(all)
    }
}

/// A number of tickets as engines take it.
fn number(tickets: u64) -> i64 {
    i64::try_from(tickets).unwrap_or(i64::MAX)
}

async fn count(
    database: &Database,
    user: Option<UserId>,
    spans: &[(BlockHeight, BlockHeight)],
) -> Result<Vec<Turnover>, StoreError> {
    transaction!(database.reads(), |transaction| {
        let mut counted = vec![Turnover::default(); spans.len()];
        for column in ["mined_at", "ended_at"] {
            let rows = transaction.rows(&by_span(column, user, spans)).await?;
            add(&mut counted, column, &rows)?;
        }
        Ok(counted)
    })
}

/// Adds what was counted by the heights in `column`.
fn add(counted: &mut [Turnover], column: &str, rows: &[Row]) -> Result<(), StoreError> {
    for row in rows {
        let fields = Fields::new(row, "tickets", "(all)");
        let Some(turnover) = counted.get_mut(fields.number::<usize>("span")?) else { continue };
        if column == "mined_at" {
            turnover.mined += fields.number::<u64>("tickets")?;
        } else {
            turnover.voted += fields.number::<u64>("voted")?;
            turnover.missed += fields.number::<u64>("missed")?;
            turnover.expired += fields.number::<u64>("expired")?;
        }
    }
    Ok(())
}

/// Counts tickets by span of the heights in `column`, which is a fixed name: a row a span.
///
/// Each span is a selection by itself, and none is grouped, so that every engine goes through the part of an index that
/// the span is.
fn by_span(column: &'static str, user: Option<UserId>, spans: &[(BlockHeight, BlockHeight)]) -> Statement {
    let mut all = sql("").once();
    for (index, (above, up_to)) in spans.iter().enumerate() {
        all.push(if index == 0 { "SELECT CAST(" } else { " UNION ALL SELECT CAST(" });
        all.push_bind(number(index as u64)).push(
            " AS SIGNED) AS span, COUNT(*) AS tickets, COUNT(CASE WHEN state = 'voted' THEN 1 END) AS voted, \
             COUNT(CASE WHEN state = 'missed' THEN 1 END) AS missed, \
             COUNT(CASE WHEN state = 'expired' THEN 1 END) AS expired FROM tickets WHERE ignored = 0 AND ",
        );
        all.push(column).push(" > ").push_bind(i64::from(above.0));
        all.push(" AND ").push(column).push(" <= ").push_bind(i64::from(up_to.0));
        if let Some(user) = user {
            all.push(" AND user_id = ").push_bind(user.0);
        }
    }
    all
}
