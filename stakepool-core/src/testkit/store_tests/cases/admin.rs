//! Lists for administrators.

use crate::accounts::{Actor, EmailState, UserId};
use crate::audit::{AuditAction, AuditKind};
use crate::chain::BlockHeight;
use crate::ports::{
    AdminStore, AuditEntry, AuditQuery, AuditStore, LedgerStore, Listed, LowFeeStore, SessionStore, SessionToken,
    Slice, UserFilter, UserStore, VoteQuery,
};
use crate::reports::{TicketState, VoteOutcome, VoteOutcomeKind, VoteRecord};

use crate::testkit::samples::{
    NOW, bytes, ended, later, low_fee, new_user, registration, report, session, ticket, vote,
};
use crate::testkit::store_tests::fixture::Fixture;

const ALL: Slice = Slice { offset: 0, limit: 100 };

async fn ids(stores: &impl AdminStore, text: &str, filter: UserFilter) -> Vec<i64> {
    let found = stores.find_users(text, filter, ALL, NOW).await.unwrap();
    assert_eq!(found.total, found.rows.len() as u64);
    found.rows.iter().map(|row| row.user.id.0).collect()
}

pub(crate) async fn users_are_found_by_number_address_and_part_of_the_email<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for email in ["Anna@example.org", "100%_sure@example.org", "zoë@example.net"] {
        stores.create(new_user(email)).await.unwrap();
    }
    let index = stores.reserve_index(UserId(2), 9999).await.unwrap();
    let registered = registration(index.0);
    stores.register(UserId(2), &registered).await.unwrap();
    for (text, expected) in [
        ("", &[1, 2, 3][..]),
        ("  anna@EXAMPLE.org ", &[1]),
        ("example.org", &[1, 2]),
        ("%_", &[2]),
        ("%", &[2]),
        ("ZOË", &[3]),
        ("3", &[3]),
        ("1", &[1, 2]),
        (&registered.address.to_string(), &[2]),
        (&registered.fee_address.to_string(), &[2]),
        ("' OR 1=1 --", &[]),
        ("9223372036854775808", &[]),
    ] {
        assert_eq!(ids(&stores, text, UserFilter::All).await, expected, "{text}");
    }
    let page = stores.find_users("", UserFilter::All, Slice { offset: 1, limit: 1 }, NOW).await.unwrap();
    assert_eq!((page.total, page.rows.len(), page.rows[0].user.id), (3, 1, UserId(2)));
}

pub(crate) async fn users_are_filtered_by_what_an_administrator_looks_for<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for email in ["a@example.org", "b@example.org", "c@example.org"] {
        stores.create(new_user(email)).await.unwrap();
    }
    let change = async |id, change: fn(&mut crate::accounts::User)| {
        let before = stores.by_id(UserId(id)).await.unwrap().unwrap();
        let mut after = before.clone();
        change(&mut after);
        stores.update(&before, &after).await.unwrap();
    };
    change(1, |user| (user.admin, user.email_state) = (true, EmailState::Verified)).await;
    change(2, |user| user.disabled = true).await;
    let index = stores.reserve_index(UserId(3), 9999).await.unwrap();
    stores.register(UserId(3), &registration(index.0)).await.unwrap();
    assert_eq!(ids(&stores, "", UserFilter::Administrators).await, [1]);
    assert_eq!(ids(&stores, "", UserFilter::Disabled).await, [2]);
    assert_eq!(ids(&stores, "", UserFilter::Unverified).await, [2, 3]);
    assert_eq!(ids(&stores, "", UserFilter::WithoutAddress).await, [1, 2]);
    assert_eq!(ids(&stores, "a@", UserFilter::WithoutAddress).await, [1]);
    assert_eq!(ids(&stores, "a@", UserFilter::Disabled).await, [0; 0]);
}

pub(crate) async fn the_last_sign_in_outlasts_its_session<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let user = stores.create(new_user("a@example.org")).await.unwrap();
    let overview = async |now| stores.user_overview(user, now).await.unwrap().unwrap();
    assert_eq!((overview(NOW).await.last_sign_in, overview(NOW).await.sessions), (None, 0));
    stores.begin(&SessionToken(bytes(1)), &session(user)).await.unwrap();
    stores.begin(&SessionToken(bytes(2)), &session(user)).await.unwrap();
    assert_eq!((overview(NOW).await.last_sign_in, overview(NOW).await.sessions), (Some(NOW), 2));
    assert_eq!(overview(later(86_400)).await.sessions, 0, "they have ended");
    stores.end_all(user, None).await.unwrap();
    assert_eq!((overview(NOW).await.last_sign_in, overview(NOW).await.sessions), (Some(NOW), 0));
    assert_eq!(stores.find_users("", UserFilter::All, ALL, NOW).await.unwrap().rows, [overview(NOW).await]);
    assert_eq!(stores.user_overview(UserId(9), NOW).await, Ok(None));
}

