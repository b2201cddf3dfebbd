//! Making a network: keys, history, servers.

use std::sync::Arc;

use stakepool_core::chain::{CoinType, ExtendedPrivKey, ExtendedPubKey, Network, sha256};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};

use super::builder::SimNetworkBuilder;
use super::network::SimNetwork;
use super::snapshot;
use crate::chain::Chain;
use crate::error::SimError;
use crate::keys::KeyRing;
use crate::network::{Crowd, Shared, State};
use crate::program::{Program, Role};
use crate::server::{NodeServer, Server, WalletServer};
use crate::wallet::Wallet;

/// When the genesis block was made, in Unix seconds.
const GENESIS_TIME: u32 = 1_790_000_000;

/// The fee with which the voting wallets are started, in percent.
const POOL_FEE_PERCENT: f64 = 7.5;

impl SimNetworkBuilder {
    fn ring(&self, name: &str) -> Result<Arc<KeyRing>, SimError> {
        KeyRing::from_seed(&self.seed_of(name)).map(Arc::new)
    }

    fn seed_of(&self, name: &str) -> [u8; 32] {
        sha256(format!("stakepool-sim {} {name}", self.seed).as_bytes())
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
        let vsp = ExtendedPrivKey::account(&self.seed_of("cold wallet"), Network::Simnet, CoinType::Registered, 1)?;
        let accounts = (cold, vsp.public(Network::Simnet));
        Ok(State::new(chain, Crowd::new(self.crowd.max(5)), wallets, accounts))
    }

    /// Mines the history and starts the nodes and wallets, each on a free port of the loopback interface.
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
        let serve = async |role| {
            let program = Program::new(role, Arc::clone(&shared));
            if settings.servers { Server::listening(program).await } else { Ok(Server::in_process_only(program)) }
        };
        let mut nodes = Vec::with_capacity(settings.nodes);
        for number in 0..settings.nodes.max(1) {
            nodes.push(NodeServer::new(serve(Role::Node(number)).await?));
        }
        let mut wallets = Vec::with_capacity(buyer + 1);
        for number in 0..=buyer {
            wallets.push(WalletServer::new(serve(Role::Wallet(number)).await?, number));
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
