//! JSON-RPC: requests, answers, and which call is answered by whom.

mod client;
mod error;
mod node;
mod notifications;
mod params;
mod queries;
mod rejection;
mod render;
mod subscriptions;
mod tickets;
mod versions;
mod wallet;
mod wallet_keys;
mod wallet_tickets;

use serde_json::{Value, json};

use crate::program::{Program, Role};
pub(crate) use client::Client;
pub(crate) use error::RpcError;
use error::RpcResult;
use params::Params;
pub(crate) use rejection::rejected;
pub(crate) use versions::described;
pub(crate) use wallet_keys::derive_ahead;

/// An answer's text.
pub(crate) fn envelope(result: RpcResult, id: &Value) -> String {
    let (result, error) = match result {
        Ok(result) => (result, Value::Null),
        Err(error) => (Value::Null, json!({"code": error.code, "message": error.message})),
    };
    format!(r#"{{"jsonrpc":"1.0","result":{result},"error":{error},"id":{id}}}"#)
}

/// Answers a request, after the delay and with the faults of the server.
pub(crate) async fn answer(program: &Program, request: &[u8], client: Option<&Client>) -> String {
    let Ok(request) = serde_json::from_slice::<Value>(request) else {
        return envelope(Err(RpcError::new(-32700, "Parse error")), &Value::Null);
    };
    let id = request.get("id").cloned().unwrap_or_default();
    let Some(method) = request.get("method").and_then(Value::as_str) else {
        return envelope(Err(RpcError::new(-32600, "Invalid request")), &id);
    };
    let values = request.get("params").and_then(Value::as_array).cloned().unwrap_or_default();
    let result = match program.receive(method).await {
        Ok(()) => call(program, method, Params::new(&values, program.role), client).await,
        Err(failure) => Err(failure.into()),
    };
    envelope(result, &id)
}

async fn call(program: &Program, method: &str, params: Params<'_>, client: Option<&Client>) -> RpcResult {
    if let Some(topic) = subscriptions::topic(method) {
        return subscriptions::subscribe(program, topic, client);
    }
    match program.role {
        // Today's node knows this call on websockets only.
        Role::Node(_) if method == "rebroadcastwinners" && client.is_none() && program.is_todays() => {
            Err(RpcError::unknown_method())
        }
        Role::Node(_) => program.shared.write(|state| node::call(state, method, params)),
        Role::Wallet(number) => {
            if method == "accountsyncaddressindex" {
                derive_ahead(program, number, params.number(2)?).await?;
            }
            program.shared.write(|state| wallet::call(state, number, method, params))
        }
    }
}
