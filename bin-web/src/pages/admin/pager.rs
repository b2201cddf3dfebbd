//! Long lists in pages, and long words in pieces.

use serde::Serialize;
use stakepool_core::accounts::Email;
use stakepool_core::ports::{Listed, Slice, StoreError};

use crate::visit::Visit;

/// Which of several pages is shown, with links to its neighbours.
#[derive(Debug, Serialize)]
pub struct Pager {
    page: u64,
    pages: u64,
    total: u64,
    before: Option<String>,
    after: Option<String>,
}

/// The part of a list that a field with a page's number asks for.
pub fn slice(visit: &Visit, field: &str, per_page: u64) -> Slice {
    let page = visit.form.text(field).parse::<u64>().unwrap_or(1).clamp(1, u64::from(u32::MAX));
    Slice { offset: (page - 1) * per_page, limit: per_page }
}

/// A part of a list; the last one where the wanted one lies behind the end.
pub async fn part<T, F>(wanted: Slice, fetch: impl Fn(Slice) -> F) -> Result<(Slice, Listed<T>), StoreError>
where
    F: Future<Output = Result<Listed<T>, StoreError>>,
{
    let found = fetch(wanted).await?;
    if !found.rows.is_empty() || found.total == 0 || wanted.limit == 0 {
        return Ok((wanted, found));
    }
    let last = Slice { offset: (found.total - 1) / wanted.limit * wanted.limit, ..wanted };
    Ok((last, fetch(last).await?))
}

impl Pager {
    /// The pager of a list whose page is named by `field`; the rest of the query is kept.
    pub fn new(path: &str, query: &[(&str, &str)], field: &str, slice: Slice, total: u64) -> Self {
        let pages = total.div_ceil(slice.limit).max(1);
        let page = slice.offset / slice.limit + 1;
        let link = |page: u64| {
            let mut fields = form_urlencoded::Serializer::new(String::new());
            fields.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
            fields.append_pair(field, &page.to_string());
            format!("{path}?{}", fields.finish())
        };
        let before = (page > 1).then(|| link((page - 1).min(pages)));
        let after = (page < pages).then(|| link(page + 1));
        Self { page, pages, total, before, after }
    }
}

/// An e-mail address in pieces between which a line may end.
pub fn pieces(email: &Email) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in email.to_string().chars() {
        if character == '.' {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
        if character == '@' {
            pieces.push(String::new());
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_behind_the_end_is_the_last_one() {
        let rows = async |page: u64, total: u64| {
            let fetch = |slice: Slice| async move {
                let rows = (slice.offset..total.min(slice.offset + slice.limit)).collect::<Vec<_>>();
                Ok(Listed { total, rows })
            };
            let (slice, found) = part(Slice { offset: (page - 1) * 10, limit: 10 }, fetch).await.unwrap();
            (slice.offset / 10 + 1, found.rows.len())
        };
        assert_eq!(rows(1, 0).await, (1, 0));
        assert_eq!(rows(2, 25).await, (2, 10));
        assert_eq!(rows(4, 25).await, (3, 5));
        assert_eq!(rows(u64::from(u32::MAX), 20).await, (2, 10));
    }

    #[test]
    fn an_address_is_broken_behind_the_at_and_before_dots() {
        let email = Email::parse("a.b@mail.example.org").unwrap();
        assert_eq!(pieces(&email), ["a", ".b@", "mail", ".example", ".org"]);
        let old = Email::from_store("a\u{200d}b@example.org".to_owned());
        assert_eq!(pieces(&old), [r"a\u{200d}b@", "example", ".org"], "as people see it");
    }

    #[test]
    fn links_to_neighbours_keep_the_query() {
        let pager = |page: u64, total| {
            let slice = Slice { offset: (page - 1) * 50, limit: 50 };
            Pager::new("/adminusers", &[("q", "a&b"), ("show", "")], "page", slice, total)
        };
        let link = |page| Some(format!("/adminusers?q=a%26b&page={page}"));
        let middle = pager(2, 101);
        assert_eq!((middle.pages, middle.before, middle.after), (3, link(1), link(3)));
        let only = pager(1, 0);
        assert_eq!((only.pages, only.before, only.after), (1, None, None));
        assert_eq!(pager(9, 60).before, link(2), "from a page that is not there");
    }
}
