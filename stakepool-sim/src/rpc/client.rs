//! Clients of websockets.

use tokio::sync::mpsc::UnboundedSender;

/// A websocket client: answers and notifications go out the same way, one after the other.
#[derive(Clone)]
pub(crate) struct Client {
    pub id: u64,
    pub outbox: UnboundedSender<String>,
}
