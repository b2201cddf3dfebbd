//! How the pool is, in one glance: for a badge on every page, and for those who listen for a change.

use tokio::sync::watch;

/// How the pool was when it was judged last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// The troubles that are open, each by its kind and thing.
    pub open: Vec<String>,
    /// How many of them are critical.
    pub critical: usize,
}

/// The outlook, and who waits for the next.
#[derive(Debug)]
pub(crate) struct OutlookBoard(watch::Sender<Outlook>);

impl Default for OutlookBoard {
    fn default() -> Self {
        Self(watch::Sender::new(Outlook::default()))
    }
}

impl OutlookBoard {
    /// Shows another outlook; who waits is woken only where it is another.
    pub(crate) fn note(&self, outlook: Outlook) {
        self.0.send_if_modified(|shown| {
            let changes = *shown != outlook;
            *shown = outlook;
            changes
        });
    }

    /// The last one, and all that follow.
    pub(crate) fn watch(&self) -> watch::Receiver<Outlook> {
        self.0.subscribe()
    }
}
