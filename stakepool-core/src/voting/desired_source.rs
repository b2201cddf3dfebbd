//! The source of users and added tickets that an engine has, and what was sent to it in the place of that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::ports::DesiredSource;

/// A source, and how often it is read.
#[derive(Clone, Debug)]
pub struct SourceReads {
    source: Arc<dyn DesiredSource>,
    /// `None` where it is read until it was read once.
    pub(super) every: Option<Duration>,
}

impl SourceReads {
    /// Read until it was read once: for the time until the web sends all. It adds to what the state file has, and takes nothing
    /// away: it may be an older one.
    pub const fn at_start(source: Arc<dyn DesiredSource>) -> Self {
        Self { source, every: None }
    }

    /// Read at once, and so often from then on: for a daemon that no web reaches. What it has stands in the place of all before.
    /// Less than a second counts as a second.
    pub fn polled(source: Arc<dyn DesiredSource>, every: Duration) -> Self {
        Self { source, every: Some(every.max(Duration::from_secs(1))) }
    }

    /// The source.
    pub const fn source(&self) -> &Arc<dyn DesiredSource> {
        &self.source
    }
}

/// Which parts of the desired state were sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) users: bool,
    pub(super) added: bool,
}

impl Sent {
    pub(super) const ALL: Self = Self { users: true, added: true };
    pub(super) const USERS: Self = Self { users: true, added: false };
    pub(super) const ADDED: Self = Self { users: false, added: true };
}

/// The engine's source, if it has one, and what was sent meanwhile.
#[derive(Debug)]
pub(super) struct Source {
    reads: Option<SourceReads>,
    /// Whether the first reading has ended.
    answered: AtomicBool,
    sent: watch::Sender<Sent>,
}

impl Source {
    pub(super) fn new(reads: Option<SourceReads>) -> Self {
        Self { reads, answered: AtomicBool::new(false), sent: watch::Sender::default() }
    }

    /// Whether the first reading is still to end. Until then nobody can say who is missing.
    pub(super) fn is_awaited(&self) -> bool {
        self.reads.is_some() && !self.answered.load(Ordering::Acquire)
    }

    /// Notes that a reading has ended, well or not. True the first time.
    pub(super) fn note_answer(&self) -> bool {
        !self.answered.swap(true, Ordering::AcqRel)
    }

    /// What is read and how often, if there is a source.
    pub(super) fn reads(&self) -> Option<SourceReads> {
        self.reads.clone()
    }

    /// What was sent until now.
    pub(super) fn sent(&self) -> Sent {
        *self.sent.borrow()
    }

    /// Hears of what is sent.
    pub(super) fn subscribe(&self) -> watch::Receiver<Sent> {
        self.sent.subscribe()
    }

    /// Notes what was sent. To be called under the lottery's lock, so that nothing that was read comes after it.
    pub(super) fn note_sent(&self, parts: Sent) {
        self.sent.send_modify(|sent| {
            sent.users |= parts.users;
            sent.added |= parts.added;
        });
    }
}
