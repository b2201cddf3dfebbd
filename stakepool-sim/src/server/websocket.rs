//! Websockets: requests whose answers can overtake each other, and notifications, which cannot.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::context::ServerContext;
use crate::network::ClientId;
use crate::rpc::{self, Client};

/// Serves a client until it goes or the connection is broken.
pub(super) async fn serve(
    socket: WebSocketStream<TokioIo<Upgraded>>,
    context: Arc<ServerContext>,
    mut broken: watch::Receiver<u64>,
    authenticated: bool,
) {
    let (outbox, messages) = mpsc::unbounded_channel();
    let client = Client { id: ClientId::next(), outbox };
    let id = client.id;
    tokio::select! {
        () = talk(socket, &context, client, messages, authenticated) => {}
        _ = broken.changed() => {}
    }
    context.program.shared.write(|state| state.subscribers.remove(id));
}

async fn talk(
    socket: WebSocketStream<TokioIo<Upgraded>>,
    context: &Arc<ServerContext>,
    client: Client,
    mut messages: UnboundedReceiver<String>,
    mut authenticated: bool,
) {
    let (mut writer, mut reader) = socket.split();
    loop {
        tokio::select! {
            message = messages.recv() => {
                let Some(text) = message else { return };
                context.program.hear().await;
                if writer.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            message = reader.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    // A request is counted though it is not answered; everything else waits.
                    if !receive(context, &client, text.as_str(), &mut authenticated) {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                // The library answers pings by itself, with the next write or read.
                Some(Ok(_)) => {
                    context.program.hear().await;
                    if writer.flush().await.is_err() {
                        return;
                    }
                }
            },
        }
    }
}

/// Takes a request. False where the server hangs up: on strangers, and on those who introduce themselves twice.
fn receive(context: &Arc<ServerContext>, client: &Client, text: &str, authenticated: &mut bool) -> bool {
    if let Some((id, user, password)) = introduction(text) {
        if *authenticated || !context.knows(&user, &password) {
            return false;
        }
        *authenticated = true;
        return client.outbox.send(rpc::envelope(Ok(Value::Null), &id)).is_ok();
    }
    if !*authenticated {
        return false;
    }
    let (context, client, request) = (Arc::clone(context), client.clone(), text.to_owned());
    tokio::spawn(async move {
        let answer = rpc::answer(&context.program, request.as_bytes(), Some(&client)).await;
        deliver(&client.outbox, answer);
    });
    true
}

fn deliver(outbox: &UnboundedSender<String>, answer: String) {
    // A client that has gone needs no answer.
    let _ = outbox.send(answer);
}

fn introduction(text: &str) -> Option<(Value, String, String)> {
    let request: Value = serde_json::from_str(text).ok()?;
    if request.get("method")?.as_str()? != "authenticate" {
        return None;
    }
    let parameter = |index: usize| Some(request.get("params")?.get(index)?.as_str()?.to_owned());
    Some((request.get("id").cloned().unwrap_or_default(), parameter(0)?, parameter(1)?))
}
