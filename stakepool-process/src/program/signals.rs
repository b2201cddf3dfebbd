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
    // What cannot be caught ends the program as it would without this.
    let _ = going_on();
}

/// Ready at the first signal that asks a program to stop: SIGINT, SIGTERM, SIGQUIT, SIGALRM, SIGUSR2. The service manager is
/// notified. SIGHUP and SIGUSR1 do not stop it.
pub async fn until_signal() {
    let Ok(()) = stop_asked().await else { return std::future::pending().await };
    service::stopping();
}

async fn stop_asked() -> io::Result<()> {
    let [mut hangup, mut user_defined1] = going_on()?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut alarm = signal(SignalKind::alarm())?;
    let mut user_defined2 = signal(SignalKind::user_defined2())?;
    loop {
        let name = tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = quit.recv() => return Ok(()),
            _ = alarm.recv() => return Ok(()),
            _ = user_defined2.recv() => return Ok(()),
            _ = hangup.recv() => "SIGHUP",
            _ = user_defined1.recv() => "SIGUSR1",
        };
        tracing::info!("{name} does not stop this program; SIGTERM does");
    }
}
