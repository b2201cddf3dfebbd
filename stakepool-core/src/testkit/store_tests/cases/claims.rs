//! Claims of users on tickets of wallets of today.

use crate::accounts::UserId;
use crate::ports::{AdminStore, Claim, ClaimStore, LedgerStore, Slice, TicketQuery, VoteQuery};
use crate::reports::{TicketReport, TicketState};
use crate::testkit::samples::{NOW, key_report, later, report, ticket, vote};
use crate::testkit::store_tests::fixture::{Fixture, Stores};
use crate::ticket::Verdict;

fn claim(number: u32, user: i64) -> Claim {
    Claim { ticket: ticket(number), user: UserId(user), made: later(number.into()) }
}

/// Whose a ticket is, as the ledger has it.
async fn owner(stores: &impl Stores, number: u32) -> Option<UserId> {
    stores.ticket(&ticket(number)).await.unwrap().unwrap().user
}

pub(crate) async fn a_ticket_is_claimed_once_and_free_when_it_is_released<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.add_claim(&claim(1, 7)).await, Ok(true));
    for user in [7, 8] {
        assert_eq!(stores.add_claim(&claim(1, user)).await, Ok(false), "user {user}");
    }
    assert_eq!(stores.release_claim(&ticket(1), UserId(8)).await, Ok(false), "it is another's");
    fixture.close(stores).await;
    let stores = fixture.open().await;
    assert_eq!(stores.claims_among(&[ticket(1), ticket(2)]).await, Ok(vec![claim(1, 7)]));
    assert_eq!(stores.claims_among(&[]).await, Ok(Vec::new()));
    assert_eq!(stores.release_claim(&ticket(1), UserId(7)).await, Ok(true));
    assert_eq!(stores.release_claim(&ticket(1), UserId(7)).await, Ok(false));
    assert_eq!(stores.add_claim(&claim(1, 8)).await, Ok(true));
    assert_eq!(stores.claims_of(UserId(7)).await, Ok(Vec::new()));
}

pub(crate) async fn a_claimed_ticket_is_among_the_users_whatever_daemons_report<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let found = async |query: TicketQuery| {
        let found = stores.tickets(&TicketQuery { limit: 9, ..query }).await.unwrap().tickets;
        found.into_iter().map(|report| report.ticket).collect::<Vec<_>>()
    };
    let of_user = || TicketQuery { user: Some(UserId(7)), ..TicketQuery::default() };
    // One that is reported before it is claimed, and one after; the third is nobody's.
    stores.put_tickets("a", &[key_report(1), key_report(3), report(4, 8)], NOW).await.unwrap();
    let changes = stores.changes().await.unwrap();
    stores.add_claim(&claim(1, 7)).await.unwrap();
    assert_ne!(stores.changes().await.unwrap(), changes, "what is kept of the ledger is made anew");
    stores.add_claim(&claim(2, 7)).await.unwrap();
    stores.put_tickets("a", &[key_report(2)], NOW).await.unwrap();
    let ended =
        TicketReport { state: TicketState::Voted, ended_at: Some(key_report(1).facts.mined_at), ..key_report(1) };
    stores.put_tickets("a", &[ended], NOW).await.unwrap();
    let mut mine = found(of_user()).await;
    mine.sort_by_key(ToString::to_string);
    let mut expected = vec![ticket(1), ticket(2)];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(mine, expected);
    assert_eq!(stores.ticket_counts(Some(UserId(7))).await.unwrap().iter().map(|(.., count)| count).sum::<u64>(), 2);
    assert_eq!(found(TicketQuery { by_own_key: Some(true), ..TicketQuery::default() }).await.len(), 3, "all by keys");
    assert_eq!(found(TicketQuery { by_own_key: Some(false), ..TicketQuery::default() }).await, [ticket(4)]);
    assert_eq!(found(TicketQuery { by_own_key: Some(false), ..of_user() }).await, []);
    let lost: Vec<_> = stores.lost_addresses().await.unwrap().into_iter().map(|lost| lost.user).collect();
    assert_eq!(lost, [UserId(8)], "the address of a key is nobody's");

    stores.put_votes("a", &[vote(1, 11, 2000)]).await.unwrap();
    let of_votes = VoteQuery { user: Some(UserId(7)), ..VoteQuery::default() };
    assert_eq!(stores.find_votes(&of_votes, Slice { offset: 0, limit: 9 }).await.unwrap().total, 1);
    // A fee that is lost counts although the ticket has a user.
    let mut lost = key_report(2);
    lost.facts.verdict = Verdict::FeeLost;
    stores.put_tickets("a", &[lost], NOW).await.unwrap();
    assert!(stores.ticket(&ticket(2)).await.unwrap().unwrap().is_ignored());
    stores.release_claim(&ticket(2), UserId(7)).await.unwrap();
    assert_eq!((owner(&stores, 1).await, owner(&stores, 2).await), (Some(UserId(7)), None));
}

pub(crate) async fn all_claims_of_a_user_are_released_together<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.put_tickets("a", &[1, 2, 3].map(key_report), NOW).await.unwrap();
    for (number, user) in [(1, 7), (2, 7), (3, 8)] {
        assert_eq!(stores.add_claim(&claim(number, user)).await, Ok(true));
    }
    assert_eq!(stores.claims_of(UserId(7)).await, Ok(vec![claim(2, 7), claim(1, 7)]), "the latest first");
    assert_eq!(stores.release_claims(UserId(7)).await, Ok(2));
    assert_eq!(stores.release_claims(UserId(7)).await, Ok(0));
    let owners = [owner(&stores, 1).await, owner(&stores, 2).await, owner(&stores, 3).await];
    assert_eq!(owners, [None, None, Some(UserId(8))]);
}
