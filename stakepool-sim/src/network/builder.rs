//! Setting up a network.

use std::path::PathBuf;
use std::sync::Arc;

use stakepool_core::chain::{BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, sha256};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};

use super::crowd::Crowd;
use super::handle::SimNetwork;
use super::snapshot;
use super::state::{Shared, State};
use crate::chain::Chain;
use crate::error::SimError;
use crate::keys::KeyRing;
use crate::server::{Role, Server, WalletServer};
use crate::wallet::Wallet;

/// When the genesis block was made, in Unix seconds.
const GENESIS_TIME: u32 = 1_790_000_000;

/// The fee with which the voting wallets are started, in percent.
const POOL_FEE_PERCENT: f64 = 7.5;

/// How a network shall be.
#[derive(Clone, Debug)]
pub struct SimNetworkBuilder {
    pub(super) generation: Generation,
    pub(super) seed: u64,
    pub(super) nodes: usize,
    pub(super) voting_wallets: usize,
    pub(super) height: BlockHeight,
    pub(super) crowd: usize,
    pub(super) pool_fee: Option<PoolFee>,
    pub(super) last_fee_address: KeyIndex,
    pub(super) saved: Option<PathBuf>,
}

impl SimNetworkBuilder {
    /// A network of today's programs: one node, two voting wallets, height 150, a pool fee of 7.5 %.
    pub(super) const fn new() -> Self {
        Self {
            generation: Generation::Today,
            seed: 1,
            nodes: 1,
            voting_wallets: 2,
            height: BlockHeight(150),
            crowd: 60,
            pool_fee: None,
            last_fee_address: KeyIndex(200),
            saved: None,
        }
    }

    /// Which programs the network consists of.
    #[must_use]
    pub const fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// From what all keys, and through them all blocks and winners, are derived.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many nodes serve the chain.
    #[must_use]
    pub const fn nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// How many voting wallets there are, at least 1; all have the same keys.
    #[must_use]
    pub const fn voting_wallets(mut self, wallets: usize) -> Self {
        self.voting_wallets = if wallets == 0 { 1 } else { wallets };
        self
    }

    /// How many blocks are mined before the servers start.
    #[must_use]
    pub const fn height(mut self, height: u32) -> Self {
        self.height = BlockHeight(height);
        self
    }

    /// How many live tickets the other stakers keep. Five are drawn a block: the fewer there are, the sooner the
    /// pool's win. At least 5.
    #[must_use]
    pub const fn crowd(mut self, live_tickets: usize) -> Self {
        self.crowd = live_tickets;
        self
    }

    /// The fee with which the voting wallets were started.
    #[must_use]
    pub const fn pool_fee(mut self, fee: PoolFee) -> Self {
        self.pool_fee = Some(fee);
        self
    }

    /// The number of the last fee address that the voting wallets know.
    #[must_use]
    pub const fn fee_addresses(mut self, last: u32) -> Self {
        self.last_fee_address = KeyIndex(last);
        self
    }

    /// Continues a network that [`SimNetwork::save`] wrote, where the file exists. Generation and seed are then the
    /// saved ones.
    #[must_use]
    pub fn continue_from(mut self, path: impl Into<PathBuf>) -> Self {
        self.saved = Some(path.into());
        self
    }

    fn ring(&self, name: &str) -> Result<Arc<KeyRing>, SimError> {
        let seed = sha256(format!("stakepool-sim {} {name}", self.seed).as_bytes());
        KeyRing::from_seed(&seed).map(Arc::new)
    }

    fn judge(&self, cold: &ExtendedPubKey) -> Result<Arc<Evaluator>, SimError> {
        let addresses = FeeAddresses::derive(&cold.external_branch()?, self.last_fee_address)?;
        let params = Network::Simnet.params(self.generation);
        let fee = match self.pool_fee {
            Some(fee) => fee,
            None => PoolFee::from_percent(POOL_FEE_PERCENT)?,
        };
        Ok(Arc::new(Evaluator::new(Network::Simnet, params, fee, addresses)))
    }

    /// The network at its genesis block.
    pub(super) fn state(&self) -> Result<State, SimError> {
        let cold = self.ring("cold wallet")?.xpub();
        let judge = self.judge(&cold)?;
        let (voters, strangers, buyer) =
            (self.ring("voting wallet")?, self.ring("strange wallet")?, self.ring("buyer")?);
        let mut wallets = Vec::with_capacity(self.voting_wallets + 1);
        for _ in 0..self.voting_wallets {
            wallets.push(Wallet::new(Arc::clone(&voters), Arc::clone(&strangers), Arc::clone(&judge))?);
        }
        wallets.push(Wallet::new(buyer, strangers, judge)?);
        let chain = Chain::new(self.generation, GENESIS_TIME.wrapping_add(self.seed as u32 % 1_000_000));
        Ok(State::new(chain, Crowd::new(self.crowd.max(5)), wallets, cold))
    }

    /// Mines the history and starts the servers, each on a free port of the loopback interface.
    ///
    /// # Errors
    /// [`SimError`] where keys, certificates or ports cannot be had, or the saved network cannot be read.
    pub async fn start(self) -> Result<SimNetwork, SimError> {
        let (settings, state) = match snapshot::read(self.saved.as_deref()).await? {
            Some((snapshot, path)) => {
                let settings = snapshot.settings(self);
                let state = snapshot.restore(settings.state()?, path)?;
                (settings, state)
            }
            None => {
                let state = self.initial()?;
                (self, state)
            }
        };
        let buyer = state.wallets.len() - 1;
        let shared = Shared::new(state);
        let mut nodes = Vec::with_capacity(settings.nodes);
        for number in 0..settings.nodes.max(1) {
            nodes.push(Server::start_new(Role::Node(number), Arc::clone(&shared)).await?);
        }
        let mut wallets = Vec::with_capacity(buyer + 1);
        for number in 0..=buyer {
            let server = Server::start_new(Role::Wallet(number), Arc::clone(&shared)).await?;
            wallets.push(WalletServer::new(server, number));
        }
        Ok(SimNetwork::new(shared, nodes, wallets, settings.seed))
    }

    fn initial(&self) -> Result<State, SimError> {
        let mut state = self.state()?;
        while state.chain.best.height() < self.height {
            state.mine()?;
        }
        Ok(state)
    }
}
