//! Notices to the service manager (`Type=notify` and `Type=notify-reload` of systemd), so that what depends on a program
//! waits for it.

use sd_notify::NotifyState;

/// Notifies that the program serves. Does nothing where no service manager asks for it.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells that the program reads its configuration again, until it is [`ready`].
pub(crate) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Tells that the program was asked to stop and finishes what is under way.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager could not be notified");
    }
}