pub(crate) async fn votes_are_found_by_ticket_user_outcome_and_height<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let mut voted = report(1, 7);
    voted.state = TicketState::Voted;
    stores.put_tickets("d1", &[voted, report(2, 8)], NOW).await.unwrap();
    let failed = VoteRecord { outcome: VoteOutcome::Failed("locked".to_owned()), ..vote(2, 11, 2000) };
    stores.put_votes("d1", &[vote(1, 10, 1000), failed, vote(3, 12, 3000)]).await.unwrap();
    let found = async |query| {
        let found = stores.find_votes(&query, ALL).await.unwrap();
        assert_eq!(found.total, found.rows.len() as u64);
        found.rows.iter().map(|row| (row.vote.record.height.0, row.ticket)).collect::<Vec<_>>()
    };
    let of_one = (10, Some((Some(UserId(7)), TicketState::Voted)));
    let of_two = (11, Some((Some(UserId(8)), TicketState::Live)));
    assert_eq!(found(VoteQuery::default()).await, [(12, None), of_two, of_one]);
    assert_eq!(found(VoteQuery { ticket: Some(ticket(1)), ..VoteQuery::default() }).await, [of_one]);
    assert_eq!(found(VoteQuery { user: Some(UserId(8)), ..VoteQuery::default() }).await, [of_two]);
    let failed = VoteQuery { outcome: Some(VoteOutcomeKind::Failed), ..VoteQuery::default() };
    assert_eq!(found(failed).await, [of_two]);
    assert_eq!(found(VoteQuery { user: Some(UserId(7)), ..failed }).await.len(), 0);
    let sent = VoteQuery { outcome: Some(VoteOutcomeKind::Sent), ..VoteQuery::default() };
    assert_eq!(found(sent).await, [(12, None), of_one]);
    let (from, to) = (Some(BlockHeight(11)), Some(BlockHeight(11)));
    assert_eq!(found(VoteQuery { from, ..VoteQuery::default() }).await, [(12, None), of_two]);
    assert_eq!(found(VoteQuery { to, ..VoteQuery::default() }).await, [of_two, of_one]);
    assert_eq!(found(VoteQuery { from, to, ..sent }).await.len(), 0);
    let page = stores.find_votes(&VoteQuery::default(), Slice { offset: 1, limit: 1 }).await.unwrap();
    assert_eq!((page.total, page.rows[0].vote.record.height.0), (3, 11));
}

pub(crate) async fn added_tickets_stay_listed_with_their_outcome<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for number in 1..=3 {
        let mut added = low_fee(number);
        added.created = later(number.into());
        stores.add(&added).await.unwrap();
    }
    stores.put_tickets("a", &[ended(2, 1, TicketState::Voted, 50)], NOW).await.unwrap();
    stores.settle(BlockHeight(50)).await.unwrap();
    stores.remove(&ticket(1)).await.unwrap();
    let Listed { total, rows } = stores.added_tickets(ALL).await.unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (row.ticket, row.outcome)).collect();
    assert_eq!((total, rows), (2, vec![(ticket(3), None), (ticket(2), Some(TicketState::Voted))]));
    let page = stores.added_tickets(Slice { offset: 1, limit: 5 }).await.unwrap();
    assert_eq!((page.total, page.rows.len(), page.rows[0].ticket), (2, 1, ticket(2)));
}

pub(crate) async fn the_audit_log_is_paged_from_its_end<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for number in 1..=5 {
        let entry = AuditEntry {
            at: NOW,
            actor: "user 1".into(),
            action: "ticket.add".into(),
            subject: number.to_string(),
            detail: String::new(),
        };
        stores.append(&entry).await.unwrap();
    }
    let subjects = async |offset| {
        let found = stores.audit_log(&AuditQuery::default(), Slice { offset, limit: 2 }).await.unwrap();
        assert_eq!(found.total, 5);
        found.rows.into_iter().map(|entry| entry.subject).collect::<Vec<_>>()
    };
    assert_eq!(subjects(0).await, ["5", "4"]);
    assert_eq!(subjects(4).await, ["1"]);
    assert_eq!(subjects(6).await, [""; 0]);
}

pub(crate) async fn acts_are_found_by_kind_and_by_whom_they_are_about<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let alice = stores.create(new_user("alice@example.org")).await.unwrap();
    let bob = stores.create(new_user("bob@example.org")).await.unwrap();
    let by_alice = Actor::User(alice);
    for entry in [
        AuditEntry::new(NOW, Actor::CommandLine, AuditAction::UserCreate, &alice, "administrator alice@example.org"),
        AuditEntry::new(NOW, by_alice, AuditAction::AccountPassword, &alice, ""),
        AuditEntry::new(NOW, by_alice, AuditAction::TicketAdd, &ticket(1), ""),
        AuditEntry::new(
            NOW,
            Actor::User(bob),
            AuditAction::AccountEmail,
            &bob,
            "old_bob@example.org to bob@example.org",
        ),
        AuditEntry::new(NOW, by_alice, AuditAction::UserDisable, &bob, ""),
    ] {
        stores.append(&entry).await.unwrap();
    }
    let found = async |kind, text: &str| {
        let query = AuditQuery { kind, text: text.to_owned() };
        let found = stores.audit_log(&query, ALL).await.unwrap();
        assert_eq!(found.total, found.rows.len() as u64);
        let name = |entry: AuditEntry| AuditAction::from_name(&entry.action).unwrap();
        found.rows.into_iter().map(name).collect::<Vec<_>>()
    };
    use AuditAction::{AccountEmail, AccountPassword, TicketAdd, UserCreate, UserDisable};
    assert_eq!(found(None, "").await, [UserDisable, AccountEmail, TicketAdd, AccountPassword, UserCreate]);
    assert_eq!(found(Some(AuditKind::Administrative), "").await, [UserDisable, TicketAdd, UserCreate]);
    assert_eq!(found(Some(AuditKind::Own), "").await, [AccountEmail, AccountPassword]);
    assert_eq!(found(None, &bob.to_string()).await, [UserDisable, AccountEmail], "by and about the user");
    assert_eq!(found(Some(AuditKind::Own), "ALICE@").await, [AccountPassword]);
    assert_eq!(found(None, "alice").await, [UserDisable, TicketAdd, AccountPassword, UserCreate]);
    assert_eq!(found(None, "old_bob@").await, [AccountEmail], "an address that nobody has any more");
    assert_eq!(found(None, &ticket(1).to_string()[..10]).await, [TicketAdd]);
    assert_eq!(found(None, "stakepoolctl").await, [UserCreate]);
    assert_eq!(found(None, "%").await, []);
}
