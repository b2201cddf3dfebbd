//! Places in the daemons' events.

use crate::ports::{EventCursor, LedgerStore};

use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn each_daemon_has_its_own_place<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.cursor("a").await, Ok(None));
    let first = EventCursor { epoch: 1, seq: 2 };
    // An epoch may be any number, such as a time in nanoseconds or a random one.
    let large = EventCursor { epoch: u64::MAX, seq: 1 << 63 };
    stores.set_cursor("a", first).await.unwrap();
    stores.set_cursor("b", large).await.unwrap();
    assert_eq!(stores.cursor("a").await, Ok(Some(first)));
    assert_eq!(stores.cursor("b").await, Ok(Some(large)));
    stores.set_cursor("a", EventCursor::default()).await.unwrap();
    assert_eq!(stores.cursor("a").await, Ok(Some(EventCursor::default())));
    assert_eq!(stores.cursor("A").await, Ok(None));
}
