//! The three networks and their consensus parameters.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::vote::VoteVersion;

/// A network of EXCC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The network with real money.
    Mainnet,
    /// The public test network.
    Testnet,
    /// A private simulation network.
    Simnet,
}

/// A text that names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network: use mainnet, testnet or simnet")]
pub struct NetworkError(pub String);

/// The generation of the programs that run a network. Simnet's consensus parameters differ between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// exccd 2.7 and exccwallet 2.8.
    #[default]
    Today,
    /// exccd and exccwallet 2.2 of 2018.
    Legacy,
}

impl Network {
    /// All networks.
    pub const ALL: [Self; 3] = [Self::Mainnet, Self::Testnet, Self::Simnet];

    /// The name as used in configuration and folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Simnet => "simnet",
        }
    }

    /// The number that `getcurrentnet` answers.
    pub const fn magic(self) -> u32 {
        match self {
            Self::Mainnet => 2_568_476_641,
            Self::Testnet => 1_520_727_338,
            Self::Simnet => 3_162_994_431,
        }
    }

    /// The network whose `getcurrentnet` is `magic`.
    pub fn from_magic(magic: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|network| network.magic() == magic)
    }

    pub(super) const fn pubkey_prefix(self) -> [u8; 2] {
        match self {
            Self::Mainnet => [0x02, 0xdc],
            Self::Testnet => [0x28, 0xf7],
            Self::Simnet => [0x27, 0x6f],
        }
    }

    pub(super) const fn pubkey_hash_prefix(self) -> [u8; 2] {
        match self {
            Self::Mainnet => [0x21, 0xb9],
            Self::Testnet => [0x0f, 0x21],
            Self::Simnet => [0x0e, 0x91],
        }
    }

    pub(super) const fn script_hash_prefix(self) -> [u8; 2] {
        match self {
            Self::Mainnet => [0x34, 0xaf],
            Self::Testnet => [0x0e, 0xfc],
            Self::Simnet => [0x0e, 0x6c],
        }
    }

    /// First byte of a private key in wallet import format.
    pub(super) const fn private_key_prefix(self) -> u8 {
        match self {
            Self::Mainnet => 0x80,
            Self::Testnet | Self::Simnet => 0xef,
        }
    }

    pub(super) const fn hd_public_version(self) -> [u8; 4] {
        match self {
            Self::Mainnet => [0x04, 0x88, 0xb2, 0x1e],
            Self::Testnet => [0x04, 0x35, 0x87, 0xd1],
            Self::Simnet => [0x04, 0x20, 0xbd, 0x3d],
        }
    }

    pub(super) const fn hd_private_version(self) -> [u8; 4] {
        match self {
            Self::Mainnet => [0x04, 0x88, 0xad, 0xe4],
            Self::Testnet => [0x04, 0x35, 0x83, 0x97],
            Self::Simnet => [0x04, 0x20, 0xb9, 0x03],
        }
    }

    /// Default port of the node's JSON-RPC.
    pub const fn node_port(self) -> u16 {
        match self {
            Self::Mainnet => 9109,
            Self::Testnet => 19109,
            Self::Simnet => 19556,
        }
    }

    /// Default port of the wallet's JSON-RPC.
    pub const fn wallet_port(self) -> u16 {
        match self {
            Self::Mainnet => 9110,
            Self::Testnet => 19110,
            Self::Simnet => 19557,
        }
    }

    /// Default port of the voting daemon's gRPC.
    pub const fn daemon_port(self) -> u16 {
        match self {
            Self::Mainnet => 9113,
            Self::Testnet => 19113,
            Self::Simnet => 19560,
        }
    }

    /// The consensus parameters in force under programs of `generation`.
    pub const fn params(self, generation: Generation) -> Params {
        match self {
            Self::Mainnet => MAINNET,
            Self::Testnet => TESTNET,
            Self::Simnet => match generation {
                Generation::Today => SIMNET,
                Generation::Legacy => LEGACY_SIMNET,
            },
        }
    }

    /// The version that the wallets of `generation` vote.
    pub const fn vote_version(self, generation: Generation) -> VoteVersion {
        match (generation, self) {
            (Generation::Today, _) => VoteVersion(11),
            (Generation::Legacy, Self::Mainnet) => VoteVersion(5),
            (Generation::Legacy, Self::Testnet | Self::Simnet) => VoteVersion(6),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        Self::ALL.into_iter().find(|network| network.name() == text).ok_or_else(|| NetworkError(text.to_owned()))
    }
}

