//! Invitations.

use crate::ports::{InvitationId, InvitationStore, NewInvitation, Slice};
use crate::testkit::samples::{NOW, bytes, later};
use crate::testkit::store_tests::fixture::Fixture;

/// An invitation of a minute.
fn invitation(code: u32, uses: u32) -> NewInvitation {
    NewInvitation {
        code_hash: bytes(code),
        made_by: "user 1".to_owned(),
        note: format!("for number {code}: '%_\u{1f600}"),
        uses,
        created: NOW,
        expires: later(60),
    }
}

pub(crate) async fn an_invitation_is_used_as_often_as_it_may<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let id = stores.add_invitation(&invitation(1, 2)).await.unwrap();
    let other = stores.add_invitation(&invitation(2, 1)).await.unwrap();
    assert_eq!(stores.use_invitation(&bytes(3), NOW).await, Ok(None), "nobody made such a code");
    assert_eq!(stores.use_invitation(&bytes(1), NOW).await, Ok(Some(id)));
    assert_eq!(stores.open_invitation(&bytes(1), NOW).await, Ok(Some(id)), "looking uses nothing");
    fixture.close(stores).await;

    let stores = fixture.open().await;
    assert_eq!(stores.use_invitation(&bytes(1), NOW).await, Ok(Some(id)));
    assert_eq!(stores.use_invitation(&bytes(1), NOW).await, Ok(None));
    assert_eq!(stores.open_invitation(&bytes(1), NOW).await, Ok(None));
    stores.return_invitation(id).await.unwrap();
    assert_eq!(stores.use_invitation(&bytes(1), NOW).await, Ok(Some(id)), "the use before came to nothing");
    for _ in 0..2 {
        stores.return_invitation(other).await.unwrap();
    }
    assert_eq!(stores.use_invitation(&bytes(2), NOW).await, Ok(Some(other)));
    assert_eq!(stores.use_invitation(&bytes(2), NOW).await, Ok(None), "nothing is returned that was not used");
}

pub(crate) async fn of_many_uses_at_once_no_more_succeed_than_there_are<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.add_invitation(&invitation(1, 3)).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let stores = stores.clone();
            tokio::spawn(async move { stores.use_invitation(&bytes(1), NOW).await.unwrap() })
        })
        .collect();
    let mut uses = 0;
    for task in tasks {
        uses += u32::from(task.await.unwrap().is_some());
    }
    assert_eq!(uses, 3);
}

pub(crate) async fn an_invitation_that_is_revoked_or_over_opens_nothing<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let id = stores.add_invitation(&invitation(1, 9)).await.unwrap();
    assert_eq!(stores.open_invitation(&bytes(1), later(59)).await, Ok(Some(id)));
    assert_eq!(stores.open_invitation(&bytes(1), later(60)).await, Ok(None));
    assert_eq!(stores.use_invitation(&bytes(1), later(60)).await, Ok(None));
    assert_eq!(stores.revoke_invitation(id, later(60)).await, Ok(false), "it has ended by itself");
    assert_eq!(stores.revoke_invitation(InvitationId(99), NOW).await, Ok(false));
    assert_eq!(stores.revoke_invitation(id, later(5)).await, Ok(true));
    assert_eq!(stores.revoke_invitation(id, later(6)).await, Ok(false));
    assert_eq!(stores.open_invitation(&bytes(1), later(7)).await, Ok(None));
    assert_eq!(stores.use_invitation(&bytes(1), later(7)).await, Ok(None));
}

pub(crate) async fn invitations_are_listed_latest_first<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let mut ids = Vec::new();
    for code in 1..=3 {
        ids.push(stores.add_invitation(&invitation(code, code)).await.unwrap());
    }
    stores.use_invitation(&bytes(3), NOW).await.unwrap();
    stores.revoke_invitation(ids[2], later(1)).await.unwrap();
    let listed = stores.invitations(Slice { offset: 0, limit: 2 }).await.unwrap();
    assert_eq!((listed.total, listed.rows.len()), (3, 2));
    let latest = &listed.rows[0];
    assert_eq!((latest.id, latest.uses, latest.used, latest.revoked), (ids[2], 3, 1, Some(later(1))));
    assert_eq!((latest.made_by.as_str(), latest.note.as_str()), ("user 1", "for number 3: '%_\u{1f600}"));
    assert_eq!((latest.created, latest.expires), (NOW, later(60)));
    let rest = stores.invitations(Slice { offset: 2, limit: 2 }).await.unwrap();
    assert_eq!((rest.total, rest.rows.len(), rest.rows[0].id), (3, 1, ids[0]));
}
