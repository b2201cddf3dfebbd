//! Buckets: values and further buckets by key.

use std::collections::HashSet;
use std::fmt;

use super::error::BoltError;
use super::fields::u64_at;
use super::page::Page;
use super::source::Source;

/// Bytes of what the value of a bucket begins with: its first page, and a number that belongs to its keys.
const HEADER: usize = 16;

/// Values and further buckets by key.
#[derive(Clone, Copy)]
pub struct Bucket<'a> {
    source: Source<'a>,
    place: Place<'a>,
}

/// Where a bucket lies.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// In a tree of pages that begins there.
    Page(u64),
    /// Within a leaf.
    Within(&'a [u8]),
}

/// A key and what lies under it. What it holds is never printed.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The key.
    pub key: &'a [u8],
    source: Source<'a>,
    value: &'a [u8],
    is_bucket: bool,
}

impl<'a> Entry<'a> {
    /// The value; `None` where a bucket lies under the key.
    pub fn value(&self) -> Option<&'a [u8]> {
        (!self.is_bucket).then_some(self.value)
    }

    /// The bucket; `None` where a value lies under the key.
    ///
    /// # Errors
    /// [`BoltError::Damaged`] where it has no head.
    pub fn bucket(&self) -> Result<Option<Bucket<'a>>, BoltError> {
        if !self.is_bucket {
            return Ok(None);
        }
        let first = u64_at(self.value, 0).zip(self.value.get(HEADER..));
        let (first, within) = first.ok_or(BoltError::Damaged { page: 0, what: "a bucket on it has no head" })?;
        let place = if first == 0 { Place::Within(within) } else { Place::Page(first) };
        Ok(Some(Bucket { source: self.source, place }))
    }
}

impl<'a> Bucket<'a> {
    pub(super) const fn on_page(source: Source<'a>, page: u64) -> Self {
        Self { source, place: Place::Page(page) }
    }

    /// Everything in it, by key. Takes time and memory in proportion to the bucket, and never more than to the file.
    ///
    /// # Errors
    /// [`BoltError::Damaged`] where a page of it is, and where far more was read of the file than it holds.
    pub fn entries(&self) -> Result<Vec<Entry<'a>>, BoltError> {
        let mut tree = Tree { source: self.source, seen: HashSet::new() };
        let mut open = match self.place {
            Place::Page(first) => vec![tree.page(first)?],
            Place::Within(bytes) => match Page::within(bytes)? {
                leaf if leaf.is_leaf() => vec![leaf],
                _ => return Err(BoltError::Damaged { page: 0, what: "a bucket within a leaf has pages of its own" }),
            },
        };
        let mut found = Vec::new();
        while let Some(page) = open.pop() {
            self.source.count(page.id(), page.size())?;
            if page.is_leaf() {
                for element in page.leaf_elements() {
                    let element = element?;
                    let (source, is_bucket) = (self.source, element.is_bucket);
                    found.push(Entry { key: element.key, source, value: element.value, is_bucket });
                }
            } else {
                for child in page.children().rev() {
                    open.push(tree.page(child?)?);
                }
            }
        }
        Ok(found)
    }

    /// What lies under a key. Takes as long as [`Bucket::entries`].
    ///
    /// # Errors
    /// [`BoltError::Damaged`] where a page of the bucket is.
    pub fn find(&self, key: &[u8]) -> Result<Option<Entry<'a>>, BoltError> {
        Ok(self.entries()?.into_iter().find(|entry| entry.key == key))
    }

    /// The bucket under a key.
    ///
    /// # Errors
    /// [`BoltError::Damaged`] where a page of this bucket is.
    pub fn bucket(&self, key: &[u8]) -> Result<Option<Self>, BoltError> {
        self.find(key)?.map_or(Ok(None), |entry| entry.bucket())
    }

    /// The value under a key.
    ///
    /// # Errors
    /// [`BoltError::Damaged`] where a page of the bucket is.
    pub fn value(&self, key: &[u8]) -> Result<Option<&'a [u8]>, BoltError> {
        Ok(self.find(key)?.and_then(|entry| entry.value()))
    }
}

/// A tree that is walked through, and which of its pages were.
struct Tree<'a> {
    source: Source<'a>,
    seen: HashSet<u64>,
}

impl<'a> Tree<'a> {
    /// A page that was not walked through yet.
    fn page(&mut self, id: u64) -> Result<Page<'a>, BoltError> {
        let damaged = |what| BoltError::Damaged { page: id, what };
        let Source { file, head, .. } = self.source;
        let (page, pages) = Page::at(file, head.page_size, id)?;
        let end =
            id.checked_add(pages).filter(|end| *end <= head.pages).ok_or(damaged("it is beyond the last page"))?;
        for taken in id..end {
            if !self.seen.insert(taken) {
                return Err(damaged("two branches lead to it"));
            }
        }
        Ok(page)
    }
}

impl fmt::Debug for Bucket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bucket(…)")
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("is_bucket", &self.is_bucket).finish_non_exhaustive()
    }
}
