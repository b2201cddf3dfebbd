//! What open pages learn while they are open: server-sent events, one channel for all of them.
//!
//! A page that waits costs a place in the channel and its connection, no timer and no buffer: a pulse, which is made once for all, keeps
//! proxies from giving it up and finds out who has gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use serde_json::json;
use stakepool::{Outlook, VoteObserver};
use stakepool_core::accounts::UserId;
use stakepool_core::reports::{TicketReport, VoteRecord};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

/// How many events a page may be behind before it is told to read anew.
const KEPT: usize = 256;
/// Most pages of one user that wait at a time.
const MOST_OF_USER: usize = 8;
/// Most pages that wait at a time.
const MOST: usize = 12_000;
/// How long a page is served without coming anew.
const LASTS: Duration = Duration::from_secs(3600);

/// For whom an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// A user, about their own tickets.
    User(UserId),
    /// Those who administer the pool.
    Administrators,
}

/// An event, written out once for all.
#[derive(Clone, Debug)]
struct Event {
    /// Nobody in particular: a sign of life.
    to: Option<Audience>,
    frame: Bytes,
}

/// The channel, and who listens.
#[derive(Debug)]
pub struct Events {
    /// Gone once the web stops.
    sender: Mutex<Option<broadcast::Sender<Event>>>,
    open: Mutex<HashMap<UserId, usize>>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: Mutex::new(Some(broadcast::Sender::new(KEPT))), open: Mutex::default() }
    }
}

impl Events {
    fn send(&self, to: Option<Audience>, frame: impl Into<Bytes>) {
        if let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            // An error says that nobody listens.
            let _ = sender.send(Event { to, frame: frame.into() });
        }
    }

    /// Sends a sign of life.
    pub fn pulse(&self) {
        self.send(None, ":\n\n");
    }

    /// Tells administrators how the pool is.
    pub fn outlook(&self, outlook: &Outlook) {
        let data = json!({ "problems": outlook.open.len(), "critical": outlook.critical });
        self.send(Some(Audience::Administrators), format!("event: status\ndata: {data}\n\n"));
    }

    /// Ends all that listen, for good.
    pub fn close(&self) {
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Whether anybody listens: a snapshot of thousands of tickets is not written out for nobody.
    fn is_heard(&self) -> bool {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.as_ref().is_some_and(|sender| sender.receiver_count() > 0)
    }

    /// Listens for a user; `None` where too many do already, or the web stops.
    pub fn listen(self: &Arc<Self>, user: UserId, administers: bool) -> Option<Listener> {
        let receiver = self.sender.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.subscribe();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= MOST || open.get(&user).is_some_and(|count| *count >= MOST_OF_USER) {
            return None;
        }
        *open.entry(user).or_default() += 1;
        drop(open);
        let place = Place { events: self.clone(), user };
        Some(Listener { receiver, place, administers, until: Instant::now() + LASTS })
    }
}

impl VoteObserver for Events {
    fn votes(&self, _: &[VoteRecord]) {}

    fn tickets(&self, reports: &[TicketReport]) {
        if !self.is_heard() {
            return;
        }
        for report in reports {
            let Some(user) = report.user else { continue };
            let data = json!({ "ticket": report.ticket.to_string(), "state": report.state.name() });
            self.send(Some(Audience::User(user)), format!("event: ticket\ndata: {data}\n\n"));
        }
    }
}

/// A place among those who listen; free again when it is dropped.
#[derive(Debug)]
struct Place {
    events: Arc<Events>,
    user: UserId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.events.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

/// A page that listens.
#[derive(Debug)]
pub struct Listener {
    receiver: broadcast::Receiver<Event>,
    place: Place,
    administers: bool,
    until: Instant,
}

/// What a page is sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// A sign of life.
    Pulse(Bytes),
    /// Something that is for this page alone, as long as its user is signed in.
    News(Bytes),
}

impl Listener {
    /// What is sent next; `None` where the page is to come anew.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            match self.receiver.recv().await {
                Ok(Event { to: None, frame }) if Instant::now() < self.until => return Some(Heard::Pulse(frame)),
                Ok(Event { to: None, .. }) | Err(RecvError::Closed) => return None,
                Ok(Event { to: Some(to), frame }) if self.is_for(to) => return Some(Heard::News(frame)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    return Some(Heard::News(Bytes::from_static(b"event: missed\ndata: {}\n\n")));
                }
            }
        }
    }

    fn is_for(&self, to: Audience) -> bool {
        match to {
            Audience::User(user) => user == self.place.user,
            Audience::Administrators => self.administers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(problems: usize) -> Outlook {
        Outlook { open: vec![String::new(); problems], critical: 0 }
    }

    async fn heard(listener: &mut Listener) -> String {
        match listener.next().await {
            Some(Heard::News(frame) | Heard::Pulse(frame)) => String::from_utf8_lossy(&frame).into_owned(),
            None => "the end".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_hears_what_is_for_them_until_the_web_stops() {
        let events = Arc::new(Events::default());
        let mut user = events.listen(UserId(1), false).unwrap();
        let mut admin = events.listen(UserId(2), true).unwrap();
        events.outlook(&outlook(3));
        events.pulse();
        assert_eq!(heard(&mut admin).await, "event: status\ndata: {\"critical\":0,\"problems\":3}\n\n");
        assert_eq!((heard(&mut admin).await, heard(&mut user).await), (":\n\n".to_owned(), ":\n\n".to_owned()));
        events.close();
        assert_eq!((heard(&mut admin).await, heard(&mut user).await), ("the end".to_owned(), "the end".to_owned()));
        assert!(events.listen(UserId(1), false).is_none(), "the web stops");
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_comes_anew_after_an_hour_and_one_that_fell_behind_is_told_so() {
        let events = Arc::new(Events::default());
        let mut slow = events.listen(UserId(1), true).unwrap();
        for _ in 0..=KEPT {
            events.outlook(&outlook(1));
        }
        assert!(heard(&mut slow).await.starts_with("event: missed"));
        let mut old = events.listen(UserId(1), false).unwrap();
        tokio::time::advance(LASTS).await;
        events.pulse();
        assert_eq!(heard(&mut old).await, "the end");
    }

    #[test]
    fn a_user_has_a_few_places_which_are_free_again() {
        let events = Arc::new(Events::default());
        let mut places: Vec<_> = (0..MOST_OF_USER).map(|_| events.listen(UserId(1), false).unwrap()).collect();
        assert!(events.listen(UserId(1), false).is_none() && events.listen(UserId(2), false).is_some());
        places.pop();
        assert!(events.listen(UserId(1), false).is_some());
        drop(places);
        assert_eq!(events.listeners(), 0);
    }
}