/// Consensus parameters. Amounts are atoms, everything else is counted in blocks unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Subsidy of a block before any reduction, in atoms.
    pub base_subsidy: i64,
    /// Subsidy of block 1, in atoms.
    pub block_one_subsidy: i64,
    /// Numerator of a subsidy reduction.
    pub mul_subsidy: i64,
    /// Denominator of a subsidy reduction.
    pub div_subsidy: i64,
    /// Blocks between two reductions.
    pub subsidy_reduction_interval: u32,
    /// The miners' share of the subsidy.
    pub work_reward_proportion: u32,
    /// The voters' share of the subsidy.
    pub stake_reward_proportion: u32,
    /// Tickets that each block draws.
    pub tickets_per_block: u32,
    /// Target size of the ticket pool, in tickets for each ticket drawn.
    pub ticket_pool_size: u32,
    /// Blocks until a mined ticket can be drawn.
    pub ticket_maturity: u32,
    /// Blocks after maturity until a ticket expires.
    pub ticket_expiry: u32,
    /// Blocks until the outputs of a coinbase can be spent.
    pub coinbase_maturity: u32,
    /// Height from which tickets can be bought.
    pub stake_enabled_height: u32,
    /// Height from which blocks need votes.
    pub stake_validation_height: u32,
    /// Blocks between two changes of the stake difficulty.
    pub stake_diff_window_size: u32,
    /// Smallest stake difficulty, in atoms.
    pub minimum_stake_diff: i64,
    /// Wanted time between two blocks.
    pub target_time_per_block: Duration,
    /// The signature script of the input that creates a vote's reward.
    pub stakebase_script: &'static [u8],
    /// Most bytes of a serialized transaction.
    pub max_transaction_size: usize,
    /// Whether votes before the stake validation height have a subsidy all the same (legacy simnet).
    pub vote_subsidy_at_every_height: bool,
}

const MAINNET: Params = Params {
    base_subsidy: 3_800_000_000,
    block_one_subsidy: 1_214_473_600_000_000,
    mul_subsidy: 100_000,
    div_subsidy: 103_183,
    subsidy_reduction_interval: 16_128,
    work_reward_proportion: 7,
    stake_reward_proportion: 3,
    tickets_per_block: 5,
    ticket_pool_size: 8192,
    ticket_maturity: 256,
    ticket_expiry: 40_960,
    coinbase_maturity: 256,
    stake_enabled_height: 512,
    stake_validation_height: 768,
    stake_diff_window_size: 144,
    minimum_stake_diff: 200_000_000,
    target_time_per_block: Duration::from_secs(150),
    stakebase_script: &[0, 0],
    max_transaction_size: 393_216,
    vote_subsidy_at_every_height: false,
};

const TESTNET: Params = Params {
    block_one_subsidy: 500_000_000_000_000,
    ticket_pool_size: 1024,
    ticket_maturity: 16,
    ticket_expiry: 6144,
    coinbase_maturity: 16,
    stake_enabled_height: 32,
    stake_validation_height: 192,
    minimum_stake_diff: 20_000_000,
    ..MAINNET
};

const SIMNET: Params = Params {
    base_subsidy: 50_000_000_000,
    block_one_subsidy: 30_000_000_000_000,
    mul_subsidy: 100,
    div_subsidy: 101,
    subsidy_reduction_interval: 128,
    work_reward_proportion: 6,
    stake_reward_proportion: 3,
    tickets_per_block: 5,
    ticket_pool_size: 64,
    ticket_maturity: 16,
    ticket_expiry: 384,
    coinbase_maturity: 16,
    stake_enabled_height: 32,
    stake_validation_height: 144,
    stake_diff_window_size: 8,
    minimum_stake_diff: 20_000_000,
    target_time_per_block: Duration::from_secs(1),
    stakebase_script: &[0xde, 0xad, 0xbe, 0xef],
    max_transaction_size: 1_000_000,
    vote_subsidy_at_every_height: false,
};

const LEGACY_SIMNET: Params =
    Params { work_reward_proportion: 7, minimum_stake_diff: 20_000, vote_subsidy_at_every_height: true, ..SIMNET };
