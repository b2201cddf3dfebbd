//! The signals that a program gets.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::service;

/// SIGHUP comes from a terminal that closes or a rule for log files, SIGUSR1 from one who takes this program for another:
/// neither is a wish to stop.
fn going_on() -> io::Result<[Signal; 2]> {
    Ok([signal(SignalKind::hangup())?, signal(SignalKind::user_defined1())?])
}

/// From now on, and for as long as the process runs, SIGHUP and SIGUSR1 do not end it.
pub(super) fn keep_going() {
    if let Err(error) = going_on() {
        tracing::warn!(%error, "SIGHUP and SIGUSR1 end this program, because they cannot be caught");
    }
}

/// Ready at the first signal that asks a program to stop: SIGINT, SIGTERM, SIGQUIT, SIGALRM, SIGUSR2. The service manager is
/// notified.
pub async fn until_signal() {
    let Ok(name) = stop_asked().await else { return std::future::pending().await };
    tracing::info!("stopping at {name}");
    service::stopping();
}

/// As [`until_signal`], for a program that reads nothing again: it logs that SIGHUP and SIGUSR1 do not stop it.
pub async fn until_signal_without_reload() {
    tokio::select! {
        () = until_signal() => {}
        () = log_reloads() => {}
    }
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

/// Never ready.
async fn log_reloads() {
    let Ok([mut hangup, mut user_defined1]) = going_on() else { return std::future::pending().await };
    loop {
        let name = tokio::select! {
            _ = hangup.recv() => "SIGHUP",
            _ = user_defined1.recv() => "SIGUSR1",
        };
        tracing::info!("{name} does not stop this program; SIGTERM does");
    }
}
