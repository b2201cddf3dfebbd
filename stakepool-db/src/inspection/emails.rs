//! E-mail addresses that several users have, and those that no mail reaches. None of them is shown.

use std::collections::BTreeMap;

use stakepool_core::accounts::{Email, UserId};
use stakepool_core::store_rules::email_key;

use super::addresses::pairs;
use super::defect::{Defect, Severity};
use super::users::{UserRow, those};
use crate::sql::{Failure, Row, Transaction, sql};

/// Groups of users whose addresses are the same by the collation of the column.
pub(super) async fn same_by_collation(transaction: &mut Transaction) -> Result<Vec<Vec<UserId>>, Failure> {
    let groups = sql("SELECT CAST(GROUP_CONCAT(UserId) AS CHAR(1024)) AS ids FROM Users \
                      WHERE Email <> '' GROUP BY Email HAVING COUNT(*) > 1");
    let rows = transaction.rows(&groups).await?;
    let group = |row: &Row| -> Result<Vec<UserId>, Failure> {
        let mut ids: Vec<UserId> =
            row.get::<&str>("ids")?.split(',').filter_map(|id| id.parse().ok()).map(UserId).collect();
        ids.sort_unstable();
        Ok(ids)
    };
    rows.iter().map(group).collect()
}

/// What should be known of e-mail addresses.
pub(super) fn judge(rows: &[UserRow], same_by_collation: &[Vec<UserId>]) -> Vec<Defect> {
    let mut by_key: BTreeMap<String, Vec<UserId>> = BTreeMap::new();
    for row in rows {
        by_key.entry(email_key(row.text("Email"))).or_default().push(row.id);
    }
    by_key.remove("");
    let ours: Vec<Vec<UserId>> = by_key.into_values().filter(|users| users.len() > 1).collect();
    let is_ours = |group: &Vec<UserId>| ours.iter().any(|ours| group.iter().all(|user| ours.contains(user)));
    let theirs: Vec<Vec<UserId>> = same_by_collation.iter().filter(|group| !is_ours(group)).cloned().collect();
    let same =
        format!("have the same e-mail address ({}): the first of them signs in, the others cannot", pairs(&ours));
    let alike = format!(
        "have e-mail addresses that the predecessor's collation takes for the same ({}); this program tells them apart, and \
         each signs in by the exact letters",
        pairs(&theirs)
    );
    let unmailable = "have an e-mail address that no mail reaches: they get no link for a new password";
    let nobody = |row: &UserRow| Email::parse(row.text("Email")).is_err();
    let defects = [
        Defect::of_users(Severity::Warning, "same_email", ours.concat(), &same).map(|defect| {
            defect.remedy(
                "give all but one another address (`stakepoolctl users show NUMBER` shows it), after asking them",
            )
        }),
        Defect::of_users(Severity::Note, "alike_email", theirs.concat(), &alike),
        Defect::of_users(Severity::Note, "unmailable", those(rows, nobody), unmailable),
    ];
    defects.into_iter().flatten().collect()
}
