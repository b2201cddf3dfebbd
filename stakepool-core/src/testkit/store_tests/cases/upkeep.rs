//! Whether writes work, and small notes.

use crate::ports::{LeaseStore, UpkeepStore, UserStore};
use crate::time::UnixTime;

use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn a_store_that_works_can_be_written<F: Fixture>(fixture: &F) {
    let (first, second) = (fixture.open().await, fixture.open().await);
    for now in 0..3 {
        first.try_write(UnixTime(now)).await.unwrap();
        second.try_write(UnixTime(now)).await.unwrap();
    }
    // Nobody reads what was written.
    assert_eq!(first.counts().await.unwrap(), (0, 0));
    assert_eq!(first.notes("").await.unwrap(), []);
    assert_eq!(first.holder("alerts", UnixTime(0)).await.unwrap(), None);
}

pub(crate) async fn a_note_is_kept_until_the_next<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for (name, text) in [("alerts/webhook", "one"), ("alerts/mail", "%_'"), ("alerts/webhook", "two"), ("other", "")] {
        stores.set_note(name, text).await.unwrap();
    }
    let own = |pairs: &[(&str, &str)]| -> Vec<_> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    fixture.close(stores).await;
    let stores = fixture.open().await;
    assert_eq!(stores.notes("alerts/").await.unwrap(), own(&[("alerts/mail", "%_'"), ("alerts/webhook", "two")]));
    assert_eq!(stores.notes("other").await.unwrap(), own(&[("other", "")]));
    assert_eq!(stores.notes("%").await.unwrap(), []);
    for name in ["alerts/mail", "nothing"] {
        stores.forget_note(name).await.unwrap();
    }
    assert_eq!(stores.notes("").await.unwrap(), own(&[("alerts/webhook", "two"), ("other", "")]));
}
