//! The signals that stop a program.

use tokio::signal::unix::{SignalKind, signal};

use super::service;

/// Ready at the first SIGINT or SIGTERM, of which the service manager is told.
pub async fn until_signal() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    service::stopping();
}
