//! What of a list is shown, and in which order: read from the query of the address.

use serde::Serialize;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{StoreError, TicketOrder, TicketPage, TicketQuery};
use stakepool_core::typed::hash;

use super::list::{LISTS, List};
use crate::http::form::Form;
use crate::site::Site;

/// Tickets on one page.
pub const PER_PAGE: u64 = 50;

/// One of several things to choose.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// Its name in addresses.
    pub name: &'static str,
    /// Its name on the page.
    pub title: &'static str,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// Which lists an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    All,
    /// Tickets at their end.
    Ended,
    /// Tickets that may be at their end or not.
    Mixed,
}

/// The orders: name, title, order, and which lists they are for.
const ORDERS: [(&str, &str, TicketOrder, For); 7] = [
    ("open", "can still vote first", TicketOrder::OpenFirst, For::Mixed),
    ("ended", "ended, newest first", TicketOrder::EndedLast, For::Ended),
    ("ended-first", "ended, oldest first", TicketOrder::EndedFirst, For::Ended),
    ("newest", "bought, newest first", TicketOrder::Newest, For::All),
    ("oldest", "bought, oldest first", TicketOrder::Oldest, For::All),
    ("dearest", "price, highest first", TicketOrder::Dearest, For::All),
    ("cheapest", "price, lowest first", TicketOrder::Cheapest, For::All),
];

/// The orders that a list can have; the first is the one that it has unless another is asked for.
fn orders(list: &List) -> impl Iterator<Item = &'static (&'static str, &'static str, TicketOrder, For)> + Clone {
    let (has_ended, is_mixed) = (list.has_ended(), list.state.is_none());
    ORDERS.iter().filter(move |order| match order.3 {
        For::All => true,
        For::Ended => has_ended,
        For::Mixed => is_mixed,
    })
}

/// What a user asks for.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The list.
    pub list: &'static List,
    /// What a ticket's hash begins with, as it was typed, cut to the length of a hash.
    pub search: String,
    /// Whether voted tickets of any age are wanted.
    pub all_ages: bool,
    order: (&'static str, TicketOrder),
    /// The order that was asked for, which the other lists may have.
    wanted: Option<&'static str>,
    page: u64,
    ended_from: Option<BlockHeight>,
}

impl Filter {
    /// Reads a query. What makes no sense in it counts as not there.
    pub fn read(form: &Form, tip: Option<BlockHeight>, max_voted_age: u32) -> Self {
        let list = LISTS.iter().find(|list| list.name == form.text("show")).unwrap_or(&LISTS[0]);
        let mut orders = orders(list);
        let first = orders.clone().next();
        let wanted = form.text("sort");
        let order = orders.find(|order| order.0 == wanted).or(first);
        let all_ages = form.text("age") == "all";
        let recent = list.is_voted() && !all_ages;
        Self {
            list,
            search: hash(form.text("q")).chars().take(64).collect(),
            all_ages,
            wanted: ORDERS.iter().map(|order| order.0).find(|name| *name == wanted),
            order: order.map_or(("newest", TicketOrder::Newest), |order| (order.0, order.2)),
            page: form.text("page").parse().unwrap_or(1).max(1),
            ended_from: tip.filter(|_| recent).map(|tip| BlockHeight(tip.0.saturating_sub(max_voted_age))),
        }
    }

