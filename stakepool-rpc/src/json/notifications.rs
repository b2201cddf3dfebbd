//! A node's notifications.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use stakepool_core::chain::{Amount, BlockHash, BlockHeader, BlockHeight, TicketHash};
use stakepool_core::ports::{NodeEvent, SpentOrMissed};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::error::RpcError;
use super::link::{Link, ask, limited};

/// Events that may wait to be taken.
pub(super) const EVENTS_AHEAD: usize = 4096;

/// What is subscribed to on every new connection; a limited user is refused all but the first.
const SUBSCRIPTIONS: [&str; 4] =
    ["notifyblocks", "notifywinningtickets", "notifynewtickets", "notifyspentandmissedtickets"];

/// Reads a node's notifications and sends them to the receiver of its events.
pub(super) struct Subscriber {
    events: mpsc::Sender<NodeEvent>,
    /// What came while the subscriptions of a connection were still being made: sent after `Connected`.
    held: Mutex<Option<Vec<NodeEvent>>>,
    /// Whether more came than could be taken.
    overrun: AtomicBool,
}

impl Subscriber {
    pub(super) const fn new(events: mpsc::Sender<NodeEvent>) -> Self {
        Self { events, held: Mutex::new(Some(Vec::new())), overrun: AtomicBool::new(false) }
    }

    /// Subscribes on a new connection.
    ///
    /// # Errors
    /// [`RpcError::LimitedUser`] where the user may not hear of tickets.
    pub(super) async fn subscribe(&self, link: &Link) -> Result<(), RpcError> {
        self.hold(Some(Vec::new()));
        self.overrun.store(false, Ordering::Relaxed);
        for method in SUBSCRIPTIONS {
            ask::<IgnoredAny>(link, method).await.map_err(limited)?;
        }
        Ok(())
    }

    /// All subscriptions stand.
    pub(super) fn connected(&self) {
        if let Err(TrySendError::Full(event)) = self.events.try_send(NodeEvent::Connected) {
            // Whoever takes the events learns of the new connection, whatever was lost with the one before.
            let events = self.events.clone();
            tokio::spawn(async move { events.send(event).await });
        }
        for event in self.hold(None).unwrap_or_default() {
            self.send(event);
        }
    }

    /// A connection whose subscriptions stood was lost.
    pub(super) fn disconnected(&self, why: &RpcError) {
        self.hold(Some(Vec::new()));
        self.send(NodeEvent::Disconnected { reason: why.to_string() });
    }

    /// Takes a notification.
    ///
    /// # Errors
    /// What is wrong with it, naming the parameter.
    pub(super) fn take(&self, method: &str, params: &RawValue) -> Result<(), String> {
        let Some(event) = read_notification(method, params)? else { return Ok(()) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *held {
            Some(held) if held.len() >= EVENTS_AHEAD => self.overrun.store(true, Ordering::Relaxed),
            Some(held) => held.push(event),
            None => self.send(event),
        }
        Ok(())
    }

    fn hold(&self, events: Option<Vec<NodeEvent>>) -> Option<Vec<NodeEvent>> {
        std::mem::replace(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner), events)
    }

    fn send(&self, event: NodeEvent) {
        // A receiver that was dropped misses nothing.
        if let Err(TrySendError::Full(_)) = self.events.try_send(event) {
            self.overrun.store(true, Ordering::Relaxed);
        }
    }

    /// Whether events were lost, so that the connection must be made anew: with it the chain is looked through again.
    pub(super) fn is_overrun(&self) -> bool {
        self.overrun.load(Ordering::Relaxed)
    }
}

/// Reads a notification; `None` for one that says nothing of interest.
///
/// # Errors
/// What is wrong with it, naming the parameter.
pub(super) fn read_notification(method: &str, params: &RawValue) -> Result<Option<NodeEvent>, String> {
    let params = Params::read(params)?;
    Ok(Some(match method {
        "blockconnected" => NodeEvent::BlockConnected(params.header()?),
        "blockdisconnected" => NodeEvent::BlockDisconnected(params.header()?),
        "newtickets" => NodeEvent::NewTickets {
            block: params.block()?,
            height: params.height()?,
            stake_difficulty: Amount::from_atoms(params.get(2, "the stake difficulty")?),
            tickets: params.get::<Option<Vec<TicketHash>>>(3, "the tickets")?.unwrap_or_default(),
        },
        "winningtickets" => NodeEvent::WinningTickets {
            block: params.block()?,
            height: params.height()?,
            tickets: params.map::<u32, TicketHash>(2)?.into_values().collect(),
        },
        "spentandmissedtickets" => NodeEvent::SpentAndMissed {
            block: params.block()?,
            height: params.height()?,
            tickets: params.map::<TicketHash, SpentOrMissed>(3)?.into_iter().collect(),
        },
        // `reorganization` only repeats what the blocks say; others were never subscribed to.
        _ => return Ok(None),
    }))
}

/// The parameters of a notification. Further ones than expected do no harm.
struct Params<'a>(Vec<&'a RawValue>);

impl<'a> Params<'a> {
    fn read(params: &'a RawValue) -> Result<Self, String> {
        serde_json::from_str(params.get()).map(Self).map_err(|error| format!("its parameters are no list: {error}"))
    }

    fn get<T: DeserializeOwned>(&self, index: usize, name: &str) -> Result<T, String> {
        let text = self.0.get(index).ok_or_else(|| format!("{name} (parameter {index}) is missing"))?.get();
        serde_json::from_str(text).map_err(|error| format!("{name} (parameter {index}): {error}"))
    }

