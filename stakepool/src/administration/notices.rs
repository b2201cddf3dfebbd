//! Notices to the users: made, and taken back.

use std::time::Duration;

use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{AuditEntry, Lease, StoreError};
use stakepool_core::time::UnixTime;

use crate::notice_notes::{Notice, NoticeId, NoticeKind, forget_notice, new_number, note_notice, read_notices};
use crate::pool::Pool;

/// Most characters of a text.
const LONGEST: usize = 2_000;
/// Most notices at a time.
const MOST: usize = 50;
/// How long one instance or command may take to add one.
const LEASE: Duration = Duration::from_secs(10);
/// What adding is called among the instances.
const WORK: &str = "notice numbers";

/// A notice to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    /// What it is about.
    pub kind: NoticeKind,
    /// What it says.
    pub text: String,
    /// When that begins, or happens.
    pub from: UnixTime,
    /// When it is over; `None` for never.
    pub until: Option<UnixTime>,
    /// Whether it is mailed.
    pub mail: bool,
    /// For a change of the terms: the block from which on they hold.
    pub block: Option<BlockHeight>,
}

/// Why no notice was made or taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeError {
    /// The text.
    #[error("a notice has a text of 1 to {LONGEST} characters, without control characters other than line ends")]
    Text,
    /// The dates.
    #[error("the notice would be over before it begins, or is over already: give a later --until")]
    Dates,
    /// The day of a closing.
    #[error("{0} is not to come: users must have time to hear of a closing")]
    NotToCome(String),
    /// A closing is announced already.
    #[error("a closing is announced already: take it back first")]
    ClosingAlready,
    /// There is no such notice.
    #[error("there is no such notice: `stakepoolctl notices list` shows all")]
    Unknown,
    /// There are too many.
    #[error("there are {MOST} notices, and may be no more: remove some")]
    TooMany,
    /// Another is being made.
    #[error("another notice is being made at this moment: try again")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// All notices, also those that are over, the earliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_notices(&self) -> Result<Vec<Notice>, StoreError> {
        read_notices(self.parts.upkeep.as_ref()).await
    }

    /// Makes a notice: pages show it, and where mail is sent every user gets it once. A closing is mailed at half time and at
    /// the end, too.
    ///
    /// # Errors
    /// [`NoticeError`].
    pub async fn add_notice(&self, by: Actor, new: NewNotice) -> Result<Notice, NoticeError> {
        let now = self.now();
        let text = new.text.trim().to_owned();
        let is_plain = text.chars().all(|c| c == '\n' || !c.is_control());
        if text.is_empty() || text.chars().count() > LONGEST || !is_plain {
            return Err(NoticeError::Text);
        }
        if new.until.is_some_and(|until| until <= new.from || until <= now) {
            return Err(NoticeError::Dates);
        }
        if new.kind == NoticeKind::Closing && new.from <= now {
            return Err(NoticeError::NotToCome(new.from.readable()));
        }
        let lease = self.parts.leases.lease(WORK, &self.instance, now, now.plus(LEASE)).await?;
        let lease = lease.ok_or(NoticeError::Busy)?;
        let added = self.add_numbered(
            by,
            &lease,
            Notice {
                id: NoticeId(0),
                kind: new.kind,
                text,
                from: new.from,
                until: new.until,
                created: now,
                by: by.to_string(),
                mail: new.mail,
                block: new.block,
            },
        );
        let added = added.await;
        self.parts.leases.give_back(WORK, &self.instance).await?;
        added
    }

    async fn add_numbered(&self, by: Actor, lease: &Lease, notice: Notice) -> Result<Notice, NoticeError> {
        let others = self.all_notices().await?;
        if others.len() >= MOST {
            return Err(NoticeError::TooMany);
        }
        if notice.kind == NoticeKind::Closing && others.iter().any(|other| other.kind == NoticeKind::Closing) {
            return Err(NoticeError::ClosingAlready);
        }
        let leases = self.parts.leases.as_ref();
        let id = new_number(self.parts.upkeep.as_ref(), leases, lease, &others).await?.ok_or(NoticeError::Busy)?;
        let notice = Notice { id, ..notice };
        if !note_notice(leases, lease, &notice).await? {
            return Err(NoticeError::Busy);
        }
        self.note_notice_act(by, AuditAction::NoticeAdd, &notice).await?;
        self.read_notices().await?;
        Ok(notice)
    }

    /// Takes a notice back: pages show it no more, and no more mails of it are sent. A pool that was closed by it is open again.
    ///
    /// # Errors
    /// [`NoticeError::Unknown`], [`NoticeError::Store`].
    pub async fn remove_notice(&self, by: Actor, id: NoticeId) -> Result<Notice, NoticeError> {
        let found = self.all_notices().await?.into_iter().find(|notice| notice.id == id);
        let found = found.ok_or(NoticeError::Unknown)?;
        forget_notice(self.parts.upkeep.as_ref(), id).await?;
        self.note_notice_act(by, AuditAction::NoticeRemove, &found).await?;
        self.read_notices().await?;
        Ok(found)
    }

    async fn note_notice_act(&self, by: Actor, action: AuditAction, notice: &Notice) -> Result<(), StoreError> {
        let detail = format!("{}, {}", notice.kind.name(), notice.dates());
        let entry = AuditEntry::new(self.now(), by, action, &format!("notice {}", notice.id), detail);
        self.parts.audit.append(&entry).await
    }
}
