//! The task that owns a server's websocket: connects, keeps alive, hands answers to the callers, connects again.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tracing::{debug, info, warn};

use super::backoff::Backoff;
use super::config::CallLimits;
use super::dial::{Dial, describe};
use super::error::{RpcError, brief};
use super::identity::{self, Identity, ServerKind};
use super::link::{Link, Outgoing};
use super::message::{self, Answer, Incoming};
use super::notifications::Subscriber;

/// Whether there is a connection.
#[derive(Clone)]
pub(super) enum Status {
    /// An attempt is under way. Why the one before it failed, if there was one.
    Connecting(Option<RpcError>),
    /// It stands.
    Up(Link, Arc<Identity>),
    /// The last attempt failed, the next comes soon.
    Down(RpcError),
}

/// How long a close that nobody waits for may take.
const FAREWELL: Duration = Duration::from_millis(200);

/// How often a wallet whose version is unknown is asked for it.
const VERSION_AGAIN: Duration = Duration::from_secs(60);

/// What the task works with.
pub(super) struct Task<D> {
    pub(super) name: Arc<str>,
    pub(super) dialer: D,
    /// What the server must be; `None` where that is what one wants to learn.
    pub(super) kind: Option<ServerKind>,
    /// Who hears of notifications; a wallet sends none.
    pub(super) subscriber: Option<Subscriber>,
    pub(super) limits: CallLimits,
    pub(super) status: watch::Sender<Status>,
    /// How many connections have stood.
    pub(super) counter: watch::Sender<u64>,
}

/// Why a connection ended, and how long it had stood.
struct Ended {
    why: RpcError,
    stood: Option<Duration>,
}

impl<D: Dial> Task<D> {
    /// Runs until the last client is dropped.
    pub(super) async fn run(self) {
        let mut backoff = Backoff::default();
        let mut logged = None;
        loop {
            let Ended { why, stood } = self.connect_and_serve().await;
            if self.status.is_closed() {
                return;
            }
            if stood.is_some_and(|stood| stood >= Backoff::GOOD) {
                backoff.reset();
            }
            // What was logged of the attempt before is not logged again.
            if stood.is_none() && logged.as_ref() == Some(&why) {
                debug!(server = %self.name, "the server {why}");
            } else {
                warn!(server = %self.name, "the server {why}");
            }
            logged = Some(why.clone());
            let delay = backoff.next(rand::random());
            if !delay.is_zero() {
                self.status.send_replace(Status::Down(why.clone()));
                tokio::select! {
                    () = self.status.closed() => return,
                    () = sleep(delay) => {}
                }
            }
            self.status.send_replace(Status::Connecting(Some(why)));
        }
    }

    async fn connect_and_serve(&self) -> Ended {
        let deadline = Instant::now() + self.limits.connect;
        let socket = match self.in_time(deadline, self.dialer.dial()).await {
            Ok(socket) => socket,
            Err(why) => return Ended { why, stood: None },
        };
        let (link, requests) = Link::new();
        let mut pump = Pump { socket, requests, pending: Pending::default() };
        let introduced = {
            let run = pump.run(self);
            tokio::pin!(run);
            let introduced = tokio::select! {
                why = &mut run => Err(why),
                introduced = self.in_time(deadline, self.introduce(&link)) => introduced,
            };
            match introduced {
                Ok(identity) => Ok(self.serve(link, identity, run).await),
                Err(why) => Err(why),
            }
        };
        // Only now the callers learn that their connection is gone, when they find the reason in the status.
        drop(pump);
        introduced.unwrap_or_else(|why| Ended { why, stood: None })
    }

    /// Waits no longer than until `deadline`, and no longer than there is a client.
    async fn in_time<T>(
        &self,
        deadline: Instant,
        attempt: impl Future<Output = Result<T, RpcError>>,
    ) -> Result<T, RpcError> {
        tokio::select! {
            () = self.status.closed() => Err(RpcError::Unreachable("nobody needs the connection".to_owned())),
            result = timeout_at(deadline, attempt) => result.unwrap_or_else(|_| {
                let limit = self.limits.connect.as_millis();
                Err(RpcError::Unreachable(format!("no connection within {limit} ms")))
            }),
        }
    }

    /// Puts a connection into service until it is lost.
    async fn serve(&self, link: Link, identity: Identity, run: impl Future<Output = RpcError>) -> Ended {
        info!(server = %self.name, "connected to {}", identity.version);
        let since = Instant::now();
        // Before the first call over the new connection: an answer over it is never taken for one over the last.
        self.counter.send_modify(|connections| *connections += 1);
        let lacks_version = identity.lacks_version();
        self.status.send_replace(Status::Up(link.clone(), Arc::new(identity)));
        if let Some(subscriber) = &self.subscriber {
            subscriber.connected();
        }
        tokio::pin!(run);
        let why = tokio::select! {
            why = &mut run => why,
            () = self.learn_version(&link), if lacks_version => run.await,
        };
        self.status.send_replace(Status::Connecting(Some(why.clone())));
        if let Some(subscriber) = &self.subscriber {
            subscriber.disconnected(&why);
        }
        Ended { why, stood: Some(since.elapsed()) }
    }

