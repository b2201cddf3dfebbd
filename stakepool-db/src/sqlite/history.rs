//! What charts are made of: days of the network, and tickets by spans of blocks.

use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{HistoryStore, NetworkDay, StoreError, Turnover};
use stakepool_core::reports::TicketState;
use stakepool_core::time::Day;

use super::Database;
use super::failure::backend;
use super::row::Fields;

/// Spans that share a statement. Three values each stay well below SQLite's 32,766.
const CHUNK: usize = 1000;

#[async_trait]
impl HistoryStore for Database {
    async fn note_day(&self, seen: &NetworkDay) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO network_days (day, height, network_live, pool_live) VALUES (?, ?, ?, ?) \
             ON CONFLICT (day) DO UPDATE SET height = excluded.height, network_live = excluded.network_live, \
             pool_live = excluded.pool_live WHERE excluded.height >= network_days.height",
        )
        .bind(seen.day.0)
        .bind(i64::from(seen.height.0))
        .bind(number(seen.network_live))
        .bind(number(seen.pool_live))
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn days_since(&self, first: Day) -> Result<Vec<NetworkDay>, StoreError> {
        let rows = sqlx::query("SELECT * FROM network_days WHERE day >= ? ORDER BY day")
            .bind(first.0)
            .fetch_all(self.readers())
            .await
            .map_err(backend)?;
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

/// A number of tickets as SQLite takes it.
fn number(tickets: u64) -> i64 {
    i64::try_from(tickets).unwrap_or(i64::MAX)
}

async fn count(
    database: &Database,
    user: Option<UserId>,
    spans: &[(BlockHeight, BlockHeight)],
) -> Result<Vec<Turnover>, StoreError> {
    let mut counted = vec![Turnover::default(); spans.len()];
    let mut transaction = database.readers().begin().await.map_err(backend)?;
    for column in ["mined_at", "ended_at"] {
        let mut sql = by_span(column, user, spans);
        let rows = sql.build().persistent(false).fetch_all(&mut *transaction).await.map_err(backend)?;
        for row in &rows {
            let fields = Fields::new(row, "tickets", "(all)");
            let tickets: u64 = fields.number("tickets")?;
            let Some(turnover) = counted.get_mut(fields.number::<usize>("span")?) else { continue };
            if column == "mined_at" {
                turnover.mined += tickets;
                continue;
            }
            match fields.named("state", TicketState::from_name)? {
                TicketState::Voted => turnover.voted += tickets,
                TicketState::Missed => turnover.missed += tickets,
                TicketState::Expired => turnover.expired += tickets,
                // Cannot be: neither has ended.
                TicketState::Immature | TicketState::Live => {}
            }
        }
    }
    transaction.commit().await.map_err(backend)?;
    Ok(counted)
}

/// Counts tickets by span of the heights in `column`, which is a fixed name, and by state.
fn by_span(column: &'static str, user: Option<UserId>, spans: &[(BlockHeight, BlockHeight)]) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new("WITH spans (span, above, up_to) AS (");
    sql.push_values(spans.iter().enumerate(), |mut row, (index, (above, up_to))| {
        row.push_bind(number(index as u64)).push_bind(i64::from(above.0)).push_bind(i64::from(up_to.0));
    });
    // A cross join makes SQLite go through the spans and look each of them up in an index.
    sql.push(") SELECT span, state, COUNT(*) AS tickets FROM spans CROSS JOIN tickets ON ");
    sql.push(column).push(" > above AND ").push(column).push(" <= up_to WHERE ignored = 0");
    if let Some(user) = user {
        sql.push(" AND user_id = ").push_bind(user.0);
    }
    sql.push(" GROUP BY span, state");
    sql
}