    /// What is wrong with what was typed into the search.
    pub fn search_error(&self) -> Option<&'static str> {
        let is_hash = self.search.bytes().all(|byte| byte.is_ascii_hexdigit());
        (!is_hash).then_some("A ticket’s hash has only the digits 0 to 9 and a to f, so nothing can be found.")
    }

    /// The tickets of the page that is asked for, or of the last one there is, and which one that is. The list has `count`
    /// tickets, so that they are counted only where not all of them are asked for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, site: &Site, user: UserId, count: u64) -> Result<(u64, TicketPage), StoreError> {
        let is_whole = self.search.is_empty() && self.ended_from.is_none();
        let mut query = TicketQuery {
            user: Some(user),
            states: self.list.state.into_iter().collect(),
            ignored: Some(self.list.state.is_none()),
            prefix: self.search.clone(),
            ended_from: self.ended_from,
            order: self.order.1,
            offset: (self.page - 1).saturating_mul(PER_PAGE),
            limit: PER_PAGE,
            known_total: is_whole.then_some(count),
            ..TicketQuery::default()
        };
        let mut found = site.pool.parts().ledger.tickets(&query).await?;
        if found.tickets.is_empty() && query.offset > 0 {
            query.offset = found.total.saturating_sub(1) / PER_PAGE * PER_PAGE;
            found = site.pool.parts().ledger.tickets(&query).await?;
        }
        Ok((query.offset / PER_PAGE + 1, found))
    }

    /// The name of the order.
    pub const fn order_name(&self) -> &'static str {
        self.order.0
    }

    /// The orders that the list can have.
    pub fn sorts(&self) -> Vec<Choice> {
        orders(self.list).map(|(name, title, ..)| Choice { name, title, chosen: *name == self.order.0 }).collect()
    }

    /// The query of an address that asks for the same, without the page.
    pub fn query(&self) -> String {
        self.query_sorted(self.order.0)
    }

    /// The same in another order.
    pub fn query_sorted(&self, order: &str) -> String {
        self.rest(Some(self.list.name), Some(order))
    }

    /// What holds for the other lists, too: what was searched for, and the order that was asked for.
    pub fn stays(&self) -> String {
        self.rest(None, self.wanted)
    }

    fn rest(&self, list: Option<&str>, order: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(list.map(|list| ("show", list)));
        query.extend_pairs(order.map(|order| ("sort", order)));
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        if self.all_ages {
            query.append_pair("age", "all");
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Filter {
        Filter::read(&Form::urlencoded(query.as_bytes()), Some(BlockHeight(10_000)), 8_640)
    }

    #[test]
    fn voted_tickets_are_the_recent_ones_unless_all_are_asked_for() {
        assert_eq!(filter("show=voted").ended_from, Some(BlockHeight(1_360)));
        assert_eq!(filter("show=voted&age=all").ended_from, None);
        assert_eq!(filter("show=missed").ended_from, None);
        assert_eq!(filter("").ended_from, None);
        let unknown = Filter::read(&Form::urlencoded(b"show=voted"), None, 8_640);
        assert_eq!(unknown.ended_from, None);
    }

    #[test]
    fn each_list_has_the_orders_that_fit() {
        assert_eq!(filter("show=voted").order, ("ended", TicketOrder::EndedLast));
        assert_eq!(filter("show=live&sort=ended").order, ("newest", TicketOrder::Newest));
        assert_eq!(filter("show=live&sort=cheapest").order, ("cheapest", TicketOrder::Cheapest));
        assert_eq!((filter("show=live").sorts().len(), filter("show=missed").sorts().len()), (4, 6));
        assert_eq!(filter("show=ignored").order, ("open", TicketOrder::OpenFirst));
        assert_eq!(filter("show=live&sort=open").order, ("newest", TicketOrder::Newest));
    }

    #[test]
    fn the_query_asks_for_the_same_again() {
        let query = filter("show=voted&sort=oldest&q=%20AB%26c&age=all&page=7").query();
        assert_eq!(query, "show=voted&sort=oldest&q=ab%26c&age=all");
        assert_eq!(filter("").query(), "show=live&sort=newest");
        assert_eq!(
            filter("show=missed&sort=oldest&q=ab&page=3").stays(),
            "sort=oldest&q=ab",
            "on the other lists, too"
        );
        assert_eq!(filter("show=voted&age=all").stays(), "age=all");
        assert_eq!(filter("q=%200xAB%E2%80%8B%22").search, "ab", "what stands around a pasted hash");
        assert!(filter("q=xyz").search_error().is_some() && filter("q=0Af").search_error().is_none());
    }
}
