//! Tickets that missed their vote, each with why.

use stakepool_core::ports::{LedgerStore, StoreError, TicketOrder, TicketQuery, VoteQuery};
use stakepool_core::reports::{TicketReport, TicketState};

use super::missed::Cause;

/// A ticket that missed its vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedTicket {
    /// The ticket.
    pub report: TicketReport,
    /// Why.
    pub cause: Cause,
}

/// Tickets that missed their vote, and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedTickets {
    /// The latest ones, the last first.
    pub tickets: Vec<MissedTicket>,
    /// How many there are.
    pub total: u64,
}

impl MissedTickets {
    /// The latest missed tickets of the ticket and user that `votes` asks for, of those that the pool ignores or of the others;
    /// at most `limit`, which may be none.
    ///
    /// # Errors
    /// [`StoreError`] where tickets or records of votes cannot be read.
    pub async fn find(
        ledger: &dyn LedgerStore,
        votes: &VoteQuery,
        ignored: bool,
        limit: u64,
    ) -> Result<Self, StoreError> {
        let query = TicketQuery {
            user: votes.user,
            states: vec![TicketState::Missed],
            prefix: votes.ticket.map(|ticket| ticket.to_string()).unwrap_or_default(),
            order: TicketOrder::EndedLast,
            ignored: Some(ignored),
            limit,
            ..TicketQuery::default()
        };
        let found = ledger.tickets(&query).await?;
        let mut tickets = Vec::with_capacity(found.tickets.len());
        for report in found.tickets {
            tickets.push(MissedTicket { cause: Cause::find(ledger, &report).await?, report });
        }
        Ok(Self { tickets, total: found.total })
    }
}

#[cfg(test)]
mod tests {
    use stakepool_core::accounts::UserId;
    use stakepool_core::reports::VoteOutcome;
    use stakepool_core::testkit::MemoryStore;
    use stakepool_core::testkit::samples::{NOW, ended, report, ticket, vote};
    use stakepool_core::ticket::Verdict;

    use super::*;

    #[tokio::test]
    async fn missed_tickets_of_one_user_are_found_with_the_cause_and_ignored_ones_apart() {
        let store = MemoryStore::default();
        let mut low = ended(3, 7, TicketState::Missed, 300);
        low.facts.verdict = Verdict::LowFee;
        let missed = [ended(1, 7, TicketState::Missed, 200), ended(2, 7, TicketState::Missed, 250), low];
        let others = [ended(4, 8, TicketState::Missed, 260), ended(5, 7, TicketState::Voted, 270), report(6, 7)];
        store.put_tickets("d:1", &[&missed[..], &others[..]].concat(), NOW).await.unwrap();
        let mut failed = vote(2, 249, 1);
        failed.outcome = VoteOutcome::Failed("locked".to_owned());
        store.put_votes("d:1", &[failed]).await.unwrap();

        let of_user = VoteQuery { user: Some(UserId(7)), ..VoteQuery::default() };
        let found = MissedTickets::find(&store, &of_user, false, 9).await.unwrap();
        let causes: Vec<_> = found.tickets.iter().map(|missed| (missed.report.ticket, &missed.cause)).collect();
        let locked = Cause::Failed { daemon: "d:1".to_owned(), error: "locked".to_owned() };
        assert_eq!((causes, found.total), (vec![(ticket(2), &locked), (ticket(1), &Cause::NoRecord)], 2));
        let ignored = MissedTickets::find(&store, &of_user, true, 9).await.unwrap();
        assert!(matches!(&ignored.tickets[..], [MissedTicket { cause: Cause::Ignored(_), .. }]), "{ignored:?}");
        let none = MissedTickets::find(&store, &of_user, true, 0).await.unwrap();
        assert_eq!((none.tickets.len(), none.total), (0, 1));
    }
}
