//! What users are to know: a change of the terms, a maintenance, the end of the pool. Noted in the database.

use std::fmt;

use serde::{Deserialize, Serialize};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{Lease, LeaseStore, StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;

use crate::json_note::set_json_note_under;

/// How the names of the notes of notices begin; the number follows.
pub(crate) const NOTICE: &str = "notice/";
/// How those of their mails begin; number and stage follow.
const MAILED: &str = "notice-mail/";
/// The note of the highest number that a notice has had.
const LAST_NUMBER: &str = "notice-number";
/// How the names of all notes of notices begin.
pub(crate) const PREFIXES: [&str; 3] = [NOTICE, MAILED, LAST_NUMBER];

/// The number of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeId(pub u32);

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoticeKind {
    /// Another fee or cold wallet.
    Terms,
    /// The pool will not be there for a while.
    Maintenance,
    /// The pool closes for good.
    Closing,
    /// Anything else.
    News,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Terms, Self::Maintenance, Self::Closing, Self::News];

    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Maintenance => "maintenance",
            Self::Closing => "closing",
            Self::News => "news",
        }
    }

    /// What stands over it, on pages and in mails.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Terms => "The pool's terms change",
            Self::Maintenance => "Maintenance",
            Self::Closing => "This pool closes",
            Self::News => "News",
        }
    }
}

/// A notice to all users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its number.
    pub id: NoticeId,
    /// What it is about.
    pub kind: NoticeKind,
    /// What it says, in the operator's words.
    pub text: String,
    /// When that begins, or happens.
    pub from: UnixTime,
    /// When it is over, and the notice with it; `None` for never.
    pub until: Option<UnixTime>,
    /// When it was made. Pages show it from then on.
    pub created: UnixTime,
    /// By whom, as in the audit log.
    pub by: String,
    /// Whether it is mailed.
    pub mail: bool,
    /// For a change of the terms: the block from which on they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<BlockHeight>,
}

impl Notice {
    /// Whether pages show it.
    pub fn is_shown(&self, now: UnixTime) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Its dates in UTC, for people.
    pub fn dates(&self) -> String {
        let from = self.from.readable();
        match self.until.filter(|_| self.kind == NoticeKind::Maintenance) {
            Some(until) => format!("{from} to {}", until.readable()),
            None => from,
        }
    }
}

/// Which of its mails a notice is at. Only a closing has others than the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It was made.
    Announced,
    /// Half the time has passed.
    HalfTime,
    /// It happens.
    End,
}

impl Stage {
    /// The name, as in notes.
    const fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::HalfTime => "half",
            Self::End => "end",
        }
    }

    /// The latest of a notice's mails that is due: where the pool was away, nobody gets two at once.
    pub(crate) fn due(notice: &Notice, now: UnixTime) -> Option<Self> {
        let half = UnixTime(notice.created.0 + notice.from.0.saturating_sub(notice.created.0).max(0) / 2);
        match notice.kind {
            NoticeKind::Closing if now >= notice.from => Some(Self::End),
            NoticeKind::Closing if now >= half => Some(Self::HalfTime),
            _ if notice.is_shown(now) => Some(Self::Announced),
            _ => None,
        }
        .filter(|_| notice.mail)
    }
}

/// How far the mails of a stage have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mailed {
    /// Up to this user.
    UpTo(UserId),
    /// Everybody has theirs.
    All,
}

fn name(id: NoticeId) -> String {
    // As wide as the highest, so that notes lie in the order of their numbers.
    format!("{NOTICE}{:010}", id.0)
}

fn mail_name(id: NoticeId, stage: Stage) -> String {
    format!("{MAILED}{:010}/{}", id.0, stage.name())
}

/// All notices, the earliest first. One that another version wrote and that cannot be read is left out.
pub(crate) async fn read_notices(store: &dyn UpkeepStore) -> Result<Vec<Notice>, StoreError> {
    let notes = store.notes(NOTICE).await?;
    Ok(notes.iter().filter_map(|(_, text)| serde_json::from_str(text).ok()).collect())
}

/// A number that no notice has had: mails of one that was removed may still be on their way under its number. `None` where the lease
/// of numbers went to another.
pub(crate) async fn new_number(
    store: &dyn UpkeepStore,
    leases: &dyn LeaseStore,
    lease: &Lease,
    others: &[Notice],
) -> Result<Option<NoticeId>, StoreError> {
    let noted = store.notes(LAST_NUMBER).await?.into_iter().next().and_then(|(_, text)| text.parse().ok());
    let last = others.iter().map(|other| other.id.0).chain(noted).max().unwrap_or(0);
    let next = last.saturating_add(1);
    let is_kept = leases.set_note_under(lease, LAST_NUMBER, &next.to_string()).await?;
    Ok(is_kept.then_some(NoticeId(next)))
}

/// Keeps a notice; false where the lease of numbers went to another.
pub(crate) async fn note_notice(leases: &dyn LeaseStore, lease: &Lease, notice: &Notice) -> Result<bool, StoreError> {
    set_json_note_under(leases, lease, &name(notice.id), notice).await
}

/// Removes a notice, and how far its mails have come.
pub(crate) async fn forget_notice(store: &dyn UpkeepStore, id: NoticeId) -> Result<(), StoreError> {
    store.forget_note(&name(id)).await?;
    for stage in [Stage::Announced, Stage::HalfTime, Stage::End] {
        store.forget_note(&mail_name(id, stage)).await?;
    }
    Ok(())
}

/// How far the mails of a stage have come; `None` before the first.
pub(crate) async fn read_mailed(
    store: &dyn UpkeepStore,
    id: NoticeId,
    stage: Stage,
) -> Result<Option<Mailed>, StoreError> {
    let note = store.notes(&mail_name(id, stage)).await?.into_iter().next();
    Ok(note.and_then(|(_, text)| serde_json::from_str(&text).ok()))
}

/// Notes how far the mails of a stage have come; false where another instance has the lease by now.
pub(crate) async fn note_mailed(
    leases: &dyn LeaseStore,
    lease: &Lease,
    id: NoticeId,
    stage: Stage,
    mailed: Mailed,
) -> Result<bool, StoreError> {
    set_json_note_under(leases, lease, &mail_name(id, stage), &mailed).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(kind: NoticeKind) -> Notice {
        let (from, until) = (UnixTime(300), (kind != NoticeKind::Closing).then_some(UnixTime(400)));
        let (text, by) = ("text".to_owned(), "somebody".to_owned());
        Notice { id: NoticeId(1), kind, text, from, until, created: UnixTime(100), by, mail: true, block: None }
    }

    #[test]
    fn a_closing_is_mailed_now_at_half_time_and_at_the_end_and_others_once() {
        let due = |kind, now| Stage::due(&notice(kind), UnixTime(now));
        assert_eq!(due(NoticeKind::Closing, 100), Some(Stage::Announced));
        assert_eq!(due(NoticeKind::Closing, 199), Some(Stage::Announced));
        assert_eq!(due(NoticeKind::Closing, 200), Some(Stage::HalfTime));
        assert_eq!(due(NoticeKind::Closing, 300), Some(Stage::End));
        assert_eq!(due(NoticeKind::Closing, 9_999), Some(Stage::End));
        assert_eq!(due(NoticeKind::Maintenance, 350), Some(Stage::Announced));
        assert_eq!(due(NoticeKind::Maintenance, 400), None, "it is over");
        assert_eq!(Stage::due(&Notice { mail: false, ..notice(NoticeKind::News) }, UnixTime(1)), None);
    }
}
