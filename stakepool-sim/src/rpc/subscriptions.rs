//! Subscribing to notifications.

use std::sync::Arc;

use serde_json::Value;

use super::{Client, RpcError, RpcResult};
use crate::network::{Subscriber, Topic};
use crate::server::{Role, ServerContext};
use crate::sync::lock;

/// What a method subscribes to, where it is one that subscribes.
pub(super) fn topic(method: &str) -> Option<Topic> {
    match method {
        "notifyblocks" => Some(Topic::Blocks),
        "notifywinningtickets" => Some(Topic::WinningTickets),
        "notifynewtickets" => Some(Topic::NewTickets),
        "notifyspentandmissedtickets" => Some(Topic::SpentAndMissed),
        _ => None,
    }
}

/// Subscribes a client. A wallet passes the request on to its node and never tells anything.
pub(super) fn subscribe(context: &Arc<ServerContext>, topic: Topic, client: Option<&Client>) -> RpcResult {
    if matches!(context.role, Role::Wallet(_)) {
        return Ok(Value::Null);
    }
    let Some(client) = client else { return Err(RpcError::unknown_method()) };
    if topic != Topic::Blocks && lock(&context.faults).limited_user {
        return Err(RpcError::new(-32602, "limited user not authorized for this method"));
    }
    let subscriber = Subscriber {
        id: client.id,
        topics: vec![topic],
        outbox: client.outbox.clone(),
        faults: Arc::clone(&context.faults),
    };
    context.shared.write(|state| state.subscribers.subscribe(subscriber));
    Ok(Value::Null)
}