    fn header(&self) -> Result<BlockHeader, String> {
        let hex: String = self.get(0, "the block header")?;
        BlockHeader::decode_hex(&hex).map_err(|error| format!("the block header (parameter 0): {error}"))
    }

    fn block(&self) -> Result<BlockHash, String> {
        self.get(0, "the block")
    }

    fn height(&self) -> Result<BlockHeight, String> {
        self.get(1, "the height")
    }

    fn map<K: DeserializeOwned + Ord, V: DeserializeOwned>(&self, index: usize) -> Result<BTreeMap<K, V>, String> {
        self.get::<Option<BTreeMap<K, V>>>(index, "the tickets").map(Option::unwrap_or_default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "00a6a91138feba7dabb8ff96784deaff48c31f009f55e11ba1835af257225867";

    fn read(method: &str, params: &str) -> Result<Option<NodeEvent>, String> {
        read_notification(method, &RawValue::from_string(params.to_owned()).unwrap())
    }

    #[test]
    fn winners_keep_the_nodes_order() {
        let ticket = |n: u8| TicketHash::from_bytes([n; 32]);
        let winners: Vec<_> = (0..12).map(|n| format!(r#""{n}":"{}""#, ticket(n))).collect();
        let event = read("winningtickets", &format!(r#"["{HASH}",7,{{{}}}]"#, winners.join(",")));
        let expected = NodeEvent::WinningTickets {
            block: HASH.parse().unwrap(),
            height: BlockHeight(7),
            tickets: (0..12).map(ticket).collect(),
        };
        assert_eq!(event, Ok(Some(expected)));
    }

    #[test]
    fn a_null_list_of_tickets_is_an_empty_one() {
        let Ok(Some(NodeEvent::NewTickets { tickets, stake_difficulty, .. })) =
            read("newtickets", &format!(r#"["{HASH}",7,20000,null]"#))
        else {
            panic!("new tickets")
        };
        assert_eq!((tickets.len(), stake_difficulty.atoms()), (0, 20_000));
    }

    #[test]
    fn a_malformed_notification_is_refused_naming_the_parameter() {
        let error = |method, params: &str| read(method, params).unwrap_err();
        assert!(error("newtickets", r#"["ab",7,1,[]]"#).starts_with("the block (parameter 0)"));
        assert!(error("newtickets", &format!(r#"["{HASH}",-7,1,[]]"#)).starts_with("the height (parameter 1)"));
        assert_eq!(error("winningtickets", &format!(r#"["{HASH}",7]"#)), "the tickets (parameter 2) is missing");
        assert!(error("spentandmissedtickets", &format!(r#"["{HASH}",7,1,{{"{HASH}":"lost"}}]"#)).contains("lost"));
        assert!(error("blockconnected", r#"["00ff",null]"#).contains("the data ends inside the block header"));
        assert!(error("blockconnected", "null").contains("no list"));
    }

    #[test]
    fn other_notifications_are_none_of_our_business() {
        assert_eq!(read("reorganization", r#"["a",1,"b",2]"#), Ok(None));
        assert_eq!(read("txaccepted", "[]"), Ok(None));
    }

    #[test]
    fn what_comes_while_subscribing_is_sent_after_connected() {
        let (sender, mut events) = mpsc::channel(2);
        let subscriber = Subscriber::new(sender);
        let params = RawValue::from_string(format!(r#"["{HASH}",7,{{}}]"#)).unwrap();
        subscriber.take("winningtickets", &params).unwrap();
        assert!(events.try_recv().is_err());
        subscriber.connected();
        assert_eq!(events.try_recv(), Ok(NodeEvent::Connected));
        assert!(matches!(events.try_recv(), Ok(NodeEvent::WinningTickets { .. })));
        subscriber.disconnected(&RpcError::Unauthorized);
        assert!(matches!(events.try_recv(), Ok(NodeEvent::Disconnected { .. })));
        subscriber.take("winningtickets", &params).unwrap();
        assert!(events.try_recv().is_err());
    }

    #[tokio::test]
    async fn who_reports_more_than_is_taken_is_connected_to_again_and_that_is_told() {
        let (sender, mut events) = mpsc::channel(2);
        let subscriber = Subscriber::new(sender);
        let params = RawValue::from_string(format!(r#"["{HASH}",7,{{}}]"#)).unwrap();
        subscriber.connected();
        subscriber.take("winningtickets", &params).unwrap();
        assert!(!subscriber.is_overrun());
        subscriber.take("winningtickets", &params).unwrap();
        assert!(subscriber.is_overrun());
        subscriber.disconnected(&RpcError::Unauthorized);
        subscriber.connected();
        assert_eq!(events.recv().await, Some(NodeEvent::Connected));
        assert!(matches!(events.recv().await, Some(NodeEvent::WinningTickets { .. })));
        assert_eq!(events.recv().await, Some(NodeEvent::Connected));
    }

    proptest! {
        #[test]
        fn no_parameters_panic(params in prop::collection::vec(any::<i64>(), 0..5), method in "[a-z]{3,22}") {
            let text = serde_json::to_string(&params).unwrap();
            let _ = read(&method, &text);
            for method in ["blockconnected", "newtickets", "winningtickets", "spentandmissedtickets"] {
                prop_assert!(read(method, &text).is_err());
            }
        }
    }
}
