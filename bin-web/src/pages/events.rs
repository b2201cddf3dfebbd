//! What is new, as long as a page is open: a user's own tickets, and for administrators how the pool is.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use hyper::body::Bytes;
use stakepool::accounts::ClientAddress;
use stakepool_core::ports::SessionToken;
use warp::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::{Reply, Response};

use crate::events::{Heard, Listener};
use crate::http::form::Form;
use crate::site::Site;
use crate::visit::Visit;

/// What a page is told first: when to come again after the connection was lost.
const GREETING: Bytes = Bytes::from_static(b"retry: 5000\n\n");
const KIND: &str = "text/event-stream";

/// Serves the events.
pub async fn serve(site: Arc<Site>, client: ClientAddress, path: String, headers: HeaderMap) -> Response {
    let takes_events =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains(KIND));
    // Nobody waits for the end of a page that has none.
    if !takes_events {
        return code(StatusCode::NOT_ACCEPTABLE);
    }
    let visit = match Visit::begin(site.clone(), client, path, &headers, Form::default(), false).await {
        Ok(visit) => visit,
        Err(_) => return code(StatusCode::SERVICE_UNAVAILABLE),
    };
    let (Some(user), Some(session)) = (visit.user(), visit.session()) else { return code(StatusCode::UNAUTHORIZED) };
    let Some(listener) = site.events.listen(user.id, visit.administrator().is_some()) else {
        let mut response = code(StatusCode::TOO_MANY_REQUESTS);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
        return response;
    };
    let news = stream::unfold((listener, site, *session), next).boxed();
    let frames = stream::once(async { GREETING }).chain(news).boxed();
    let mut response = warp::reply::stream(Frames(Mutex::new(frames))).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
    // nginx would keep what comes until there is more of it.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// The next frame. Whoever was signed out meanwhile learns nothing more.
async fn next(
    (mut listener, site, session): (Listener, Arc<Site>, SessionToken),
) -> Option<(Bytes, (Listener, Arc<Site>, SessionToken))> {
    let frame = match listener.next().await? {
        Heard::Pulse(frame) => frame,
        Heard::News(frame) => {
            let found = site.pool.parts().sessions.find(&session, site.now()).await;
            found.ok().flatten()?;
            frame
        }
    };
    Some((frame, (listener, site, session)))
}

fn code(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// A stream that warp takes: only one ever reads it.
struct Frames(Mutex<BoxStream<'static, Bytes>>);

impl Stream for Frames {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frames = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        frames.poll_next_unpin(context).map(|frame| frame.map(Ok))
    }
}
