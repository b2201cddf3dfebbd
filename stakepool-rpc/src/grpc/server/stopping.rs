//! The end of the server, as its connections and calls see it.

use tokio::sync::watch;

/// Waits until the server stops.
pub(super) async fn until_stopped(stopping: &mut watch::Receiver<bool>) {
    // Where the sender is gone, the server has stopped as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}
