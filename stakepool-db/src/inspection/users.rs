//! Users as they lie in the predecessor's table, before anything is made of them.

use std::collections::BTreeMap;

use stakepool_core::accounts::UserId;

use super::configured::Configured;
use super::defect::{Defect, Severity};
use crate::layout::{Kind, Layout};
use crate::sql::{Failure, Row, Transaction, sql};

/// A user's row. A column that is not there is missing from the maps.
#[derive(Clone, Debug)]
pub(super) struct UserRow {
    pub(super) id: UserId,
    /// The key index: the own number, unless another one was given.
    pub(super) index: i64,
    texts: BTreeMap<&'static str, Option<String>>,
    numbers: BTreeMap<&'static str, Option<i64>>,
    /// Columns whose values are of another type.
    unreadable: Vec<&'static str>,
}

impl UserRow {
    /// A text; empty where there is none.
    pub(super) fn text(&self, column: &str) -> &str {
        self.texts.get(column).and_then(Option::as_deref).unwrap_or_default()
    }

    fn number(&self, column: &str) -> Option<i64> {
        self.numbers.get(column).copied().flatten()
    }

    fn has_null(&self, column: &str) -> bool {
        self.texts.get(column).is_some_and(Option::is_none) || self.numbers.get(column).is_some_and(Option::is_none)
    }

    fn read(row: &Row, layout: &Layout) -> Result<Self, Failure> {
        let id: i64 = row.get("UserId")?;
        let mut user = Self {
            id: UserId(id),
            index: id,
            texts: BTreeMap::new(),
            numbers: BTreeMap::new(),
            unreadable: Vec::new(),
        };
        for column in layout.columns.iter().filter(|column| column.name != "UserId") {
            match column.kind {
                Kind::Text => match row.get::<Option<String>>(column.name) {
                    Ok(text) => drop(user.texts.insert(column.name, text)),
                    Err(_) => user.unreadable.push(column.name),
                },
                Kind::Number => match row.get::<Option<i64>>(column.name) {
                    Ok(number) => drop(user.numbers.insert(column.name, number)),
                    Err(_) => user.unreadable.push(column.name),
                },
                // Passwords: they are nobody's business, and may be missing.
                Kind::Bytes => {}
            }
        }
        Ok(user)
    }

    /// Whether this program could not read the row.
    fn is_out_of_range(&self) -> bool {
        let outside = |column: &str, most: i64| self.number(column).is_some_and(|number| !(0..=most).contains(&number));
        outside("EmailVerified", 2)
            || outside("VoteBits", i64::from(u16::MAX))
            || outside("VoteBitsVersion", i64::from(u32::MAX))
            || outside("HeightRegistered", i64::from(u32::MAX))
    }
}

/// All users, by number.
pub(super) async fn read(transaction: &mut Transaction, layout: &Layout) -> Result<Vec<UserRow>, Failure> {
    let mut select = sql("SELECT UserId");
    for column in layout.columns.iter().filter(|column| column.name != "UserId" && column.kind != Kind::Bytes) {
        select.push(", ").push(column.name);
    }
    select.push(" FROM Users ORDER BY UserId");
    transaction.rows(&select).await?.iter().map(|row| UserRow::read(row, layout)).collect()
}

/// What should be known of rows by themselves.
pub(super) fn judge(rows: &[UserRow], layout: &Layout, configured: &Configured) -> Vec<Defect> {
    let mut defects = Vec::new();
    for column in &layout.columns {
        let empty = if column.kind == Kind::Number { "0" } else { "''" };
        let nulls = Defect::of_users(
            Severity::Warning,
            "null",
            those(rows, |row| row.has_null(column.name)),
            &format!("{} is NULL, on which the predecessor's programs fail", column.name),
        );
        let remedy = format!("UPDATE Users SET {0} = {empty} WHERE {0} IS NULL", column.name);
        defects.extend(nulls.map(|defect| defect.remedy(remedy)));
    }
    defects.extend(
        Defect::of_users(
            Severity::Error,
            "unreadable",
            those(rows, |row| !row.unreadable.is_empty() || row.is_out_of_range()),
            "the row has a value that this program cannot read (EmailVerified is 0, 1 or 2; VoteBits at most 65535; heights and \
             versions are not negative)",
        )
        .map(|defect| defect.remedy("mend the value by hand (UPDATE Users …)")),
    );
    let most = i64::from(configured.max_users);
    defects.extend(
        Defect::of_users(
            Severity::Error,
            "max_users",
            those(rows, |row| !row.text("MultiSigAddress").is_empty() && !(1..=most).contains(&row.index)),
            &format!("the key index is not within 1 to {most} (maxusers), so that their tickets' fees are not known"),
        )
        .map(|defect| {
            defect.remedy("raise maxusers in the web and in all daemons, and the N of the wallets' stakepoolcoldextkey")
        }),
    );
    defects.extend(tokens(rows, configured));
    defects
}

/// API keys that the configured secret did not sign.
fn tokens(rows: &[UserRow], configured: &Configured) -> Option<Defect> {
    let fails = |row: &UserRow| {
        let token = row.text("APIToken");
        !token.is_empty() && !configured.api_keys.verify(token).is_ok_and(|claims| claims.user == row.id)
    };
    let text = "their API key is not signed with apisecret, is cut (a long baseurl), or is another user's: their wallets are \
                refused";
    Defect::of_users(Severity::Warning, "api_token", those(rows, fails), text).map(|defect| {
        defect.remedy(
            "take over the predecessor's apisecret; where it is the right one, these users copy the key anew from the \
             settings page",
        )
    })
}

/// The users for whom something holds.
pub(super) fn those(rows: &[UserRow], holds: impl Fn(&UserRow) -> bool) -> Vec<UserId> {
    rows.iter().filter(|row| holds(row)).map(|row| row.id).collect()
}
