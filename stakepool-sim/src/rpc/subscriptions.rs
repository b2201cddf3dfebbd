//! Subscribing to notifications.

use serde_json::Value;

use super::client::Client;
use super::error::{RpcError, RpcResult};
use super::notifications;
use crate::network::{Note, Subscriber, Topic};
use crate::program::{Program, Role};
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

/// Subscribes a client. A wallet passes the request on to its node and never notifies.
pub(super) fn subscribe(program: &Program, topic: Topic, client: Option<&Client>) -> RpcResult {
    if matches!(program.role, Role::Wallet(_)) {
        return Ok(Value::Null);
    }
    let Some(client) = client else { return Err(RpcError::unknown_method()) };
    if topic != Topic::Blocks && program.faults().limited_user {
        return Err(RpcError::new(-32602, "limited user not authorized for this method"));
    }
    let (outbox, faults) = (client.outbox.clone(), program.shared_faults());
    program.shared.write(|state| {
        let generation = state.chain.generation;
        let deliver = Box::new(move |notes: Vec<&Note>| {
            let notes = lock(&faults).arrange(notes);
            notes.into_iter().all(|note| outbox.send(notifications::text(note, generation)).is_ok())
        });
        state.subscribers.subscribe(Subscriber { id: client.id, topics: vec![topic], deliver });
    });
    Ok(Value::Null)
}
