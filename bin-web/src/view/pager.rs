//! The pages of a long list: their numbers, and the ways to them.

use serde::Serialize;

/// How many pages beside the present one are named, and at each end.
const BESIDE: u64 = 2;

/// The ways to the pages of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pager {
    /// The page that is shown, from 1.
    pub page: u64,
    /// How many there are.
    pub pages: u64,
    /// Where the list is.
    path: &'static str,
    /// The query of the list without its page.
    query: String,
    /// The same, field by field, for a form.
    fields: Vec<(String, String)>,
    /// The numbers to show, with `None` for those that are left out.
    numbers: Vec<Option<u64>>,
}

impl Pager {
    /// The ways from a page of a list at a path, which asks for itself by a query.
    pub fn new(path: &'static str, query: String, page: u64, pages: u64) -> Self {
        let fields = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { page, pages, path, fields, query, numbers: numbers(page, pages) }
    }
}

/// The first and the last page, the present one and those beside it.
fn numbers(page: u64, pages: u64) -> Vec<Option<u64>> {
    let mut numbers = Vec::new();
    let near = page.saturating_sub(BESIDE).max(1)..=page.saturating_add(BESIDE).min(pages);
    let mut last = 0;
    for number in std::iter::once(1).chain(near).chain(std::iter::once(pages)) {
        if number <= last {
            continue;
        }
        match number - last {
            1 => {}
            // A single page needs as much place as what says that it is left out.
            2 => numbers.push(Some(last + 1)),
            _ => numbers.push(None),
        }
        numbers.push(Some(number));
        last = number;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_neighbors_are_named_and_the_others_left_out() {
        let shown = |page, pages| {
            let number = |number: Option<u64>| number.map_or("…".to_owned(), |number| number.to_string());
            numbers(page, pages).into_iter().map(number).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(1, 1), "1");
        assert_eq!(shown(2, 4), "1 2 3 4");
        assert_eq!(shown(1, 200), "1 2 3 … 200");
        assert_eq!(shown(5, 200), "1 2 3 4 5 6 7 … 200");
        assert_eq!(shown(100, 200), "1 … 98 99 100 101 102 … 200");
        assert_eq!(shown(200, 200), "1 … 198 199 200");
    }

    #[test]
    fn a_form_asks_for_the_same_list() {
        let pager = Pager::new("/list", "show=voted&q=ab%26".to_owned(), 1, 9);
        let fields = [("show", "voted"), ("q", "ab&")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pager.fields, fields);
    }
}
