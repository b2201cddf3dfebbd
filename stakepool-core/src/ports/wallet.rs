//! A voting wallet.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::chain::{
    Address, Amount, BlockHash, BlockHeight, ExtendedPubKey, Generation, KeyIndex, PubKeyAddress, RedeemScript,
    ScriptAddress, TicketHash, VoteBits, VoteTransaction, VoteVersion,
};

/// Why a wallet did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// It cannot be reached, or the connection broke.
    #[error("wallet {wallet} cannot be reached: {reason}")]
    Unreachable {
        /// The wallet's name.
        wallet: String,
        /// What happened.
        reason: String,
    },
    /// It did not answer in time. What was asked may have been done.
    #[error("wallet {wallet} did not answer `{method}` within {millis} ms")]
    Timeout {
        /// The wallet's name.
        wallet: String,
        /// The call.
        method: String,
        /// The limit.
        millis: u64,
    },
    /// It refuses the user or the password.
    #[error("wallet {wallet} refuses the user name or password; check walletuser(s) and walletpassword(s)")]
    Unauthorized {
        /// The wallet's name.
        wallet: String,
    },
    /// It is locked.
    #[error("wallet {wallet} is locked; unlock it with `exccctl --wallet walletpassphrase PASSPHRASE 0`")]
    Locked {
        /// The wallet's name.
        wallet: String,
    },
    /// It does not know the ticket that it should vote with.
    #[error(
        "wallet {wallet} does not know the ticket ({message}): it lost its scripts, or did not look through the chain for them"
    )]
    UnknownTicket {
        /// The wallet's name.
        wallet: String,
        /// The wallet's words.
        message: String,
    },
    /// It lacks the pool's features.
    #[error(
        "wallet {wallet} runs without the pool's features; start it with --stakepoolcoldextkey=XPUB:N and --poolfees"
    )]
    PoolFeaturesDisabled {
        /// The wallet's name.
        wallet: String,
    },
    /// It answered with an error of another kind.
    #[error("wallet {wallet} answered `{method}` with error {code}: {message}")]
    Rpc {
        /// The wallet's name.
        wallet: String,
        /// The call.
        method: String,
        /// The JSON-RPC code.
        code: i64,
        /// The wallet's words.
        message: String,
    },
    /// It answered something that cannot be understood.
    #[error("wallet {wallet} answered `{method}` with something unexpected: {reason}")]
    Unexpected {
        /// The wallet's name.
        wallet: String,
        /// The call.
        method: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl WalletError {
    /// Whether another try, or another wallet, may succeed without anybody's help.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { .. })
    }
}

/// The state of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletInfo {
    /// Which generation it is.
    pub generation: Generation,
    /// Its version, for people.
    pub version: String,
    /// Whether it can sign.
    pub unlocked: bool,
    /// Whether it is connected to its node.
    pub connected: bool,
    /// Whether it votes by itself, which competes with the daemon.
    pub votes_itself: bool,
    /// The bits that it would vote.
    pub vote_bits: VoteBits,
    /// The extended vote bits (the vote version), hexadecimal; must go with every vote.
    pub vote_bits_extended: String,
    /// The version of the votes.
    pub vote_version: VoteVersion,
    /// Whether it works without a node (SPV), which only wallets of today can. It then knows no transactions but its own.
    #[serde(default)]
    pub spv: bool,
}

impl WalletInfo {
    /// A wallet of today that is unlocked, connected, leaves the voting to the daemon, approves blocks, and votes
    /// `vote_version`. The fields are public: a wallet sets those that are otherwise with it.
    ///
    /// ```
    /// use stakepool_core::chain::VoteVersion;
    /// use stakepool_core::ports::WalletInfo;
    ///
    /// let info = WalletInfo { unlocked: false, ..WalletInfo::ready(VoteVersion(11)) };
    /// assert_eq!(info.vote_bits_extended, "0b000000");
    /// ```
    pub fn ready(vote_version: VoteVersion) -> Self {
        Self {
            generation: Generation::Today,
            version: String::new(),
            unlocked: true,
            connected: true,
            votes_itself: false,
            vote_bits: VoteBits::APPROVE,
            vote_bits_extended: hex::encode(vote_version.0.to_le_bytes()),
            vote_version,
            spv: false,
        }
    }
}

