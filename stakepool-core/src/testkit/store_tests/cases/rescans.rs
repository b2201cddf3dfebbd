//! Rescans that wallets owe.

use crate::chain::BlockHeight;
use crate::ports::RescanStore;

use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn a_wallet_owes_the_lowest_rescan_until_that_is_done<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.owed_rescan("a:1").await, Ok(None));
    for from in [20, 10, 30] {
        stores.owe_rescan("a:1", BlockHeight(from)).await.unwrap();
    }
    stores.rescan_done("a:1", BlockHeight(11)).await.unwrap();
    stores.rescan_done("b:1", BlockHeight(0)).await.unwrap();
    assert_eq!(stores.owed_rescan("a:1").await, Ok(Some(BlockHeight(10))));
    stores.rescan_done("a:1", BlockHeight(10)).await.unwrap();
    assert_eq!(stores.owed_rescan("a:1").await, Ok(None));
}

pub(crate) async fn what_is_owed_outlasts_the_process<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.owe_rescan("a:1", BlockHeight(7)).await.unwrap();
    fixture.close(stores).await;
    assert_eq!(fixture.open().await.owed_rescan("a:1").await, Ok(Some(BlockHeight(7))));
}
