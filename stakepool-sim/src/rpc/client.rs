//! Clients of websockets.

use tokio::sync::mpsc::UnboundedSender;

use crate::network::ClientId;

/// A websocket client: answers and notifications go out the same way, one after the other.
#[derive(Clone)]
pub(crate) struct Client {
    pub id: ClientId,
    pub outbox: UnboundedSender<String>,
}
