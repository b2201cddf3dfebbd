//! A program of the network, a node or a wallet: what it is, and in which state. How it is reached is another matter.

use std::sync::{Arc, Mutex, MutexGuard};

use stakepool_core::chain::Generation;
use tokio::sync::watch;

use crate::faults::{FaultSet, Injected};
use crate::listeners::{Listeners, Sink};
use crate::network::{ClientId, Note, Shared, Subscriber, Topic};
use crate::sync::lock;

/// What a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A node with its number.
    Node(usize),
    /// A wallet with its number.
    Wallet(usize),
}

/// Why a program lets a client within this process not in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoEntry {
    Stopped,
    Unavailable,
    Unauthorized,
    LimitedUser,
}

/// A node or a wallet.
pub(crate) struct Program {
    pub role: Role,
    pub shared: Arc<Shared>,
    name: String,
    /// Apart, so that a listener can keep hold of them and not of the program.
    faults: Arc<Mutex<FaultSet>>,
    /// False while the program is deaf.
    hearing: watch::Sender<bool>,
    running: watch::Sender<bool>,
    /// Changes whenever all connections shall break.
    breaker: watch::Sender<u64>,
    /// How often it began to let clients in.
    opened: watch::Sender<u64>,
    /// Those who listen within this process.
    listeners: Arc<Listeners>,
}

impl Program {
    /// A program without faults that does not run yet.
    pub(crate) fn new(role: Role, shared: Arc<Shared>) -> Arc<Self> {
        let name = match role {
            Role::Node(number) => format!("node{number}"),
            Role::Wallet(number) => format!("wallet{number}"),
        };
        let program = Self {
            role,
            shared,
            name,
            faults: Arc::default(),
            hearing: watch::Sender::new(true),
            running: watch::Sender::new(false),
            breaker: watch::Sender::new(0),
            opened: watch::Sender::new(0),
            listeners: Arc::default(),
        };
        if matches!(role, Role::Node(_)) {
            program.subscribe();
        }
        Arc::new(program)
    }

    /// Has the network report to the listeners within this process.
    fn subscribe(&self) {
        let (faults, listeners) = (self.shared_faults(), Arc::clone(&self.listeners));
        let deliver = Box::new(move |notes: Vec<&Note>| {
            let notes = lock(&faults).arrange(notes);
            listeners.report(&notes);
            true
        });
        let topics = vec![Topic::Blocks, Topic::WinningTickets, Topic::NewTickets, Topic::SpentAndMissed];
        let subscriber = Subscriber { id: ClientId::next(), topics, deliver };
        self.shared.write(|state| state.subscribers.subscribe(subscriber));
    }

    /// A name for people, which is also the user of its JSON-RPC.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the program is one of today's.
    pub(crate) fn is_todays(&self) -> bool {
        self.shared.read(|state| state.chain.generation == Generation::Today)
    }

    /// What is wrong with it.
    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultSet> {
        lock(&self.faults)
    }

    /// What is wrong with it, for a listener to look at each time.
    pub(crate) fn shared_faults(&self) -> Arc<Mutex<FaultSet>> {
        Arc::clone(&self.faults)
    }

    /// Changes what is wrong with it. Where that lets clients in again, those who listen are connected.
    pub(crate) fn change_faults(&self, change: impl FnOnce(&mut FaultSet)) {
        change(&mut self.faults());
        self.welcome();
    }

    /// Makes it deaf, or hear again.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        self.hearing.send_replace(!deaf);
        self.listeners.set_deaf(deaf);
        self.welcome();
    }

    /// Waits until it is not deaf.
    pub(crate) async fn hear(&self) {
        // The sender lives as long as the program, so that waiting cannot fail.
        let _ = self.hearing.subscribe().wait_for(|hearing| *hearing).await;
    }

    /// Begins to run. Nothing happens where it runs.
    pub(crate) fn start(&self) {
        if !self.running.send_replace(true) {
            self.opened.send_modify(|count| *count += 1);
        }
        if let Role::Node(number) = self.role {
            self.shared.write(|state| state.node_started(number));
        }
        self.welcome();
    }

    /// Ends, and with it all connections.
    pub(crate) fn stop(&self) {
        self.running.send_replace(false);
        self.break_off("the program has stopped");
        if let Role::Node(number) = self.role {
            self.shared.write(|state| state.node_stopped(number));
        }
    }

    /// Breaks all connections; new ones are welcome.
    pub(crate) fn drop_connections(&self) {
        self.break_off("the connection broke");
        self.opened.send_modify(|count| *count += 1);
        self.welcome();
    }

    /// How many connections a client within this process has had that keeps one whenever it can.
    pub(crate) fn connections(&self) -> u64 {
        *self.opened.borrow()
    }

    /// Waits until there have been more such connections than `known`.
    pub(crate) async fn connected_again(&self, known: u64) {
        // The sender lives as long as the program, so that waiting cannot fail.
        let _ = self.opened.subscribe().wait_for(|count| *count > known).await;
    }

    fn break_off(&self, reason: &str) {
        self.breaker.send_modify(|count| *count += 1);
        self.listeners.disconnect(reason);
    }

    /// Changes whenever all connections shall break.
    pub(crate) fn breaker(&self) -> watch::Receiver<u64> {
        self.breaker.subscribe()
    }

    /// Whether it lets a client within this process in, which always has the right credentials.
    pub(crate) fn entry(&self) -> Result<(), NoEntry> {
        if !*self.running.borrow() {
            return Err(NoEntry::Stopped);
        }
        let faults = self.faults();
        if faults.unavailable {
            return Err(NoEntry::Unavailable);
        }
        if faults.refuse_credentials {
            return Err(NoEntry::Unauthorized);
        }
        if faults.limited_user && matches!(self.role, Role::Node(_)) {
            return Err(NoEntry::LimitedUser);
        }
        Ok(())
    }

    /// Has the events of a node sent to somebody within this process, beginning with the connection.
    pub(crate) fn listen(&self, sink: Sink) {
        self.listeners.add(sink);
        self.welcome();
    }

    fn welcome(&self) {
        if self.entry().is_ok() {
            self.listeners.connect();
        }
    }

    /// Takes a request: counts it, and lets the time pass that the program takes for it.
    ///
    /// # Errors
    /// The failure that a test has put in.
    pub(crate) async fn receive(&self, method: &str) -> Result<(), Injected> {
        let fate = self.faults().receive(method);
        self.hear().await;
        if !fate.delay.is_zero() {
            tokio::time::sleep(fate.delay).await;
        }
        fate.failure.map_or(Ok(()), Err)
    }
}
