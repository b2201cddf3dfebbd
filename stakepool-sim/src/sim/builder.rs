//! How a network shall be.

use std::path::PathBuf;

use stakepool_core::chain::{BlockHeight, Generation, KeyIndex};
use stakepool_core::ticket::PoolFee;

/// How a network shall be: by default one node and two voting wallets of today's programs at height 150.
///
/// ```
/// use stakepool_core::chain::Generation;
/// use stakepool_sim::SimNetwork;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// // Few other tickets, so that the pool's win soon.
/// let legacy = SimNetwork::builder().generation(Generation::Legacy).seed(7).crowd(20).height(170).without_servers();
/// let (one, other) = (legacy.clone().start().await?, legacy.start().await?);
/// assert_eq!(one.best_block(), other.best_block());
/// # Ok::<(), stakepool_sim::SimError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    pub(super) servers: bool,
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
            servers: true,
        }
    }

    /// Which programs the network consists of.
    #[must_use]
    pub const fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// From what all keys are derived and, through them, all blocks and winners: networks of one seed and otherwise
    /// equal settings, on which the same is done between the same blocks, have the same blocks and winners. Neither
    /// who is faster to vote nor how often mining was tried changes a block; *which* votes have arrived when it is
    /// mined does, so that a test which wants to repeat itself waits for them ([`SimNetwork::mine_when_voted`]).
    /// Excepted is [`SimNetwork::run`], whose blocks bear the time of the clock on the wall.
    ///
    /// [`SimNetwork::mine_when_voted`]: crate::SimNetwork::mine_when_voted
    /// [`SimNetwork::run`]: crate::SimNetwork::run
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

    /// Opens no ports and makes no certificates: the nodes and wallets are then reached within this process only, by
    /// [`NodeServer::in_process`](crate::NodeServer::in_process),
    /// [`WalletServer::in_process`](crate::WalletServer::in_process) and
    /// [`SimNetwork::events`](crate::SimNetwork::events). Such a network works under tokio's paused clock, too.
    #[must_use]
    pub const fn without_servers(mut self) -> Self {
        self.servers = false;
        self
    }

    /// Continues a network that [`SimNetwork::save`](crate::SimNetwork::save) wrote, where the file exists. Generation and
    /// seed are then the saved ones.
    #[must_use]
    pub fn continue_from(mut self, path: impl Into<PathBuf>) -> Self {
        self.saved = Some(path.into());
        self
    }
}
