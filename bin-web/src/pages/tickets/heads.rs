//! The heads of a list's columns, by which it is sorted.

use serde::Serialize;

use super::filter::Filter;

/// A head that sorts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The query that sorts by this column, or the other way around where it is sorted by it already.
    query: String,
    /// How the list is sorted by this column, in the words of `aria-sort`; `None` where it is not.
    sorted: Option<&'static str>,
}

/// The heads that sort; those of columns by which a list cannot be sorted are `None`.
#[derive(Clone, Debug, Serialize)]
pub struct Heads {
    bought: Option<Head>,
    moment: Option<Head>,
    price: Option<Head>,
}

impl Heads {
    /// The heads of the list that a filter shows.
    pub fn of(filter: &Filter) -> Self {
        Self {
            bought: head(filter, "newest", "oldest"),
            moment: head(filter, "ended", "ended-first"),
            price: head(filter, "dearest", "cheapest"),
        }
    }
}

/// A column by its orders from the last down and from the first up.
fn head(filter: &Filter, down: &str, up: &str) -> Option<Head> {
    let has = |order: &str| filter.sorts().iter().any(|choice| choice.name == order);
    let sorted = match filter.order_name() {
        name if name == down => Some("descending"),
        name if name == up => Some("ascending"),
        _ => None,
    };
    let next = if sorted == Some("descending") { up } else { down };
    has(next).then(|| Head { query: filter.query_sorted(next), sorted })
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::BlockHeight;

    use super::*;
    use crate::http::form::Form;

    fn heads(query: &str) -> Heads {
        Heads::of(&Filter::read(&Form::urlencoded(query.as_bytes()), Some(BlockHeight(10_000)), 8_640))
    }

    #[test]
    fn a_head_sorts_by_its_column_and_again_the_other_way_around() {
        let head = |query: &str, sorted| Some(Head { query: query.to_owned(), sorted });
        let voted = heads("show=voted&q=ab&page=3");
        assert_eq!(voted.moment, head("show=voted&sort=ended-first&q=ab", Some("descending")));
        assert_eq!(voted.price, head("show=voted&sort=dearest&q=ab", None));
        let cheap = heads("show=live&sort=cheapest");
        assert_eq!(cheap.price, head("show=live&sort=dearest", Some("ascending")));
        assert_eq!(cheap.bought, head("show=live&sort=newest", None));
        assert_eq!(cheap.moment, None, "tickets that have not ended have no end");
    }
}
