//! What a call may cost the daemon: how many of a kind are under way at a time, so that nobody can fill its memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tonic::Status;

use super::access::Caller;
use super::places::place;
use super::turns::{Turn, Turns};
use crate::grpc::wire::{MAX_MESSAGE, MOST_ADDED, MOST_KEY_TICKETS};

/// How long a call waits until others like it are done.
const WAIT: Duration = Duration::from_secs(20);
/// Calls for lists of tickets at a time.
const LISTS: usize = 2;
/// Calls for events at a time. Nearly all of them only wait.
const EVENTS: usize = 16;
/// Calls at a time of those who showed nothing, whatever they ask. The predecessor's web makes one after the other.
const STRANGERS: usize = 1;
/// Bytes of a user, a script, an added ticket or one with a key in a desired state: up to twice of what they have.
const ENTRY: usize = 128;
/// Bytes of a request that asks for something.
const QUESTION: usize = 64 << 10;

/// The kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    /// Next to nothing.
    Little,
    /// Replaces users, tickets or both, all of which come with it.
    Change,
    /// Answers with all tickets, or with many blocks.
    List,
    /// Waits for events.
    Events,
}

impl Cost {
    pub(super) fn of(path: &str) -> Self {
        match path.rsplit('/').next().unwrap_or_default() {
            "PutWanted" | "SetUserVotingPrefs" | "SetAddedLowFeeTickets" => Self::Change,
            "GetAddedLowFeeTickets" | "GetIgnoredLowFeeTickets" | "GetLiveTickets" | "GetBlocks" => Self::List,
            "Events" => Self::Events,
            _ => Self::Little,
        }
    }

    /// Most bytes that such a call may bring, in all its messages, to a daemon that takes so many users.
    pub(super) const fn most_bytes(self, most_users: usize) -> usize {
        match self {
            Self::Change => MAX_MESSAGE + (2 * most_users + MOST_ADDED + MOST_KEY_TICKETS) * ENTRY,
            Self::Little | Self::List | Self::Events => QUESTION,
        }
    }
}

/// The calls that are under way.
#[derive(Debug)]
pub(super) struct Calls {
    changes: Turns,
    lists: Arc<Semaphore>,
    events: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

/// What a call holds while it is under way.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// Where the call is a change: until it was made.
    pub(super) turn: Option<Turn>,
    /// Until its answer was read.
    pub(super) places: Vec<OwnedSemaphorePermit>,
}

impl Default for Calls {
    fn default() -> Self {
        let places = |number| Arc::new(Semaphore::new(number));
        Self { changes: Turns::default(), lists: places(LISTS), events: places(EVENTS), strangers: places(STRANGERS) }
    }
}

impl Calls {
    /// Lets a call begin, once there is a place for it.
    pub(super) async fn admit(&self, cost: Cost, caller: Caller) -> Result<Admitted, Status> {
        let busy = |_| Status::unavailable("too many calls are under way; call again");
        timeout(WAIT, self.begin(cost, caller)).await.map_err(busy)?
    }

    async fn begin(&self, cost: Cost, caller: Caller) -> Result<Admitted, Status> {
        let mut admitted = Admitted::default();
        if cost != Cost::Little && caller == Caller::Anonymous {
            admitted.places.push(place(&self.strangers).await?);
        }
        match cost {
            Cost::Little => {}
            Cost::Change => admitted.turn = Some(self.changes.take().await?),
            Cost::List => admitted.places.push(place(&self.lists).await?),
            Cost::Events => admitted.places.push(place(&self.events).await?),
        }
        Ok(admitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_who_shows_nothing_gets_one_place_and_never_all() {
        let calls = Calls::default();
        let _first = calls.admit(Cost::List, Caller::Anonymous).await.unwrap();
        let refused = calls.admit(Cost::Change, Caller::Anonymous).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unavailable);
        assert!(calls.admit(Cost::List, Caller::Authenticated).await.is_ok());
        assert!(calls.admit(Cost::Change, Caller::Authenticated).await.is_ok());
        assert!(calls.admit(Cost::Little, Caller::Anonymous).await.is_ok());
    }

    #[test]
    fn every_call_that_brings_or_fetches_much_is_known() {
        for (path, cost) in [
            ("/excc.stakepool.v1.PoolDaemon/PutWanted", Cost::Change),
            ("/stakepoolrpc.StakepooldService/SetUserVotingPrefs", Cost::Change),
            ("/stakepoolrpc.StakepooldService/GetLiveTickets", Cost::List),
            ("/excc.stakepool.v1.PoolDaemon/GetBlocks", Cost::List),
            ("/excc.stakepool.v1.PoolDaemon/Events", Cost::Events),
            ("/stakepoolrpc.StakepooldService/Ping", Cost::Little),
        ] {
            assert_eq!(Cost::of(path), cost, "{path}");
        }
    }
}
