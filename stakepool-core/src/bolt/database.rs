//! A file as a whole.

use std::cell::Cell;
use std::fmt;

use super::bucket::Bucket;
use super::error::BoltError;
use super::head::Head;
use super::source::Source;

/// A file of bbolt, whose bytes were read.
pub struct Bolt<'a> {
    file: &'a [u8],
    head: Head,
    /// How many bytes may still be read.
    left: Cell<u64>,
}

impl<'a> Bolt<'a> {
    /// Reads the heads of a file. A file that its program has open may change while it is read: take a copy, or stop the program.
    ///
    /// # Errors
    /// [`BoltError`] for another file, and for one that is cut off.
    pub fn open(file: &'a [u8]) -> Result<Self, BoltError> {
        let head = Head::find(file)?;
        let found = file.len() as u64;
        let expected = head.pages.saturating_mul(head.page_size as u64);
        if found < expected {
            return Err(BoltError::CutOff { found, expected });
        }
        Ok(Self { file, head, left: Source::allowance(file) })
    }

    /// The bucket in which everything lies. All that is read of it and of the buckets in it is at most some times as much as
    /// the file holds.
    pub fn root(&self) -> Bucket<'_> {
        Bucket::on_page(Source::new(self.file, self.head, &self.left), self.head.root)
    }
}

impl fmt::Debug for Bolt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bolt").field("head", &self.head).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bolt::head::fnv1a;

    const PAGE: usize = 512;

    /// A file of these pages behind its heads; the outermost bucket begins on page 2.
    fn file(pages: &[Vec<u8>]) -> Vec<u8> {
        let mut head = [0; 64];
        let number =
            |head: &mut [u8; 64], at: usize, value: u64| head[at..at + 8].copy_from_slice(&value.to_le_bytes());
        number(&mut head, 0, 0xED0C_DAED | 2 << 32);
        number(&mut head, 8, PAGE as u64);
        number(&mut head, 16, 2);
        number(&mut head, 40, 2 + pages.len() as u64);
        let checksum = fnv1a(&head[..56]);
        number(&mut head, 56, checksum);
        let mut file = vec![0; 2 * PAGE];
        for page in [0, PAGE] {
            file[page + 16..page + 80].copy_from_slice(&head);
        }
        file.extend(pages.concat());
        file
    }

    /// A leaf with elements that begin at an offset from their own place, with keys of one byte and values of a length.
    fn leaf(id: u64, elements: &[(u32, u32, u32)], rest: &[u8]) -> Vec<u8> {
        let mut page = id.to_le_bytes().to_vec();
        page.extend(2_u16.to_le_bytes());
        page.extend(u16::try_from(elements.len()).unwrap().to_le_bytes());
        page.extend([0; 4]);
        for (flags, position, length) in elements {
            page.extend([*flags, *position, 1, *length].map(u32::to_le_bytes).concat());
        }
        page.extend(rest);
        page.resize(PAGE, 7);
        page
    }

    #[test]
    fn elements_that_lie_over_each_other_are_refused() {
        let elements = |count: u32| -> Vec<_> { (0..count).map(|number| (0, 16 * (count - number), 300)).collect() };
        let whole = file(&[leaf(2, &elements(1), &[])]);
        assert_eq!(Bolt::open(&whole).unwrap().root().entries().unwrap().len(), 1);
        let shared = file(&[leaf(2, &elements(2), &[])]);
        let error = Bolt::open(&shared).unwrap().root().entries().unwrap_err();
        assert!(error.to_string().contains("lie over each other"), "{error}");
    }

    #[test]
    fn pages_to_which_many_buckets_lead_are_not_read_for_each_of_them() {
        // Each of the 25 elements has a value of its own: the head of a bucket that begins on page 3.
        let elements: Vec<_> = (0..14_u32).map(|number| (1, 16 * (14 - number) + 17 * number, 16)).collect();
        let heads = [&[b'k'][..], &3_u64.to_le_bytes(), &[0; 8]].concat().repeat(14);
        let value = leaf(3, &[(0, 16, 300)], &[]);
        let file = file(&[leaf(2, &elements, &heads), value]);
        let bolt = Bolt::open(&file).unwrap();
        let mut read = 0;
        let done = (0..100).try_for_each(|_| {
            for entry in bolt.root().entries()? {
                read += entry.bucket()?.unwrap().entries()?.len();
            }
            Ok::<_, BoltError>(())
        });
        assert!(done.unwrap_err().to_string().contains("lead to the same pages"));
        assert!((14..200).contains(&read), "{read}");
    }
}
