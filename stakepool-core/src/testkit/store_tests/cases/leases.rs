//! Work that only one of several instances does.

use crate::ports::LeaseStore;
use crate::time::UnixTime;

use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn work_has_one_holder_until_its_time_is_over<F: Fixture>(fixture: &F) {
    let (first, second) = (fixture.open().await, fixture.open().await);
    let lease = async |stores: &F::Stores, holder: &str, now| {
        stores.lease("alerts", holder, UnixTime(now), UnixTime(now + 60)).await.unwrap()
    };
    assert!(lease(&first, "a", 0).await);
    assert!(!lease(&second, "b", 59).await);
    assert!(lease(&first, "a", 59).await);
    assert!(!lease(&second, "b", 118).await);
    assert!(lease(&second, "b", 119).await);
    assert!(!lease(&first, "a", 120).await);
    assert!(second.lease("repairs", "b", UnixTime(120), UnixTime(180)).await.unwrap());
}
