//! Accounts that nobody has shown to be theirs.

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{StoreError, TokenPurpose, UnverifiedStore};
use stakepool_core::time::UnixTime;

use super::tokens::name;
use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Statement, Turn, limit, sql};

/// What goes with a user, by the number. The row of `accounts` stays, so that the number is not given twice.
const OF_USER: [&str; 7] = [
    "DELETE FROM tokens WHERE user_id = ?",
    "DELETE FROM sessions WHERE user_id = ?",
    "DELETE FROM recovery_codes WHERE user_id = ?",
    "DELETE FROM second_factors WHERE user_id = ?",
    "DELETE FROM mail_wishes WHERE user_id = ?",
    "DELETE FROM mail_failures WHERE user_id = ?",
    "UPDATE accounts SET email_key = NULL, argon2 = '' WHERE user_id = ?",
];

#[async_trait]
impl UnverifiedStore for Database {
    async fn remove_unverified(
        &self,
        before: UnixTime,
        now: UnixTime,
        keep: &[UserId],
        most: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        // Mostly there are none: looking keeps nobody from writing.
        let find = unused(before, now, keep, most);
        if left(&self.rows(&find).await?, keep, most)?.is_empty() {
            return Ok(Vec::new());
        }
        transaction!(self.writes(Turn::Users), |transaction| {
            let unused = left(&transaction.rows(&find).await?, keep, most)?;
            for user in &unused {
                transaction.execute(&sql("DELETE FROM Users WHERE UserId = ?").bind(user.0)).await?;
                for statement in OF_USER {
                    transaction.execute(&sql(statement).bind(user.0)).await?;
                }
            }
            Ok(unused)
        })
    }
}

fn unused(before: UnixTime, now: UnixTime, keep: &[UserId], most: u64) -> Statement {
    // As many more are read as may be left out.
    let rows = most.saturating_add(keep.len() as u64);
    sql("SELECT u.UserId FROM Users u JOIN accounts a ON a.user_id = u.UserId \
         WHERE u.EmailVerified = 0 AND COALESCE(u.MultiSigAddress, '') = '' \
         AND a.admin = 0 AND a.disabled = 0 AND a.last_sign_in = 0 AND a.created > 0 AND a.created < ? \
         AND NOT EXISTS (SELECT 1 FROM key_indexes k WHERE k.user_id = u.UserId) \
         AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = u.UserId) \
         AND NOT EXISTS (SELECT 1 FROM vsp_claims c WHERE c.user_id = u.UserId) \
         AND NOT EXISTS (SELECT 1 FROM tokens l WHERE l.user_id = u.UserId AND l.purpose = ? AND l.expires > ?) \
         ORDER BY u.UserId LIMIT ?")
    .bind(before.0)
    .bind(name(TokenPurpose::VerifyEmail))
    .bind(now.0)
    .bind(limit(rows))
}

/// The users of these rows but for those that are kept.
fn left(rows: &[Row], keep: &[UserId], most: u64) -> Result<Vec<UserId>, StoreError> {
    let user = |row: &Row| Fields::new(row, "Users", "?").number("UserId").map(UserId);
    let users = rows.iter().map(user).collect::<Result<Vec<_>, _>>()?;
    let unused = users.into_iter().filter(|user| !keep.contains(user));
    Ok(unused.take(usize::try_from(most).unwrap_or(usize::MAX)).collect())
}
