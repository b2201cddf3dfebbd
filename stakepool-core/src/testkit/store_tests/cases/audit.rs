//! The audit log.

use crate::ports::{AuditEntry, AuditStore};

use crate::testkit::samples::{NOW, later};
use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn the_latest_entries_come_first_in_the_order_of_appending<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.latest(9).await, Ok(vec![]));
    let entry = |at, action: &str| AuditEntry {
        at,
        actor: "user 1".into(),
        action: action.into(),
        subject: "7".into(),
        detail: String::new(),
    };
    // A clock that was set back does not change the order.
    let entries = [entry(later(5), "ticket.add"), entry(NOW, "ticket.remove"), entry(NOW, "user.disable")];
    for entry in &entries {
        stores.append(entry).await.unwrap();
    }
    let [first, second, third] = entries;
    assert_eq!(stores.latest(2).await, Ok(vec![third.clone(), second.clone()]));
    assert_eq!(stores.latest(u64::MAX).await, Ok(vec![third, second, first]));
    assert_eq!(stores.latest(0).await, Ok(vec![]));
}
