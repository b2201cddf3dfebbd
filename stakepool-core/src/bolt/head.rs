//! The two heads of a file. A change writes the older one anew, so that the other is whole if that is cut off.

use super::error::BoltError;
use super::fields::{slice, u32_at, u64_at};

const MAGIC: u32 = 0xED0C_DAED;
const FORMAT: u32 = 2;
/// Where a head begins within its page.
const OFFSET: usize = 16;
/// Bytes of a head that its checksum covers.
const COVERED: usize = 56;
/// Sizes that pages can have: bbolt takes the machine's, which were never outside of these.
const PAGE_SIZES: std::ops::RangeInclusive<u32> = 1 << 9..=1 << 24;

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes of a page.
    pub(super) page_size: usize,
    /// The page on which the outermost bucket begins.
    pub(super) root: u64,
    /// The number of pages: all numbers are below it.
    pub(super) pages: u64,
    change: u64,
}

impl Head {
    /// The later valid head of a file.
    pub(super) fn find(file: &[u8]) -> Result<Self, BoltError> {
        let first = Self::at(file, 0);
        let other_format = first.err().flatten();
        let second = match first {
            Ok(head) => Self::at(file, head.page_size).ok(),
            // Where the first is damaged, the size of a page is not known.
            Err(_) => (9..=24)
                .map(|power| 1_usize << power)
                .find_map(|size| Self::at(file, size).ok().filter(|head| head.page_size == size)),
        };
        let latest = first.ok().into_iter().chain(second).max_by_key(|head| head.change);
        latest.ok_or_else(|| other_format.map_or(BoltError::NoHead, BoltError::Format))
    }

    /// The head on the page at an offset. The error is the format of one that is valid but for that.
    fn at(file: &[u8], page: usize) -> Result<Self, Option<u32>> {
        let start = page.checked_add(OFFSET).ok_or(None)?;
        let head = slice(file, start, COVERED + 8).ok_or(None)?;
        Self::read(head)
            .ok_or(None)
            .and_then(|(format, head)| if format == FORMAT { Ok(head) } else { Err(Some(format)) })
    }

    fn read(head: &[u8]) -> Option<(u32, Self)> {
        let checksum = fnv1a(slice(head, 0, COVERED)?);
        let page_size = u32_at(head, 8)?;
        let is_valid = u32_at(head, 0)? == MAGIC
            && u64_at(head, COVERED)? == checksum
            && page_size.is_power_of_two()
            && PAGE_SIZES.contains(&page_size);
        let read = Self {
            page_size: usize::try_from(page_size).ok()?,
            root: u64_at(head, 16)?,
            pages: u64_at(head, 40)?,
            change: u64_at(head, 48)?,
        };
        is_valid.then_some((u32_at(head, 4)?, read))
    }
}

/// The checksum of a head: FNV-1a of 64 bits.
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3))
}
