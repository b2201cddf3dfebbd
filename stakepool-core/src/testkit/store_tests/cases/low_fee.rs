//! Low-fee tickets from adding to their end.

use crate::chain::BlockHeight;
use crate::ports::{LedgerStore, LowFeeStore, LowFeeTicket};
use crate::reports::{TicketReport, TicketState};

use crate::testkit::samples::{NOW, ended, later, low_fee, report, ticket};
use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn added_tickets_are_active_in_the_order_of_adding<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let first = LowFeeTicket { created: later(0), added_by: None, ..low_fee(3) };
    let second = LowFeeTicket { created: later(1), ..low_fee(2) };
    let third = LowFeeTicket { created: later(1), ..low_fee(1) };
    for ticket in [&first, &second, &third] {
        assert_eq!(stores.add(ticket).await, Ok(true));
    }
    assert_eq!(stores.active(later(2)).await, Ok(vec![first, second, third]));
}

pub(crate) async fn adding_an_active_ticket_again_changes_nothing<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.add(&low_fee(1)).await, Ok(true));
    let again = LowFeeTicket { created: later(9), expires: later(999_999), added_by: None, ..low_fee(1) };
    assert_eq!(stores.add(&again).await, Ok(false));
    assert_eq!(stores.active(NOW).await, Ok(vec![low_fee(1)]));
}

pub(crate) async fn a_removed_ticket_is_no_longer_active_and_can_be_added_again<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.add(&low_fee(1)).await.unwrap();
    stores.add(&low_fee(2)).await.unwrap();
    assert_eq!(stores.remove(&ticket(1)).await, Ok(true));
    assert_eq!(stores.remove(&ticket(1)).await, Ok(false));
    assert_eq!(stores.remove(&ticket(7)).await, Ok(false));
    assert_eq!(stores.active(NOW).await, Ok(vec![low_fee(2)]));
    assert_eq!(stores.add(&low_fee(1)).await, Ok(true));
    assert_eq!(stores.active(NOW).await.unwrap().len(), 2);
}

pub(crate) async fn a_ticket_is_active_until_it_expires_or_ends<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for (number, outcome) in [(1, TicketState::Voted), (2, TicketState::Missed), (3, TicketState::Expired)] {
        stores.add(&low_fee(number)).await.unwrap();
        stores.put_tickets("a", &[ended(number, 1, outcome, 50)], NOW).await.unwrap();
    }
    stores.add(&low_fee(4)).await.unwrap();
    assert_eq!(stores.settle(BlockHeight(50)).await, Ok(true));
    assert_eq!(stores.active(later(86_399)).await, Ok(vec![low_fee(4)]));
    assert_eq!(stores.active(later(86_400)).await, Ok(vec![]));
    assert_eq!(stores.remove(&ticket(1)).await, Ok(false));
}

pub(crate) async fn a_ticket_that_the_ledger_knows_as_immature_or_live_is_active_however_late<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.add(&low_fee(1)).await.unwrap();
    stores.add(&low_fee(2)).await.unwrap();
    let immature = TicketReport { state: TicketState::Immature, ..report(2, 1) };
    stores.put_tickets("a", &[report(1, 1), immature], NOW).await.unwrap();
    assert_eq!(stores.active(later(999_999)).await, Ok(vec![low_fee(1), low_fee(2)]));
    let again = LowFeeTicket { created: later(999_999), ..low_fee(1) };
    assert_eq!(stores.add(&again).await, Ok(false));
}

pub(crate) async fn an_end_counts_once_it_is_deep_and_until_it_is_undone<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.add(&low_fee(1)).await.unwrap();
    assert_eq!(stores.settle(BlockHeight(99)).await, Ok(false));
    stores.put_tickets("a", &[ended(1, 1, TicketState::Missed, 50)], NOW).await.unwrap();
    assert_eq!(stores.settle(BlockHeight(49)).await, Ok(false));
    assert_eq!(stores.active(NOW).await, Ok(vec![low_fee(1)]));
    assert_eq!(stores.settle(BlockHeight(50)).await, Ok(true));
    assert_eq!(stores.settle(BlockHeight(50)).await, Ok(false));
    assert_eq!(stores.active(NOW).await, Ok(vec![]));
    // A reorganisation has undone the end.
    stores.put_tickets("a", &[report(1, 1)], NOW).await.unwrap();
    assert_eq!(stores.settle(BlockHeight(50)).await, Ok(true));
    assert_eq!(stores.active(NOW).await, Ok(vec![low_fee(1)]));
}

pub(crate) async fn an_expired_ticket_can_be_added_again<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.add(&low_fee(1)).await.unwrap();
    let again = LowFeeTicket { created: later(86_400), expires: later(200_000), ..low_fee(1) };
    assert_eq!(stores.add(&again).await, Ok(true));
    assert_eq!(stores.active(later(86_400)).await, Ok(vec![again]));
}
