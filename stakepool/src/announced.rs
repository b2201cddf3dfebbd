//! What the operator announced, as one database knows it and another one does not: a backup of yesterday has yesterday's.

use std::collections::BTreeMap;

use stakepool_core::ports::{StoreError, UpkeepStore};

use crate::notice_notes::{self, Notice};
use crate::terms_notes::{self, NotedTerms};

/// The terms and notices that a database has noted, with how far their mails have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    notes: BTreeMap<String, String>,
}

impl Announced {
    /// What a database has noted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(store: &dyn UpkeepStore) -> Result<Self, StoreError> {
        let mut notes = Vec::new();
        for prefix in prefixes() {
            notes.extend(store.notes(prefix).await?);
        }
        Ok(Self::of_notes(notes))
    }

    /// What some notes of a database say of it, by their names and texts.
    pub fn of_notes(notes: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_ours = |(name, _): &(String, String)| prefixes().any(|prefix| name.starts_with(prefix));
        Self { notes: notes.into_iter().filter(is_ours).collect() }
    }

    /// What was announced, changed or taken back since an earlier state, in words. How far mails have come is not among it.
    pub fn since(&self, earlier: &Self) -> Vec<String> {
        let is_new = |(name, text): &(&String, &String)| earlier.notes.get(*name) != Some(*text);
        let is_gone = |(name, _): &(&String, &String)| !self.notes.contains_key(*name);
        let new = self.notes.iter().filter(is_new).filter_map(|(name, text)| said(name, text));
        let gone = earlier.notes.iter().filter(is_gone).filter_map(|(name, text)| said(name, text));
        new.chain(gone.map(|said| format!("taken back: {said}"))).collect()
    }

    /// Puts it in the place of what a database has noted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(&self, store: &dyn UpkeepStore) -> Result<(), StoreError> {
        let there = Self::read(store).await?;
        for name in there.notes.keys().filter(|name| !self.notes.contains_key(*name)) {
            store.forget_note(name).await?;
        }
        for (name, text) in self.notes.iter().filter(|(name, text)| there.notes.get(*name) != Some(*text)) {
            store.set_note(name, text).await?;
        }
        Ok(())
    }
}

/// The note by which the service for wallets of today is closed.
pub(crate) const VSP_CLOSED: &str = "vsp closed";

fn prefixes() -> impl Iterator<Item = &'static str> {
    [terms_notes::PREFIX, VSP_CLOSED].into_iter().chain(notice_notes::PREFIXES)
}

/// What a note of terms or of a notice says; nothing of others, and of one that cannot be read only its name.
fn said(name: &str, text: &str) -> Option<String> {
    let unreadable = || format!("the note `{name}`, which cannot be read");
    if name.starts_with(terms_notes::FROM) {
        return Some(serde_json::from_str::<NotedTerms>(text).map_or_else(
            |_| unreadable(),
            |NotedTerms { terms, .. }| {
                format!("terms from block {}: {} % to {}", terms.from.0, terms.fee, terms.cold_wallet)
            },
        ));
    }
    if name == VSP_CLOSED {
        return Some("no new tickets of wallets of today (`vsp close`)".to_owned());
    }
    name.starts_with(notice_notes::NOTICE).then(|| {
        serde_json::from_str::<Notice>(text).map_or_else(
            |_| unreadable(),
            |notice| format!("notice {} ({}, {}): {}", notice.id, notice.kind.name(), notice.dates(), notice.text),
        )
    })
}

#[cfg(test)]
mod tests {
    use stakepool_core::testkit::MemoryStore;
    use stakepool_core::time::UnixTime;

    use super::*;
    use crate::notice_notes::{NoticeId, NoticeKind, Stage, note_mailed, note_notice};

    fn notice(id: u32, kind: NoticeKind) -> Notice {
        Notice {
            id: NoticeId(id),
            kind,
            text: format!("text {id}"),
            from: UnixTime(1_795_800_000),
            until: None,
            created: UnixTime(1_795_700_000),
            by: "operator".to_owned(),
            mail: true,
            block: None,
        }
    }

    /// A lease under which notices are noted.
    async fn numbers(store: &MemoryStore) -> stakepool_core::ports::Lease {
        use stakepool_core::ports::LeaseStore as _;
        store.lease("numbers", "a test", UnixTime(0), UnixTime(60)).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_database_of_yesterday_gets_what_was_announced_and_loses_what_was_taken_back() {
        let (today, yesterday) = (MemoryStore::default(), MemoryStore::default());
        for store in [&today, &yesterday] {
            note_notice(store, &numbers(store).await, &notice(1, NoticeKind::News)).await.unwrap();
            store.set_note("other", "stays").await.unwrap();
        }
        note_notice(&yesterday, &numbers(&yesterday).await, &notice(2, NoticeKind::Maintenance)).await.unwrap();
        note_notice(&today, &numbers(&today).await, &notice(3, NoticeKind::Closing)).await.unwrap();
        note_mailed(&today, &numbers(&today).await, NoticeId(3), Stage::Announced, crate::notice_notes::Mailed::All)
            .await
            .unwrap();
        today.set_note(VSP_CLOSED, "{}").await.unwrap();
        let (new, old) = (Announced::read(&today).await.unwrap(), Announced::read(&yesterday).await.unwrap());
        let since = new.since(&old);
        assert_eq!(since.len(), 3, "{since:?}");
        assert!(since[0].starts_with("notice 3 (closing, ") && since[0].ends_with("): text 3"), "{since:?}");
        assert!(since[1].contains("vsp close"), "{since:?}");
        assert!(since[2].starts_with("taken back: notice 2 (maintenance"), "{since:?}");
        new.put(&yesterday).await.unwrap();
        assert_eq!(Announced::read(&yesterday).await.unwrap(), new);
        assert_eq!(yesterday.notes("other").await.unwrap().len(), 1);
        assert!(new.since(&new).is_empty());
    }
}
