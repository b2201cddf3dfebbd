//! A program of the network, a node or a wallet: what it is, and in which state. How it is reached is another matter.

use std::sync::{Arc, Mutex, MutexGuard};

use stakepool_core::chain::Generation;
use tokio::sync::watch;

use crate::faults::{FaultSet, Injected};
use crate::network::Shared;
use crate::sync::lock;

/// What a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A node with its number.
    Node(usize),
    /// A wallet with its number.
    Wallet(usize),
}

/// A node or a wallet.
pub(crate) struct Program {
    pub role: Role,
    pub shared: Arc<Shared>,
    /// Apart, so that a listener can keep hold of them and not of the program.
    faults: Arc<Mutex<FaultSet>>,
    /// False while the program is deaf.
    hearing: watch::Sender<bool>,
}

impl Program {
    /// A program without faults.
    pub(crate) fn new(role: Role, shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { role, shared, faults: Arc::default(), hearing: watch::Sender::new(true) })
    }

    /// A name for people, which is also the user of its JSON-RPC.
    pub(crate) fn name(&self) -> String {
        match self.role {
            Role::Node(number) => format!("node{number}"),
            Role::Wallet(number) => format!("wallet{number}"),
        }
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

    /// Makes it deaf, or hear again.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        self.hearing.send_replace(!deaf);
    }

    /// Waits until it is not deaf.
    pub(crate) async fn hear(&self) {
        // The sender lives as long as the program, so that waiting cannot fail.
        let _ = self.hearing.subscribe().wait_for(|hearing| *hearing).await;
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
