//! JSON-RPC: requests, answers, and which call is answered by whom.

mod node;
mod params;
mod queries;
mod render;
mod subscriptions;
mod tickets;
mod wallet;
mod wallet_keys;
mod wallet_tickets;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use crate::server::{Role, ServerContext};
use crate::sync::lock;
use params::Params;

/// A JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RpcError {
    code: i64,
    message: String,
}

impl RpcError {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn unknown_method() -> Self {
        Self::new(-32601, "Method not found")
    }

    fn internal(error: impl ToString) -> Self {
        Self::new(-32603, error.to_string())
    }
}

type RpcResult = Result<Value, RpcError>;

/// A websocket client.
#[derive(Clone)]
pub(crate) struct Client {
    pub id: u64,
    pub outbox: UnboundedSender<String>,
}

/// An answer's text.
pub(crate) fn envelope(result: RpcResult, id: &Value) -> String {
    let (result, error) = match result {
        Ok(result) => (result, Value::Null),
        Err(error) => (Value::Null, json!({"code": error.code, "message": error.message})),
    };
    format!(r#"{{"jsonrpc":"1.0","result":{result},"error":{error},"id":{id}}}"#)
}

/// Answers a request, after the delay and with the faults of the server.
pub(crate) async fn answer(context: &Arc<ServerContext>, request: &[u8], client: Option<&Client>) -> String {
    let Ok(request) = serde_json::from_slice::<Value>(request) else {
        return envelope(Err(RpcError::new(-32700, "Parse error")), &Value::Null);
    };
    let id = request.get("id").cloned().unwrap_or_default();
    let Some(method) = request.get("method").and_then(Value::as_str) else {
        return envelope(Err(RpcError::new(-32600, "Invalid request")), &id);
    };
    let values = request.get("params").and_then(Value::as_array).cloned().unwrap_or_default();
    let fate = lock(&context.faults).receive(method);
    context.hear().await;
    if !fate.delay.is_zero() {
        tokio::time::sleep(fate.delay).await;
    }
    let result = match fate.failure {
        Some(failure) => Err(failure),
        None => call(context, method, Params::new(&values, context.role), client).await,
    };
    envelope(result, &id)
}

async fn call(context: &Arc<ServerContext>, method: &str, params: Params<'_>, client: Option<&Client>) -> RpcResult {
    if let Some(topic) = subscriptions::topic(method) {
        return subscriptions::subscribe(context, topic, client);
    }
    match context.role {
        // Today's node knows this call on websockets only.
        Role::Node(_) if method == "rebroadcastwinners" && client.is_none() && context.is_todays() => {
            Err(RpcError::unknown_method())
        }
        Role::Node(_) => context.shared.write(|state| node::call(state, method, params)),
        Role::Wallet(number) => {
            if method == "accountsyncaddressindex" {
                wallet_keys::derive_ahead(context, number, params).await?;
            }
            context.shared.write(|state| wallet::call(state, number, method, params))
        }
    }
}
