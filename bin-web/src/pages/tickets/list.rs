//! The lists that a user can look at.

use serde::Serialize;
use stakepool_core::reports::TicketState;

/// One of the lists.
#[derive(Clone, Debug, Serialize)]
pub struct List {
    /// Its name in addresses.
    pub name: &'static str,
    /// Its name on the page.
    pub title: &'static str,
    /// What is said where it is empty, with what to do next.
    pub empty: &'static str,
    /// What it holds.
    pub hint: &'static str,
    /// The heading of the moment that matters for its tickets.
    pub moment: &'static str,
    /// How many tickets it has.
    pub count: u64,
    /// The state of its tickets; `None` for those of all states that are ignored.
    #[serde(skip)]
    pub state: Option<TicketState>,
}

impl List {
    /// The list with its tickets counted.
    pub fn counted(&self, counts: &[(TicketState, bool, u64)]) -> Self {
        let belongs =
            |state: TicketState, ignored: bool| self.state.map_or(ignored, |wanted| wanted == state && !ignored);
        let count = counts.iter().filter(|(state, ignored, _)| belongs(*state, *ignored)).map(|(.., n)| n).sum();
        Self { count, ..self.clone() }
    }

    /// Whether it holds the tickets that voted.
    pub fn is_voted(&self) -> bool {
        self.state == Some(TicketState::Voted)
    }

    /// Whether its tickets are at their end.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, Some(TicketState::Voted | TicketState::Missed | TicketState::Expired))
    }
}

/// How the price of a ticket that did not vote comes back.
macro_rules! revoked {
    ($why:literal) => {
        concat!(
            $why,
            " Such a ticket is revoked automatically, and then its price can be spent again, without a reward; on the \
             legacy network the pool’s wallets revoke it, and yours can as well."
        )
    };
}
const MISSED: &str = revoked!("Drawn, but the vote was not mined.");
const EXPIRED: &str = revoked!("Never drawn within their time.");

/// The list of the tickets that voted.
pub const fn voted() -> &'static List {
    &LISTS[2]
}

/// All lists; the first is shown where none is asked for.
pub const LISTS: [List; 6] = [
    List {
        name: "live",
        title: "Live",
        state: Some(TicketState::Live),
        empty: "No ticket is waiting to be drawn. Tickets come here by themselves once they are mature.",
        hint: "The pool votes these as soon as they are drawn. Nothing is left for you to do.",
        moment: "Expires",
        count: 0,
    },
    List {
        name: "immature",
        title: "Immature",
        state: Some(TicketState::Immature),
        empty: "No ticket is maturing. A new ticket shows here once it is mined.",
        hint: "Bought and mined, but not yet old enough to be drawn.",
        moment: "Can be drawn",
        count: 0,
    },
    List {
        name: "voted",
        title: "Voted",
        state: Some(TicketState::Voted),
        empty: "No ticket has voted here yet. How soon a ticket is drawn is luck: on average it takes weeks.",
        hint: "Drawn and voted: price and reward are yours.",
        moment: "Voted",
        count: 0,
    },
    List {
        name: "missed",
        title: "Missed",
        state: Some(TicketState::Missed),
        empty: "No ticket was missed.",
        hint: MISSED,
        moment: "Missed",
        count: 0,
    },
    List {
        name: "expired",
        title: "Expired",
        state: Some(TicketState::Expired),
        empty: "No ticket has expired.",
        hint: EXPIRED,
        moment: "Expired",
        count: 0,
    },
    List {
        name: "ignored",
        title: "Ignored",
        state: None,
        empty: "No ticket is ignored: all pay the pool’s fee.",
        hint: "These do not pay the pool’s fee, so the pool does not vote them.",
        moment: "State",
        count: 0,
    },
];
