//! A page: its header and the elements on it.

use super::error::BoltError;
use super::fields::{slice, u16_at, u32_at, u64_at};

/// Bytes of a page's header, and of each element's.
const HEADER: usize = 16;
const BRANCH: u16 = 1;
const LEAF: u16 = 2;
/// Says of an element of a leaf that its value is a bucket.
const BUCKET: u32 = 1;

/// A page of a tree with its elements, which were not looked at yet.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    id: u64,
    bytes: &'a [u8],
    count: usize,
    is_leaf: bool,
}

/// An element of a leaf.
#[derive(Clone, Copy)]
pub(super) struct LeafElement<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) is_bucket: bool,
}

impl<'a> Page<'a> {
    /// The page with a number, and how many pages it takes.
    pub(super) fn at(file: &'a [u8], page_size: usize, id: u64) -> Result<(Self, u64), BoltError> {
        let damaged = |what| BoltError::Damaged { page: id, what };
        let start = usize::try_from(id).ok().and_then(|id| id.checked_mul(page_size));
        let start = start.filter(|start| *start < file.len()).ok_or(damaged("it is not in the file"))?;
        let more = u32_at(file, start.saturating_add(12)).ok_or(damaged("it is cut off"))?;
        let pages = u64::from(more).saturating_add(1);
        let length = usize::try_from(pages).ok().and_then(|pages| pages.checked_mul(page_size));
        let bytes = length.and_then(|length| slice(file, start, length)).ok_or(damaged("it is cut off"))?;
        if u64_at(bytes, 0) != Some(id) {
            return Err(damaged("it has another number"));
        }
        Ok((Self::read(id, bytes)?, pages))
    }

    /// The page of a bucket that lies within a leaf.
    pub(super) fn within(bytes: &'a [u8]) -> Result<Self, BoltError> {
        Self::read(0, bytes)
    }

    fn read(id: u64, bytes: &'a [u8]) -> Result<Self, BoltError> {
        let damaged = |what| BoltError::Damaged { page: id, what };
        let flags = u16_at(bytes, 8).ok_or(damaged("it has no header"))?;
        let count = usize::from(u16_at(bytes, 10).ok_or(damaged("it has no header"))?);
        let is_leaf = match flags {
            BRANCH => false,
            LEAF => true,
            _ => return Err(damaged("it is of another kind")),
        };
        if count.saturating_mul(HEADER).saturating_add(HEADER) > bytes.len() {
            return Err(damaged("it has more elements than fit on it"));
        }
        Ok(Self { id, bytes, count, is_leaf })
    }

    pub(super) const fn is_leaf(&self) -> bool {
        self.is_leaf
    }

    /// Its number; 0 for one that lies within a leaf.
    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// How many bytes it has.
    pub(super) const fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The elements of a leaf, by key. Together they are no larger than the page, since none lies over another.
    pub(super) fn leaf_elements(self) -> impl Iterator<Item = Result<LeafElement<'a>, BoltError>> {
        let mut left = self.bytes.len();
        (0..self.count).map(move |number| {
            let element = self.leaf_element(number).ok_or(self.outside())?;
            let size = element.key.len().saturating_add(element.value.len()).saturating_add(HEADER);
            let over = BoltError::Damaged { page: self.id, what: "its elements lie over each other" };
            left = left.checked_sub(size).ok_or(over)?;
            Ok(element)
        })
    }

    /// The pages below a branch, by key.
    pub(super) fn children(self) -> impl DoubleEndedIterator<Item = Result<u64, BoltError>> {
        let child =
            move |number: usize| u64_at(self.bytes, HEADER.checked_add(number.checked_mul(HEADER)?)?.checked_add(8)?);
        (0..self.count).map(move |number| child(number).ok_or(self.outside()))
    }

    const fn outside(&self) -> BoltError {
        BoltError::Damaged { page: self.id, what: "an element lies outside of it" }
    }

    fn leaf_element(self, number: usize) -> Option<LeafElement<'a>> {
        let at = HEADER.checked_add(number.checked_mul(HEADER)?)?;
        let [flags, position, key, value] = [0, 4, 8, 12].map(|field| u32_at(self.bytes, at.checked_add(field)?));
        let [position, key, value] = [position?, key?, value?].map(|number| usize::try_from(number).ok());
        let (start, key_length) = (at.checked_add(position?)?, key?);
        Some(LeafElement {
            key: slice(self.bytes, start, key_length)?,
            value: slice(self.bytes, start.checked_add(key_length)?, value?)?,
            is_bucket: flags? & BUCKET != 0,
        })
    }
}
