//! The signal that the desired state changed.

use std::sync::Arc;

use tokio::sync::watch;

/// Wakes the reconciler when users or added tickets change.
#[derive(Clone, Debug)]
pub struct DesiredChanged(Arc<watch::Sender<u64>>);

impl Default for DesiredChanged {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl DesiredChanged {
    /// Has every daemon compared at once.
    pub fn changed(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
