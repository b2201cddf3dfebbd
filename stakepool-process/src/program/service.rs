//! Notices to the service manager (`Type=notify` and `Type=notify-reload` of systemd), so that what depends on a program
//! waits for it.

use std::sync::atomic::{AtomicBool, Ordering};

use sd_notify::NotifyState;

/// Whether the program serves, as the service manager was told: neither before its start is over, nor once it stops.
static SERVES: AtomicBool = AtomicBool::new(false);

/// Notifies that the program serves. Does nothing where no service manager asks for it.
pub fn ready() {
    SERVES.store(true, Ordering::SeqCst);
    tell(&[NotifyState::Ready]);
}

/// Tells that the program reads its configuration again, until it has [`reloaded`] it. Where it does not serve the service
/// manager waits for its start or its end, and hears nothing.
pub(crate) fn reloading() {
    if !SERVES.load(Ordering::SeqCst) {
        return;
    }
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Tells that the program has read its configuration again, where it serves.
pub(crate) fn reloaded() {
    if SERVES.load(Ordering::SeqCst) {
        tell(&[NotifyState::Ready]);
    }
}

/// Tells that the program was asked to stop and finishes what is under way.
pub(crate) fn stopping() {
    SERVES.store(false, Ordering::SeqCst);
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager could not be notified");
    }
}
