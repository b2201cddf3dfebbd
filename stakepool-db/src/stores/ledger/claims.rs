//! Claims of users on tickets that vote by keys of their own. The ledger's rows of these tickets follow them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{Claim, ClaimStore, StoreError};
use stakepool_core::time::UnixTime;

use super::no_user::NO_USER;
use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Failure, Fields, Row, Statement, Transaction, Turn, sql};

/// Tickets that one statement asks for.
const AT_ONCE: usize = 500;

#[async_trait]
impl ClaimStore for Database {
    async fn add_claim(&self, claim: &Claim) -> Result<bool, StoreError> {
        let (hash, user) = (claim.ticket.to_string(), claim.user.0);
        let insert = sql("INSERT INTO vsp_claims (ticket, user_id, made) VALUES (?, ?, ?)")
            .bind(hash.as_str())
            .bind(user)
            .bind(claim.made.0);
        let own = sql("UPDATE tickets SET user_id = ? WHERE ticket = ? AND user_id = ?")
            .bind(user)
            .bind(hash.as_str())
            .bind(NO_USER);
        // With the ledger's turn: no report comes between the two.
        let is_claimed = transaction!(self.writes(Turn::Ledger), |transaction| {
            let is_new = transaction.insert_new(&insert).await?;
            if is_new {
                transaction.execute(&own).await?;
            }
            Ok(is_new)
        })?;
        self.ledger_changed();
        Ok(is_claimed)
    }

    async fn release_claim(&self, ticket: &TicketHash, user: UserId) -> Result<bool, StoreError> {
        let hash = ticket.to_string();
        let delete = sql("DELETE FROM vsp_claims WHERE ticket = ? AND user_id = ?").bind(hash.as_str()).bind(user.0);
        let disown = sql("UPDATE tickets SET user_id = ? WHERE ticket = ? AND user_id = ?")
            .bind(NO_USER)
            .bind(hash.as_str())
            .bind(user.0);
        let is_released = transaction!(self.writes(Turn::Ledger), |transaction| {
            let is_gone = transaction.execute(&delete).await? == 1;
            if is_gone {
                transaction.execute(&disown).await?;
            }
            Ok(is_gone)
        })?;
        self.ledger_changed();
        Ok(is_released)
    }

    async fn release_claims(&self, user: UserId) -> Result<u64, StoreError> {
        let disown = sql(
            "UPDATE tickets SET user_id = ? WHERE ticket IN (SELECT c.ticket FROM vsp_claims c WHERE c.user_id = ?)",
        )
        .bind(NO_USER)
        .bind(user.0);
        let delete = sql("DELETE FROM vsp_claims WHERE user_id = ?").bind(user.0);
        let released = transaction!(self.writes(Turn::Ledger), |transaction| {
            transaction.execute(&disown).await?;
            transaction.execute(&delete).await
        })?;
        self.ledger_changed();
        Ok(released)
    }

    async fn claims_of(&self, user: UserId) -> Result<Vec<Claim>, StoreError> {
        let query = sql("SELECT * FROM vsp_claims WHERE user_id = ? ORDER BY made DESC, ticket").bind(user.0);
        self.rows(&query).await?.iter().map(read).collect()
    }

    async fn claims_among(&self, tickets: &[TicketHash]) -> Result<Vec<Claim>, StoreError> {
        let mut claims = Vec::new();
        for some in tickets.chunks(AT_ONCE) {
            let rows = self.rows(&among(some.iter())).await?;
            claims.extend(rows.iter().map(read).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(claims)
    }
}

/// Who has claimed which of some tickets.
pub(super) async fn claimants(
    transaction: &mut Transaction,
    tickets: &[TicketHash],
) -> Result<BTreeMap<TicketHash, UserId>, Failure> {
    if tickets.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = transaction.rows(&among(tickets.iter())).await?;
    Ok(rows.iter().map(|row| read(row).map(|claim| (claim.ticket, claim.user))).collect::<Result<_, _>>()?)
}

fn among<'a>(tickets: impl Iterator<Item = &'a TicketHash>) -> Statement {
    let mut query = sql("SELECT * FROM vsp_claims WHERE ticket IN (").once();
    query.push_list(tickets.map(ToString::to_string)).push(") ORDER BY ticket");
    query
}

fn read(row: &Row) -> Result<Claim, StoreError> {
    let hash = Fields::new(row, "vsp_claims", "?").text("ticket")?;
    let fields = Fields::new(row, "vsp_claims", hash);
    Ok(Claim {
        ticket: fields.parsed("ticket")?,
        user: UserId(fields.number("user_id")?),
        made: UnixTime(fields.number("made")?),
    })
}
