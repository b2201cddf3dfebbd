//! Notices to the service manager (`Type=notify` of systemd), so that what depends on a program waits for it.

use sd_notify::NotifyState;

/// Notifies that the program serves. Does nothing where no service manager asks for it.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// Tells that the program was asked to stop and finishes what is under way.
pub(crate) fn stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager could not be notified");
    }
}