/// What `getstakeinfo` returns. A figure that a generation leaves out is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StakeInfo {
    /// Best height.
    pub height: BlockHeight,
    /// Current stake difficulty.
    pub difficulty: Amount,
    /// Live tickets of the network.
    pub pool_size: u64,
    /// Unmined tickets of the network.
    pub all_mempool: u64,
    /// Unmined tickets of the pool.
    pub own_mempool: u64,
    /// Immature tickets of the pool.
    pub immature: u64,
    /// Live tickets of the pool. Today's wallets without a node-side index give the unspent tickets instead.
    pub live: u64,
    /// Votes of the pool.
    pub voted: u64,
    /// Missed tickets of the pool.
    pub missed: u64,
    /// Revoked tickets of the pool.
    pub revoked: u64,
    /// Expired tickets of the pool.
    pub expired: u64,
    /// Subsidy of all votes.
    pub total_subsidy: Amount,
    /// The pool's share of the live tickets, 0 to 1.
    pub proportion_live: f64,
    /// Missed tickets among those that won, 0 to 1.
    pub proportion_missed: f64,
}

/// How many tickets a wallet counts at a block, its owner's beside the pool's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketCounts {
    /// Its best block.
    pub block: BlockHash,
    /// The height of that.
    pub height: BlockHeight,
    /// Mined tickets that may still vote: immature and live ones.
    pub unspent: u64,
    /// Tickets that were missed, of all times.
    pub missed: u64,
}

/// A ticket as `stakepooluserinfo` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletTicket {
    /// The ticket.
    pub ticket: TicketHash,
    /// `immature`, `live`, `voted`, `missed` or `expired`.
    pub status: String,
    /// Where it was mined.
    pub mined_at: BlockHeight,
    /// Where it was spent, if it was.
    pub spent_at: Option<BlockHeight>,
}

/// The tickets of one multisig address as the wallet sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletTickets {
    /// Accepted tickets.
    pub tickets: Vec<WalletTicket>,
    /// Tickets that do not pay the pool's fee.
    pub invalid: Vec<TicketHash>,
}

/// A vote to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteRequest {
    /// The block voted on.
    pub block: BlockHash,
    /// Its height.
    pub height: BlockHeight,
    /// The ticket.
    pub ticket: TicketHash,
    /// The bits.
    pub bits: VoteBits,
    /// The extended bits, hexadecimal: always those of [`WalletInfo`].
    pub bits_extended: String,
}

/// Signs votes.
#[async_trait]
pub trait VoteSigner: Send + Sync {
    /// A name for people: host and port.
    fn name(&self) -> &str;

    /// Grows with every new connection to the wallet, where the implementation keeps one: behind a new one may be another wallet
    /// than before, made anew from its seed, of another seed or network, or of another version. Whoever keeps a wallet in service
    /// compares everything again as soon as this has grown. Always 0 where no connection is kept.
    fn connections(&self) -> u64 {
        0
    }

    /// The state of the wallet.
    async fn info(&self) -> Result<WalletInfo, WalletError>;

    /// Waits until there have been more connections than `known`.
    async fn connected_again(&self, known: u64) {
        let _ = known;
        std::future::pending().await
    }

    /// Makes a vote with exactly the ticket, block, height and bits of the request. Signed or not must be asked of the vote
    /// ([`VoteTransaction::is_signed`]): a locked wallet of today answers unsigned votes.
    async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError>;

    /// The vote bits that the agendas of a vote version use, beside the first one, which approves the previous block. `None`
    /// where the wallet cannot tell: users' bits are then taken as they are.
    async fn agenda_bits(&self, version: VoteVersion) -> Result<Option<VoteBits>, WalletError> {
        let _ = version;
        Ok(None)
    }
}

