//! Users as administrators look for them.

use stakepool_core::accounts::UserId;
use stakepool_core::ports::{Listed, Slice, StoreError, UserFilter, UserOverview};
use stakepool_core::store_rules::email_key;
use stakepool_core::time::UnixTime;

use super::super::page::page as page_of;
use super::super::users::user_of_row;
use crate::database::Database;
use crate::sql::{Fields, Row, Statement, limit, sql};

/// Everything of [`UserOverview`], with the moment as first value.
const SELECT: &str = "SELECT u.UserId, u.Email, u.Password, u.MultiSigAddress, u.MultiSigScript, u.UserFeeAddr, \
     u.HeightRegistered, u.EmailVerified, u.VoteBits, u.VoteBitsVersion, a.argon2, a.api_keys_valid_from, a.created, \
     a.disabled, a.admin, k.key_index, a.last_sign_in, \
     (SELECT COUNT(*) FROM sessions s WHERE s.user_id = u.UserId AND s.expires > ";
const FROM: &str =
    " FROM Users u LEFT JOIN accounts a ON a.user_id = u.UserId LEFT JOIN key_indexes k ON k.user_id = u.UserId";

/// A page of the users that fit, and how many there are in all, of one moment.
pub(super) async fn find(
    database: &Database,
    text: &str,
    filter: UserFilter,
    slice: Slice,
    now: UnixTime,
) -> Result<Listed<UserOverview>, StoreError> {
    let mut count = sql("SELECT COUNT(*)");
    count.push(FROM);
    push_conditions(&mut count, text, filter);

    let mut page = sql(SELECT);
    page.push_bind(now.0).push(") AS sessions").push(FROM);
    push_conditions(&mut page, text, filter);
    page.push(" ORDER BY u.UserId LIMIT ").push_bind(limit(slice.limit));
    page.push(" OFFSET ").push_bind(limit(slice.offset));
    let (total, rows) = page_of(database, &count, &page).await?;
    let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listed { total, rows })
}

/// One user.
pub(super) async fn one(database: &Database, id: UserId, now: UnixTime) -> Result<Option<UserOverview>, StoreError> {
    let mut sql = sql(SELECT);
    sql.push_bind(now.0).push(") AS sessions").push(FROM).push(" WHERE u.UserId = ").push_bind(id.0);
    database.row(&sql).await?.as_ref().map(read).transpose()
}

fn push_conditions(sql: &mut Statement, text: &str, filter: UserFilter) {
    sql.push(match filter {
        UserFilter::All => " WHERE 1",
        UserFilter::Unverified => " WHERE u.EmailVerified = 0",
        UserFilter::Disabled => " WHERE a.disabled <> 0",
        UserFilter::WithoutAddress => " WHERE u.MultiSigAddress = ''",
        UserFilter::Administrators => " WHERE a.admin <> 0",
    });
    if text.is_empty() {
        return;
    }
    sql.push(" AND (u.MultiSigAddress COLLATE exact = ").push_bind(text.to_owned());
    sql.push(" OR u.UserFeeAddr COLLATE exact = ").push_bind(text.to_owned());
    if let Ok(number) = text.parse::<i64>() {
        sql.push(" OR u.UserId = ").push_bind(number);
    }
    // A double of the predecessor has no key, but its address as it was typed. No pattern: % and _ mean themselves.
    sql.push(" OR instr(COALESCE(a.email_key, lower(u.Email) COLLATE exact), ")
        .push_bind(email_key(text))
        .push(") > 0)");
}

fn read(row: &Row) -> Result<UserOverview, StoreError> {
    let user = user_of_row(row)?;
    let fields = Fields::new(row, "accounts", user.id);
    let last: i64 = fields.number("last_sign_in")?;
    let sessions = fields.number::<i64>("sessions")?.unsigned_abs();
    Ok(UserOverview { user, last_sign_in: (last != 0).then_some(UnixTime(last)), sessions })
}
