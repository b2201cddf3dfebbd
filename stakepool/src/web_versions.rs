//! Webs of two versions on one database: the older leaves the daemons to the newer.
//!
//! Each would make the desired state of what it knows, and give the daemons its own in turn, for as long as both run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stakepool_core::desired::FORMAT;
use stakepool_core::ports::{Clock, StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;
use tokio::time::sleep;

use crate::json_note::set_json_note;
use crate::parts::Parts;

/// How the names of the notes begin; the format follows.
const PREFIX: &str = "webs/format/";
/// How often a web notes that it runs.
const BEAT: Duration = Duration::from_secs(15);
/// How long a web that notes nothing is taken to run.
const SEEN: Duration = Duration::from_secs(60);
/// By how much the clocks of two webs may differ: a note that was never read before, and is no older, may be of one that runs.
const CLOCKS: Duration = Duration::from_secs(600);

/// What webs of a format note.
#[derive(Serialize, Deserialize)]
struct Beat {
    version: String,
    at: UnixTime,
}

/// A web with another format of the desired state than this program's, which was seen within a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherWeb {
    /// Its version, for people.
    pub(crate) version: String,
    /// Whether its format is the greater one.
    pub(crate) is_newer: bool,
}

impl OtherWeb {
    /// For the operator.
    pub(crate) fn in_words(&self) -> String {
        let Self { version, is_newer } = self;
        let own = env!("CARGO_PKG_VERSION");
        if *is_newer {
            format!(
                "a web of a newer version ({version}) runs on this database: it gives the daemons their users and \
                 tickets, and this one ({own}) leaves that to it; update this one, or stop it"
            )
        } else {
            format!(
                "a web of an older version ({version}) runs on this database, too, and leaves the daemons to the \
                 newer ones: update it, or stop it"
            )
        }
    }
}

/// Says of which version the webs on a database are.
#[derive(Clone)]
pub(crate) struct WebVersions {
    store: Arc<dyn UpkeepStore>,
    clock: Arc<dyn Clock>,
    format: u32,
    /// By format, the time in the note as it was last read, and when it became so by the own clock.
    signs: Arc<Mutex<BTreeMap<u32, (UnixTime, UnixTime)>>>,
}

impl WebVersions {
    /// As a web of this version sees them.
    pub(crate) fn new(parts: &Parts) -> Self {
        Self { store: parts.upkeep.clone(), clock: parts.clock.clone(), format: FORMAT, signs: Arc::default() }
    }

    /// Notes for ever that a web of this version runs.
    pub(crate) async fn run(&self) {
        loop {
            if let Err(error) = self.note().await {
                tracing::debug!(%error, "the version is not noted");
            }
            sleep(BEAT).await;
        }
    }

    /// Notes that a web of this version runs now.
    async fn note(&self) -> Result<(), StoreError> {
        let beat = Beat { version: env!("CARGO_PKG_VERSION").to_owned(), at: self.clock.now() };
        // As wide as the greatest, so that notes lie in the order of their formats.
        set_json_note(self.store.as_ref(), &format!("{PREFIX}{:010}", self.format), &beat).await
    }

    /// The webs with other formats that run, the newest last.
    pub(crate) async fn others(&self) -> Result<Vec<OtherWeb>, StoreError> {
        let notes = self.store.notes(PREFIX).await?;
        let now = self.clock.now();
        let other = |(name, text): (String, String)| {
            let format: u32 = name.strip_prefix(PREFIX)?.parse().ok()?;
            let Beat { version, at } = serde_json::from_str(&text).ok()?;
            (self.runs(format, at, now) && format != self.format)
                .then_some(OtherWeb { version, is_newer: format > self.format })
        };
        Ok(notes.into_iter().filter_map(other).collect())
    }

    /// Whether the webs of a format run whose note says `at`: it changed within a minute of the own clock. What theirs says does
    /// not count, but for a note that is read for the first time.
    fn runs(&self, format: u32, at: UnixTime, now: UnixTime) -> bool {
        let mut signs = self.signs.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = match signs.get(&format) {
            Some((before, changed)) if *before == at => *changed,
            None if now > at.plus(CLOCKS) => at,
            _ => now,
        };
        signs.insert(format, (at, changed));
        now <= changed.plus(SEEN)
    }

    /// The newest web that runs, where it is newer than this program: the daemons are left to it.
    pub(crate) async fn newer(&self) -> Result<Option<OtherWeb>, StoreError> {
        Ok(self.others().await?.into_iter().rfind(|web| web.is_newer))
    }
}

impl fmt::Debug for WebVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebVersions").field("format", &self.format).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use stakepool_core::testkit::{MemoryStore, TestClock};

    use super::*;

    #[tokio::test]
    async fn a_web_sees_those_of_other_formats_for_a_minute_after_their_last_sign() {
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(TestClock::default()));
        let web = |format| WebVersions { store: store.clone(), clock: clock.clone(), format, signs: Arc::default() };
        let (older, newer) = (web(9), web(10));
        for web in [&older, &newer] {
            web.note().await.unwrap();
            assert_eq!(older.newer().await.unwrap().is_some(), web.format == newer.format);
        }
        assert_eq!(newer.newer().await, Ok(None));
        let seen = newer.others().await.unwrap();
        assert_eq!(seen.iter().map(|web| web.is_newer).collect::<Vec<_>>(), [false]);
        assert!(seen[0].in_words().contains("older version"), "{}", seen[0].in_words());
        clock.advance(SEEN);
        assert!(older.newer().await.unwrap().is_some());
        clock.advance(Duration::from_secs(1));
        assert_eq!(older.newer().await, Ok(None));
        assert_eq!(newer.others().await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn a_web_whose_clock_is_minutes_ahead_or_behind_is_seen_as_long_as_it_runs() {
        let store = Arc::new(MemoryStore::default());
        let web = |clock: &Arc<TestClock>, format| {
            let clock = clock.clone();
            WebVersions { store: store.clone(), clock, format, signs: Arc::default() }
        };
        for (ahead_of_newer, ahead_of_older) in [(0, 300), (300, 0)] {
            let clocks = [Arc::new(TestClock::default()), Arc::new(TestClock::default())];
            clocks[0].advance(Duration::from_secs(ahead_of_newer));
            clocks[1].advance(Duration::from_secs(ahead_of_older));
            let (newer, older) = (web(&clocks[0], 10), web(&clocks[1], 9));
            for _ in 0..10 {
                newer.note().await.unwrap();
                assert!(older.newer().await.unwrap().is_some());
                clocks.iter().for_each(|clock| clock.advance(BEAT));
            }
            clocks.iter().for_each(|clock| clock.advance(SEEN));
            assert_eq!(older.newer().await, Ok(None), "it is gone");
        }
    }
}