/// Knows the tickets that it watches.
#[async_trait]
pub trait TicketWallet: Send + Sync {
    /// All unspent tickets that the wallet watches, immature ones included.
    async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError>;

    /// The tickets of one address. Takes seconds with thousands of tickets: a cross-check, not a page's source.
    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, WalletError>;

    /// Whether the wallet has the script of an address, so that it can vote with its tickets. A wallet that cannot tell
    /// answers by the address' tickets.
    async fn holds_script(&self, address: &ScriptAddress) -> Result<bool, WalletError> {
        Ok(!self.user_tickets(address).await?.tickets.is_empty())
    }

    /// How many tickets the wallet counts, and counts as missed; `None` where it cannot tell. With the default answer no miss is
    /// found that only the wallet knows of.
    async fn ticket_counts(&self) -> Result<Option<TicketCounts>, WalletError> {
        Ok(None)
    }

    /// Revokes missed and expired tickets. Only wallets of the legacy generation are asked: today's consensus does that
    /// by itself, and a wallet of today needs nothing here.
    async fn revoke_tickets(&self) -> Result<(), WalletError> {
        Ok(())
    }
}

/// Knows the pool's keys and scripts: what registration and recovery need.
#[async_trait]
pub trait ScriptWallet: Send + Sync {
    /// The extended public key of the account `default`, from which the pool's halves come.
    async fn master_pubkey(&self) -> Result<ExtendedPubKey, WalletError>;

    /// Makes the wallet watch the external branch up to `index` (always call with the highest in use).
    async fn sync_address_index(&self, index: KeyIndex) -> Result<(), WalletError>;

    /// The wallet's own public key behind one of its P2PKH addresses; `None` where the address is not the wallet's.
    async fn own_pubkey(&self, address: &Address) -> Result<Option<PubKeyAddress>, WalletError>;

    /// Whether the wallet has the script of an address.
    async fn has_script(&self, address: &ScriptAddress) -> Result<bool, WalletError>;

    /// The addresses of all scripts that the wallet has, those of other kinds, too; `None` where it cannot list them. With the
    /// default answer nothing tells of scripts of users whom the database does not know, beside their tickets.
    async fn script_addresses(&self) -> Result<Option<Vec<ScriptAddress>>, WalletError> {
        Ok(None)
    }

    /// The script behind an address, where the wallet has it and it is a pool's.
    async fn script(&self, address: &ScriptAddress) -> Result<Option<RedeemScript>, WalletError> {
        let _ = address;
        Ok(None)
    }

    /// The 1-of-2 script that the wallet makes of two keys.
    async fn create_multisig(
        &self,
        pool: &PubKeyAddress,
        user: &PubKeyAddress,
    ) -> Result<(ScriptAddress, RedeemScript), WalletError>;

    /// Imports a script without a rescan. Repeating it is no error.
    async fn import_script(&self, script: &RedeemScript) -> Result<(), WalletError>;

    /// Looks through the chain again from a height; answers when that is done, which can take minutes.
    async fn rescan(&self, from: BlockHeight) -> Result<(), WalletError>;
}

/// Knows the chain and the pool's share in it: what pages show, and what tells whether a wallet keeps up.
#[async_trait]
pub trait ChainWallet: Send + Sync {
    /// Best block.
    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), WalletError>;

    /// Statistics.
    async fn stake_info(&self) -> Result<StakeInfo, WalletError>;
}

/// What a voting daemon needs of a wallet. The crate's `guide` says what is asked when, with an example.
pub trait DaemonWallet: VoteSigner + TicketWallet {}

impl<T: VoteSigner + TicketWallet> DaemonWallet for T {}

/// What a pool needs of a wallet.
pub trait PoolWallet: DaemonWallet + ScriptWallet + ChainWallet {}

impl<T: VoteSigner + TicketWallet + ScriptWallet + ChainWallet> PoolWallet for T {}
