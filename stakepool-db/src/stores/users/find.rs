//! Users, looked up.

use stakepool_core::accounts::UserId;

use super::read::select_users;
use crate::sql::{Failure, Statement, Transaction, sql};

/// A user.
pub(super) fn by_id(id: UserId) -> Statement {
    sql(select_users!("WHERE u.UserId = ?")).bind(id.0)
}

/// Who has an e-mail address, by its key.
pub(super) async fn holder_of_email(transaction: &mut Transaction, key: &str) -> Result<Option<i64>, Failure> {
    transaction.number(&sql("SELECT user_id FROM accounts WHERE email_key = ?").bind(key)).await
}
