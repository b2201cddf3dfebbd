//! What outlasts a restart: everything.

use crate::chain::KeyIndex;
use crate::ports::{
    AuditEntry, AuditStore, EventCursor, LedgerStore, LowFeeStore, SessionStore, SessionToken, TokenPurpose,
    TokenStore, UserStore,
};

use crate::testkit::samples::{NOW, bytes, later, low_fee, new_user, registration, report, session, ticket, vote};
use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn a_restart_keeps_everything<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let alice = stores.create(new_user("alice@example.org")).await.unwrap();
    let bob = stores.create(new_user("bob@example.org")).await.unwrap();
    stores.reserve_index(alice, 9).await.unwrap();
    stores.register(alice, &registration(1)).await.unwrap();
    stores.reserve_index(bob, 9).await.unwrap();
    let users = [stores.by_id(alice).await.unwrap(), stores.by_id(bob).await.unwrap()];
    stores.add(&low_fee(1)).await.unwrap();
    stores.put(TokenPurpose::ResetPassword, bytes(1), bob, None, later(60)).await.unwrap();
    stores.begin(&SessionToken(bytes(2)), &session(bob)).await.unwrap();
    stores.put_tickets("a", &[report(1, 1)], NOW).await.unwrap();
    stores.put_votes("a", &[vote(1, 2, 3)]).await.unwrap();
    stores.set_cursor("a", EventCursor { epoch: 1, seq: 2 }).await.unwrap();
    let entry = AuditEntry {
        at: NOW,
        actor: "stakepoolctl".into(),
        action: "ticket.add".into(),
        subject: ticket(1).to_string(),
        detail: "by hand".into(),
    };
    stores.append(&entry).await.unwrap();
    fixture.close(stores).await;

    let stores = fixture.open().await;
    assert_eq!([stores.by_id(alice).await.unwrap(), stores.by_id(bob).await.unwrap()], users);
    assert_eq!(stores.reserve_index(bob, 9).await, Ok(KeyIndex(2)));
    assert_eq!(stores.active(NOW).await, Ok(vec![low_fee(1)]));
    assert_eq!(stores.take(TokenPurpose::ResetPassword, &bytes(1), NOW).await, Ok(Some((bob, None))));
    assert_eq!(stores.find(&SessionToken(bytes(2)), NOW).await, Ok(Some(session(bob))));
    assert_eq!(stores.ticket(&ticket(1)).await, Ok(Some(report(1, 1))));
    assert_eq!(stores.votes(None, 9).await.unwrap()[0].record, vote(1, 2, 3));
    assert_eq!(stores.cursor("a").await, Ok(Some(EventCursor { epoch: 1, seq: 2 })));
    assert_eq!(stores.latest(9).await, Ok(vec![entry]));
    assert_eq!(stores.create(new_user("carol@example.org")).await.unwrap().0, 3);
}

pub(crate) async fn what_one_process_writes_another_reads<F: Fixture>(fixture: &F) {
    let (one, two) = tokio::join!(fixture.open(), fixture.open());
    let alice = one.create(new_user("alice@example.org")).await.unwrap();
    assert!(two.by_id(alice).await.unwrap().is_some());
    let bob = two.create(new_user("bob@example.org")).await.unwrap();
    assert!(one.by_id(bob).await.unwrap().is_some());
}
