//! Rows of the predecessor get their keys in our tables.
//!
//! Runs at every start, since an operator may have gone back to the predecessor's programs for a while.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::KeyIndex;
use stakepool_core::store_rules::email_key;

use crate::changed;
use crate::sql::{Failure, Row, Transaction, sql};
use crate::warning::Warning;

/// Gives every row its keys. Of doubles the first keeps the key, and the others are logged.
pub(super) async fn adopt(transaction: &mut Transaction) -> Result<Vec<Warning>, Failure> {
    transaction.execute(&sql("INSERT INTO accounts (user_id, argon2) SELECT UserId, '' FROM Users WHERE UserId NOT IN (SELECT user_id FROM accounts)")).await?;
    changed::follow(transaction).await?;
    let mut warnings = give_email_keys(transaction).await?;
    warnings.extend(give_address_keys(transaction).await?);
    warnings.extend(give_key_indexes(transaction).await?);
    Ok(warnings)
}

/// Gives e-mail addresses without a holder to the first user that has them. The rest are doubles.
pub(super) async fn give_email_keys(transaction: &mut Transaction) -> Result<Vec<Warning>, Failure> {
    let rows = transaction
        .rows(&sql("SELECT u.UserId AS id, u.Email AS text FROM accounts a JOIN Users u ON u.UserId = a.user_id \
         WHERE a.email_key IS NULL ORDER BY u.UserId"))
        .await?;
    let mut warnings = Vec::new();
    for (other, text) in rows.iter().filter_map(id_and_text) {
        let email = email_key(text);
        if email.is_empty() {
            continue;
        }
        let holder: Option<i64> =
            transaction.number(&sql("SELECT user_id FROM accounts WHERE email_key = ?").bind(email.as_str())).await?;
        if let Some(first) = holder {
            warnings.push(Warning::DoubleEmail { email, first: UserId(first), other: UserId(other) });
            continue;
        }
        transaction
            .execute(&sql("UPDATE accounts SET email_key = ? WHERE user_id = ?").bind(email).bind(other))
            .await?;
    }
    Ok(warnings)
}

async fn give_address_keys(transaction: &mut Transaction) -> Result<Vec<Warning>, Failure> {
    let rows = transaction
        .rows(&sql(
            "SELECT u.UserId AS id, u.MultiSigAddress AS text FROM accounts a JOIN Users u ON u.UserId = a.user_id \
         WHERE a.address_key IS NULL AND u.MultiSigAddress <> '' ORDER BY u.UserId",
        ))
        .await?;
    let mut warnings = Vec::new();
    for (other, text) in rows.iter().filter_map(id_and_text) {
        let holder: Option<i64> =
            transaction.number(&sql("SELECT user_id FROM accounts WHERE address_key = ?").bind(text)).await?;
        if let Some(first) = holder {
            let address = text.to_owned();
            warnings.push(Warning::DoubleAddress { address, first: UserId(first), other: UserId(other) });
            continue;
        }
        transaction
            .execute(&sql("UPDATE accounts SET address_key = ? WHERE user_id = ?").bind(text).bind(other))
            .await?;
    }
    Ok(warnings)
}

/// A user of the predecessor has the own number as key index. Two conditions, for each of which there is a key: a server goes through
/// all rows for each row where they are one with OR.
async fn give_key_indexes(transaction: &mut Transaction) -> Result<Vec<Warning>, Failure> {
    transaction
        .execute(&sql("INSERT INTO key_indexes (key_index, user_id) SELECT u.UserId, u.UserId FROM Users u \
         WHERE u.MultiSigAddress <> '' AND NOT EXISTS (SELECT 1 FROM key_indexes k WHERE k.user_id = u.UserId) \
         AND NOT EXISTS (SELECT 1 FROM key_indexes k WHERE k.key_index = u.UserId)"))
        .await?;
    let shared = sql("SELECT u.UserId AS id FROM Users u WHERE u.MultiSigAddress <> '' AND NOT EXISTS \
         (SELECT 1 FROM key_indexes k WHERE k.user_id = u.UserId) ORDER BY u.UserId");
    let rows = transaction.rows(&shared).await?;
    let shared = rows.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>, _>>()?;
    let warning = |id: i64| {
        let index = KeyIndex(u32::try_from(id).ok()?);
        Some(Warning::SharedIndex { user: UserId(id), index })
    };
    Ok(shared.into_iter().filter_map(warning).collect())
}

/// A text that cannot be read is left to the code that reads the whole row, which names it.
fn id_and_text(row: &Row) -> Option<(i64, &str)> {
    Some((row.get("id").ok()?, row.get("text").ok()?))
}
