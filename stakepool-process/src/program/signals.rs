//! The signals that a program gets.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{panics, service};

/// SIGHUP comes from `systemctl reload`, a rule for log files, or a terminal that closes; SIGUSR1 from one who asks the web
/// for its templates: neither is a wish to stop.
pub(super) struct ReloadSignals {
    hangup: Signal,
    user_defined1: Signal,
}

impl ReloadSignals {
    /// Waits for the next one, and gives its name.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.hangup.recv() => "SIGHUP",
            _ = self.user_defined1.recv() => "SIGUSR1",
        }
    }
}

pub(super) fn reloads() -> io::Result<ReloadSignals> {
    Ok(ReloadSignals { hangup: signal(SignalKind::hangup())?, user_defined1: signal(SignalKind::user_defined1())? })
}

/// From now on, and for as long as the process runs, SIGHUP and SIGUSR1 do not end it.
pub(super) fn keep_going() {
    if let Err(error) = reloads() {
        tracing::warn!(%error, "SIGHUP and SIGUSR1 end this program, because they cannot be caught");
    }
}

/// Ready at the first signal that asks a program to stop: SIGINT, SIGTERM, SIGQUIT, SIGALRM, SIGUSR2; and when a part of the
/// program has broken down. The service manager is notified.
pub async fn until_signal() {
    tokio::select! {
        name = stop_asked() => {
            let Ok(name) = name else { return std::future::pending().await };
            tracing::info!("stopping at {name}");
        }
        () = panics::until_one() => {}
    }
    service::stopping();
}

async fn stop_asked() -> io::Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut alarm = signal(SignalKind::alarm())?;
    let mut user_defined2 = signal(SignalKind::user_defined2())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
        _ = quit.recv() => "SIGQUIT",
        _ = alarm.recv() => "SIGALRM",
        _ = user_defined2.recv() => "SIGUSR2",
    })
}
