//! The signals that a program gets.

use std::io;
use std::sync::LazyLock;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

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

/// The signals that ask a program to stop.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    quit: Signal,
    alarm: Signal,
    user_defined2: Signal,
}

impl StopSignals {
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            alarm: signal(SignalKind::alarm())?,
            user_defined2: signal(SignalKind::user_defined2())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.quit.recv() => "SIGQUIT",
            _ = self.alarm.recv() => "SIGALRM",
            _ = self.user_defined2.recv() => "SIGUSR2",
        }
    }
}

/// The signal that asked this process to stop, also where nobody waited for it yet.
static STOP: LazyLock<watch::Sender<Option<&'static str>>> = LazyLock::new(|| watch::Sender::new(None));

/// Keeps the first signal for [`until_signal`], which a program may come to only later. Never ready.
pub(super) async fn note_stop(signals: io::Result<StopSignals>) {
    match signals {
        Ok(mut signals) => drop(STOP.send_replace(Some(signals.next().await))),
        Err(error) => tracing::warn!(%error, "a signal ends this program unsaved, because it cannot be caught"),
    }
    std::future::pending().await
}

/// Ready at the first signal that asks a program to stop: SIGINT, SIGTERM, SIGQUIT, SIGALRM, SIGUSR2; and when a part of the
/// program has broken down. The service manager is notified.
pub async fn until_signal() {
    tokio::select! {
        name = stop_asked() => tracing::info!("stopping at {name}"),
        () = panics::until_one() => {}
    }
    service::stopping();
}

async fn stop_asked() -> &'static str {
    let mut noted = STOP.subscribe();
    let noted = async move {
        match noted.wait_for(Option::is_some).await.map(|name| *name) {
            Ok(Some(name)) => name,
            _ => std::future::pending().await,
        }
    };
    // For those who run without [`super::run`].
    let caught = async {
        match StopSignals::catch() {
            Ok(mut signals) => signals.next().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        name = noted => name,
        name = caught => name,
    }
}
