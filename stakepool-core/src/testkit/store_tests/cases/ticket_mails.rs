//! What users are mailed about their tickets.

use crate::accounts::UserId;
use crate::ports::{MailWishes, TicketMail, TicketMailKind, TicketMailStore};

use crate::testkit::samples::{NOW, later, ticket};
use crate::testkit::store_tests::fixture::Fixture;

fn mail(number: u32, kind: TicketMailKind) -> TicketMail {
    TicketMail { ticket: ticket(number), kind, user: UserId(1), tries: 0 }
}

pub(crate) async fn wishes_are_kept_by_user<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.mail_wishes(UserId(1)).await, Ok(MailWishes::default()));
    for voted in [true, false] {
        let wishes = MailWishes { ignored: false, voted, missed: !voted, notices: voted };
        stores.set_mail_wishes(UserId(1), wishes).await.unwrap();
        assert_eq!(stores.mail_wishes(UserId(1)).await, Ok(wishes));
    }
    assert_eq!(stores.mail_wishes(UserId(2)).await, Ok(MailWishes::default()));
}

pub(crate) async fn a_mail_is_noted_once_by_ticket_and_kind<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let (voted, missed) = (mail(1, TicketMailKind::Voted), mail(1, TicketMailKind::Missed));
    stores.note_mails(&[voted, voted], NOW).await.unwrap();
    stores.note_mails(&[missed, voted], NOW).await.unwrap();
    assert_eq!(stores.claim_mails(NOW, later(60), 9).await, Ok(vec![missed, voted]));
    for done in [missed, voted] {
        stores.mail_done(&done).await.unwrap();
    }
    stores.note_mails(&[missed, voted], later(90)).await.unwrap();
    assert_eq!(stores.claim_mails(later(90), later(99), 9).await, Ok(vec![]));
}

pub(crate) async fn a_mail_that_is_not_done_comes_again_with_its_tries<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let first = mail(1, TicketMailKind::Ignored);
    stores.note_mails(&[first, mail(2, TicketMailKind::Ignored)], NOW).await.unwrap();
    assert_eq!(stores.claim_mails(NOW, later(60), 1).await.unwrap().len(), 1);
    assert_eq!(stores.claim_mails(NOW, later(60), 9).await.unwrap().len(), 1, "the other one");
    assert_eq!(stores.claim_mails(later(59), later(99), 9).await, Ok(vec![]));
    let again = stores.claim_mails(later(60), later(99), 9).await.unwrap();
    assert_eq!(again.iter().map(|mail| mail.tries).collect::<Vec<_>>(), [1, 1]);
}

pub(crate) async fn a_mail_that_a_wrong_clock_claimed_does_not_wait_for_its_date<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    const YEARS: u64 = 2 * 365 * 24 * 3600;
    stores.note_mails(&[mail(1, TicketMailKind::Ignored)], NOW).await.unwrap();
    assert_eq!(stores.claim_mails(later(YEARS), later(YEARS + 60), 9).await.unwrap().len(), 1);
    stores.note_mails(&[mail(2, TicketMailKind::Ignored)], later(YEARS)).await.unwrap();
    assert_eq!(stores.claim_mails(later(5), later(65), 9).await.unwrap().len(), 2);
    assert_eq!(stores.claim_mails(later(6), later(66), 9).await, Ok(vec![]), "they are claimed by the right clock now");
}

pub(crate) async fn of_many_instances_one_gets_a_mail<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.note_mails(&[mail(1, TicketMailKind::Voted)], NOW).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let stores = stores.clone();
            tokio::spawn(async move { stores.claim_mails(NOW, later(60), 9).await.unwrap().len() })
        })
        .collect();
    let mut claimed = 0;
    for task in tasks {
        claimed += task.await.unwrap();
    }
    assert_eq!(claimed, 1);
}

pub(crate) async fn an_instance_that_stood_still_does_not_keep_a_mail_that_another_claimed_meanwhile<F: Fixture>(
    fixture: &F,
) {
    let (paused, other) = (fixture.open().await, fixture.open().await);
    other.note_mails(&[mail(1, TicketMailKind::Voted)], NOW).await.unwrap();
    let of_paused = paused.claim_mails(NOW, later(60), 9).await.unwrap()[0];
    assert_eq!(paused.keep_claim(&of_paused, later(100)).await, Ok(true));
    assert_eq!(other.claim_mails(later(99), later(159), 9).await, Ok(vec![]), "it was kept for longer");
    let of_other = other.claim_mails(later(100), later(160), 9).await.unwrap()[0];
    assert_eq!(paused.keep_claim(&of_paused, later(170)).await, Ok(false));
    assert_eq!(other.keep_claim(&of_other, later(170)).await, Ok(true));
    other.mail_done(&of_other).await.unwrap();
    assert_eq!(other.keep_claim(&of_other, later(180)).await, Ok(false));
}
