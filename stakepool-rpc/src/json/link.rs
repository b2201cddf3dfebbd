//! The way of a call to the task that owns the connection, and of its answer back.

use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use super::error::RpcError;
use super::message::Answer;

/// The code of a node that takes the user for a limited one.
pub(super) const LIMITED: i64 = -32602;

/// A call on its way to the server.
pub(super) struct Outgoing {
    /// The method.
    pub(super) method: &'static str,
    /// Its parameters, a JSON array.
    pub(super) params: String,
    /// Where the answer goes.
    pub(super) reply: oneshot::Sender<Answer>,
}

/// The way to a connection's task. Once the connection is lost, nothing comes back from it.
#[derive(Clone)]
pub(super) struct Link(mpsc::UnboundedSender<Outgoing>);

impl Link {
    /// A link, and what the task takes its calls from.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Outgoing>) {
        let (sender, calls) = mpsc::unbounded_channel();
        (Self(sender), calls)
    }

    /// Makes a call. `None` where the connection was lost before the answer.
    pub(super) async fn call(&self, method: &'static str, params: String) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Outgoing { method, params, reply }).ok()?;
        answer.await.ok()
    }
}

/// A call without parameters on a connection that is not in service yet.
pub(super) async fn ask<T: DeserializeOwned>(link: &Link, method: &'static str) -> Result<T, RpcError> {
    match link.call(method, "[]".to_owned()).await {
        Some(Ok(result)) => serde_json::from_str(result.get()).map_err(|error| RpcError::unexpected(method, error)),
        Some(Err(error)) => Err(RpcError::said(method, &error)),
        None => Err(RpcError::Unreachable("it closed the connection".to_owned())),
    }
}

/// A refusal of a call without parameters can only mean the user.
pub(super) fn limited(error: RpcError) -> RpcError {
    match error {
        RpcError::Rpc { code: LIMITED, .. } => RpcError::LimitedUser,
        other => other,
    }
}
