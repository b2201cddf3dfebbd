//! What changed in the predecessor's tables while ours did not run.
//!
//! An operator may go back to the predecessor's programs for a while, or load a dump of theirs. Its programs write their own
//! columns only, so that our keys, and our hash of the password, would be those of before.

use stakepool_core::store_rules::email_key;

use crate::sql::{Failure, Row, Statement, Transaction, sql};

/// A row of the predecessor beside ours.
struct Pair {
    user: i64,
    /// Whether the e-mail address is another one than that of our key.
    has_other_email: bool,
    /// Whether our key, without which nobody signs in, is that of the e-mail address.
    has_same_email: bool,
    /// Whether the multisig address is another one, or is gone.
    has_other_address: bool,
    /// Whether there is an address in both, the same.
    has_same_address: bool,
    /// Whether the password is another one than that of our hash.
    has_other_password: bool,
}

impl Pair {
    /// A text that cannot be read is left to the code that reads the whole row, which names it.
    fn of(row: &Row) -> Option<Self> {
        let (email, address): (&str, &str) = (row.get("email").ok()?, row.get("address").ok()?);
        let (key, held): (Option<&str>, Option<&str>) = (row.get("email_key").ok()?, row.get("address_key").ok()?);
        let other_password: i64 = row.get("other_password").ok()?;
        Some(Self {
            user: row.get("id").ok()?,
            has_other_email: key.is_some_and(|key| key != email_key(email)),
            has_same_email: key.is_some_and(|key| key == email_key(email)),
            has_other_address: held.is_some_and(|held| held != address),
            has_same_address: held.is_some_and(|held| held == address),
            has_other_password: other_password != 0,
        })
    }

    /// Whether the row is another person's: a dump was loaded in which the number is theirs. An address is a user's for
    /// good.
    const fn is_of_another(&self) -> bool {
        !self.has_same_email && self.has_other_password && !self.has_same_address
    }
}

/// Takes from our rows what does not fit the predecessor's any more: keys, which are then given anew, hashes of old
/// passwords, and what was opened by them.
pub(super) async fn follow(transaction: &mut Transaction) -> Result<(), Failure> {
    let rows = transaction
        .rows(&sql("SELECT u.UserId AS id, u.Email AS email, COALESCE(u.MultiSigAddress, '') AS address, \
             a.email_key AS email_key, a.address_key AS address_key, \
             CASE WHEN a.bcrypt <> u.Password THEN 1 ELSE 0 END AS other_password \
             FROM accounts a JOIN Users u ON u.UserId = a.user_id ORDER BY u.UserId"))
        .await?;
    for pair in rows.iter().filter_map(Pair::of) {
        if pair.has_other_email {
            run(transaction, &pair, &["UPDATE accounts SET email_key = NULL WHERE user_id = ?"]).await?;
        }
        if pair.has_other_address {
            run(transaction, &pair, &["UPDATE accounts SET address_key = NULL WHERE user_id = ?"]).await?;
        }
        if pair.has_other_password {
            run(transaction, &pair, &PASSWORD).await?;
        }
        if pair.has_other_email || pair.has_other_password {
            // A link that was mailed to the old address, or asked for with the old password, is worth nothing.
            run(transaction, &pair, &["DELETE FROM tokens WHERE user_id = ?"]).await?;
            tracing::info!(
                user = pair.user,
                email = pair.has_other_email,
                password = pair.has_other_password,
                "the predecessor's tables have another e-mail address or password, which is taken over"
            );
        }
        if pair.is_of_another() {
            run(transaction, &pair, &PERSON).await?;
            tracing::warn!(user = pair.user, "the number is another user's now, who begins without rights");
        }
    }
    note_passwords(transaction).await
}

/// What goes with an old password.
const PASSWORD: [&str; 2] = [
    "UPDATE accounts SET argon2 = '', \
     bcrypt = (SELECT u.Password FROM Users u WHERE u.UserId = accounts.user_id) WHERE user_id = ?",
    "DELETE FROM sessions WHERE user_id = ?",
];

/// What is a person's and not a number's. Whoever was shut out stays so.
const PERSON: [&str; 7] = [
    "UPDATE accounts SET admin = 0, last_sign_in = 0 WHERE user_id = ?",
    "DELETE FROM second_factors WHERE user_id = ?",
    "DELETE FROM recovery_codes WHERE user_id = ?",
    "DELETE FROM mail_wishes WHERE user_id = ?",
    "DELETE FROM mail_failures WHERE user_id = ?",
    "UPDATE tickets SET user_id = 0 WHERE ticket IN (SELECT c.ticket FROM vsp_claims c WHERE c.user_id = ?)",
    "DELETE FROM vsp_claims WHERE user_id = ?",
];

async fn run(transaction: &mut Transaction, pair: &Pair, texts: &[&'static str]) -> Result<(), Failure> {
    for text in texts {
        transaction.execute(&sql(text).bind(pair.user)).await?;
    }
    Ok(())
}

/// Notes the predecessor's hash in rows that have none noted yet.
async fn note_passwords(transaction: &mut Transaction) -> Result<(), Failure> {
    let note = "UPDATE accounts SET bcrypt = (SELECT u.Password FROM Users u WHERE u.UserId = accounts.user_id) \
                WHERE bcrypt IS NULL";
    transaction.execute(&sql(note)).await.map(drop)
}

/// Notes the predecessor's hash that belongs to the hash of ours that was just stored.
pub(super) fn note_password(user: i64) -> Statement {
    let note = "UPDATE accounts SET bcrypt = (SELECT u.Password FROM Users u WHERE u.UserId = accounts.user_id) \
                WHERE user_id = ?";
    sql(note).bind(user)
}
