//! Bodies with an end: requests that may not go on for ever, and answers whose place is free when they were read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tonic::body::Body;

use super::cost::Admitted;
use super::turns::{Heard, Turn};

/// How long a request may take to come.
const WHOLE_REQUEST: Duration = Duration::from_secs(60);
/// How much of an answer is handed over at a time: what is handed over waits for its reader outside of all limits.
const PIECE: usize = 16 << 10;

/// The body of a request, up to a number of bytes and a time.
pub(super) struct LimitedRequest {
    body: Incoming,
    left: usize,
    overdue: Pin<Box<Sleep>>,
    heard: Option<Heard>,
    lost: Option<oneshot::Receiver<()>>,
}

impl LimitedRequest {
    /// At most so many bytes; in a turn, where the request has one.
    pub(super) fn new(body: Incoming, most_bytes: usize, turn: Option<&mut Turn>) -> Self {
        let (heard, lost) = match turn {
            Some(turn) => (Some(turn.heard.clone()), turn.lost.take()),
            None => (None, None),
        };
        Self { body, left: most_bytes, overdue: Box::pin(sleep(WHOLE_REQUEST)), heard, lost }
    }

    /// Why the request ends here, where it does.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Status> {
        if let Some(lost) = &mut self.lost
            && let Poll::Ready(ended) = Pin::new(lost).poll(context)
        {
            self.lost = None;
            if ended.is_ok() {
                return Poll::Ready(Status::aborted("it was silent while another waited; send it again"));
            }
        }
        ready!(self.overdue.as_mut().poll(context));
        Poll::Ready(Status::deadline_exceeded("the request did not come within a minute"))
    }
}

impl HttpBody for LimitedRequest {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Poll::Ready(status) = self.poll_end(context) {
            return Poll::Ready(Some(Err(status)));
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(Status::from_error(Box::new(error))))),
            Some(Ok(frame)) => frame,
        };
        if let Some(heard) = &self.heard {
            heard.note();
        }
        let length = frame.data_ref().map_or(0, Bytes::len);
        if length > self.left {
            return Poll::Ready(Some(Err(Status::resource_exhausted("the request is larger than any that is right"))));
        }
        self.left -= length;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, and what its call holds until it was read.
pub(super) struct HeldAnswer {
    body: Body,
    rest: Bytes,
    _admitted: Admitted,
    _unread: oneshot::Sender<()>,
}

impl HeldAnswer {
    /// Keeps `admitted` until the answer was read, and says so by dropping `unread`.
    pub(super) const fn new(body: Body, admitted: Admitted, unread: oneshot::Sender<()>) -> Self {
        Self { body, rest: Bytes::new(), _admitted: admitted, _unread: unread }
    }
}

impl HttpBody for HeldAnswer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
