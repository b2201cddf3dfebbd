//! A wallet's server, with the switches that only wallets have.

use std::ops::Deref;
use std::sync::Arc;

use stakepool_core::chain::{Hash160, TicketHash};

use super::switches::Server;
use crate::in_process::SimWallet;
use crate::wallet::Wallet;

/// A wallet, with the switches that only wallets have; those of [`Server`] come with it.
///
/// ```
/// use stakepool_core::ports::VoteSigner;
/// use stakepool_sim::SimNetwork;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let sim = SimNetwork::builder().without_servers().start().await?;
/// let wallet = sim.wallet(0).in_process();
/// sim.wallet(0).lock();
/// assert!(!wallet.info().await?.unlocked);
/// sim.wallet(0).fail("walletinfo", -1, "the disk is full");
/// assert!(wallet.info().await.is_err_and(|error| error.to_string().contains("the disk is full")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct WalletServer {
    server: Server,
    number: usize,
}

impl Deref for WalletServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl WalletServer {
    pub(crate) const fn new(server: Server, number: usize) -> Self {
        Self { server, number }
    }

    /// The wallet within this process, without TLS or a socket: for what takes a
    /// [`PoolWallet`](stakepool_core::ports::PoolWallet). All of them are the same wallet.
    pub fn in_process(&self) -> Arc<SimWallet> {
        Arc::new(SimWallet::new(Arc::clone(self.server.program()), self.number))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Wallet) -> T) -> T {
        self.server.program().shared.write(|state| change(&mut state.wallets[self.number]))
    }

    /// Locks the wallet: today's then makes unsigned votes, a legacy one none.
    pub fn lock(&self) {
        self.change(|wallet| wallet.locked = true);
    }

    /// Unlocks the wallet.
    pub fn unlock(&self) {
        self.change(|wallet| wallet.locked = false);
    }

    /// Gives the wallet the keys of another seed, or its own again.
    pub fn disagree(&self, on: bool) {
        self.change(|wallet| wallet.disagrees = on);
    }

    /// Runs the wallet with or without the pool's cold key and fee.
    pub fn pool_features(&self, on: bool) {
        self.change(|wallet| wallet.pool_features = on);
    }

    /// Says whether the wallet is connected to its node.
    pub fn connected(&self, on: bool) {
        self.change(|wallet| wallet.connected = on);
    }

    /// Switches the wallet's own voting.
    pub fn votes_itself(&self, on: bool) {
        self.change(|wallet| wallet.votes_itself = on);
    }

    /// Makes the wallet forget its scripts, tickets and address index, as one restored from its seed.
    pub fn lose_scripts(&self) {
        self.change(Wallet::forget);
    }

    /// The hashes of the scripts that the wallet has.
    pub fn scripts(&self) -> Vec<Hash160> {
        self.server.program().shared.read(|state| state.wallets[self.number].scripts().keys().copied().collect())
    }

    /// The tickets that the wallet knows.
    pub fn tickets(&self) -> Vec<TicketHash> {
        self.server.program().shared.read(|state| state.wallets[self.number].tickets().keys().copied().collect())
    }
}