    /// Asks a wallet for its version until its node is back, on which that depends.
    async fn learn_version(&self, link: &Link) {
        loop {
            sleep(VERSION_AGAIN).await;
            // An answer that is none, or none in time, is as good as a refusal.
            if let Ok(Ok(identity)) = timeout(self.limits.call, identity::learn_version(link)).await {
                info!(server = %self.name, "it is {}", identity.version);
                self.status.send_replace(Status::Up(link.clone(), Arc::new(identity)));
                return;
            }
        }
    }

    /// Learns what the server is and subscribes to its notifications.
    async fn introduce(&self, link: &Link) -> Result<Identity, RpcError> {
        let identity = identity::learn(link).await?;
        if let Some(kind) = self.kind {
            identity.expect(kind)?;
        }
        if let Some(subscriber) = &self.subscriber {
            subscriber.subscribe(link).await?;
        }
        Ok(identity)
    }
}

/// Calls that wait for their answers.
#[derive(Default)]
struct Pending {
    last: u64,
    replies: HashMap<u64, oneshot::Sender<Answer>>,
}

/// A connection at work.
struct Pump<S> {
    socket: WebSocketStream<S>,
    requests: mpsc::UnboundedReceiver<Outgoing>,
    pending: Pending,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<S> {
    /// Carries messages until the connection is lost; returns why.
    async fn run<D>(&mut self, task: &Task<D>) -> RpcError {
        let limits = &task.limits;
        let mut ping = interval(limits.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let written = tokio::select! {
                message = self.socket.next() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(message)) => {
                            self.take(task, &message);
                            if task.subscriber.as_ref().is_some_and(Subscriber::is_overrun) {
                                return RpcError::Unreachable("it reports more than can be worked through".to_owned());
                            }
                        }
                        Some(Err(error)) => return describe(error),
                        None => return RpcError::Unreachable("it closed the connection".to_owned()),
                    }
                    continue;
                }
                () = task.status.closed() => {
                    drop(timeout(FAREWELL, self.socket.close(None)).await);
                    return RpcError::Unreachable("nobody needs the connection".to_owned());
                }
                Some(outgoing) = self.requests.recv() => timeout(limits.silence, self.send(outgoing)).await,
                _ = ping.tick() => {
                    if heard.elapsed() >= limits.silence {
                        return RpcError::Unreachable(format!("silent for {} s", heard.elapsed().as_secs()));
                    }
                    // Callers whose time is over wait no longer, and their answers may never come.
                    self.pending.replies.retain(|_, reply| !reply.is_closed());
                    timeout(limits.silence, self.socket.send(Message::Ping(Bytes::new()))).await
                }
            };
            match written {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return describe(error),
                Err(_) => return RpcError::Unreachable("it reads nothing".to_owned()),
            }
        }
    }

    /// Sends a call and those that wait behind it.
    async fn send(&mut self, first: Outgoing) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        let mut next = Some(first);
        while let Some(outgoing) = next {
            self.pending.last += 1;
            let id = self.pending.last;
            let text = message::request(id, outgoing.method, &outgoing.params);
            self.pending.replies.insert(id, outgoing.reply);
            self.socket.feed(Message::text(text)).await?;
            next = self.requests.try_recv().ok();
        }
        self.socket.flush().await
    }

    fn take<D>(&mut self, task: &Task<D>, message: &Message) {
        let text = match message {
            Message::Text(text) => text.as_str(),
            Message::Binary(_) => return warn!(server = %task.name, "skipped a binary message"),
            // Pings are answered by the websocket itself; a close ends the stream by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return,
        };
        match message::read(text) {
            Ok(Incoming::Answer(id, answer)) => match self.pending.replies.remove(&id) {
                // A caller that waits no longer misses nothing.
                Some(reply) => drop(reply.send(answer)),
                None => debug!(server = %task.name, id, "skipped an answer that came too late"),
            },
            Ok(Incoming::Notification { method, params }) => self.notify(task, &method, &params),
            Err(reason) => warn!(server = %task.name, bytes = text.len(), "skipped a message: {}", brief(&reason)),
        }
    }

    fn notify<D>(&self, task: &Task<D>, method: &str, params: &RawValue) {
        let Some(subscriber) = &task.subscriber else {
            return debug!(server = %task.name, method, "skipped a notification of a wallet");
        };
        if let Err(reason) = subscriber.take(method, params) {
            warn!(server = %task.name, method, "skipped a notification: {}", brief(&reason));
        }
    }
}
