//! Calendar years, in UTC.

use stakepool_core::time::{Day, UnixTime};

/// A calendar year in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Year(pub i64);

impl Year {
    /// The year of a moment.
    pub fn of(time: UnixTime) -> Self {
        // `2026-11-22`; of years with other than four digits there are no blocks.
        let day = Day::of(time).to_string();
        let year = day.rsplitn(3, '-').nth(2).and_then(|year| year.parse().ok());
        Self(year.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_ends_with_its_last_second() {
        for (seconds, year) in [(0, 1970), (-1, 1969), (1_798_761_599, 2026), (1_798_761_600, 2027)] {
            assert_eq!(Year::of(UnixTime(seconds)), Year(year), "{seconds}");
        }
    }
}
