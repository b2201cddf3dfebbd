//! What a wallet answers. Fields that the pool does not use are left out.

use serde::Deserialize;
use stakepool_core::chain::{
    Amount, AmountError, BlockHeight, Generation, PubKeyAddress, RedeemScript, ScriptAddress, TicketHash, TxHash,
    VoteBits, VoteVersion,
};
use stakepool_core::ports::{StakeInfo, WalletInfo, WalletTicket, WalletTickets};

/// `walletinfo`.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct WalletInfoAnswer {
    daemonconnected: bool,
    unlocked: bool,
    voting: bool,
    votebits: VoteBits,
    votebitsextended: String,
    voteversion: VoteVersion,
    /// Wallets of 2018 know no SPV.
    #[serde(default)]
    spv: bool,
}

impl WalletInfoAnswer {
    pub(in crate::json) fn with_identity(self, generation: Generation, version: String) -> WalletInfo {
        WalletInfo {
            generation,
            version,
            unlocked: self.unlocked,
            connected: self.daemonconnected,
            votes_itself: self.voting,
            vote_bits: self.votebits,
            vote_bits_extended: self.votebitsextended,
            vote_version: self.voteversion,
            spv: self.spv,
        }
    }
}

/// `generatevote` and `signrawtransaction`.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct SignedTransaction {
    pub(in crate::json) hex: String,
}

/// `validateaddress`.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct ValidatedAddress {
    /// Whether it is an address of the wallet's network.
    pub(in crate::json) isvalid: bool,
    #[serde(default)]
    pub(in crate::json) ismine: bool,
    /// The public key behind a P2PKH address of the wallet's own; empty or left out for others.
    #[serde(default)]
    pubkeyaddr: String,
    /// The script behind a P2SH address of the wallet's own.
    #[serde(default)]
    pub(in crate::json) hex: String,
}

impl ValidatedAddress {
    /// The public key address where the address is the wallet's; the text where it cannot be read.
    pub(in crate::json) fn own_pubkey(&self) -> Result<Option<PubKeyAddress>, String> {
        if !self.ismine {
            return Ok(None);
        }
        if self.pubkeyaddr.is_empty() {
            return Err("the address is the wallet's own, but `pubkeyaddr` is missing".to_owned());
        }
        self.pubkeyaddr.parse().map(Some).map_err(|error| format!("`pubkeyaddr`: {error}"))
    }
}

/// `createmultisig`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::json) struct CreatedMultisig {
    pub(in crate::json) address: ScriptAddress,
    pub(in crate::json) redeem_script: RedeemScript,
}

/// `listscripts` of a wallet of 2018. Fields that the pool does not use are left out.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct Scripts {
    pub(in crate::json) scripts: Option<Vec<ListedScript>>,
}

/// A script in that list.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct ListedScript {
    pub(in crate::json) address: ScriptAddress,
}

/// `gettickets`.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct Tickets {
    pub(in crate::json) hashes: Option<Vec<TicketHash>>,
}

/// `getstakeinfo`. Today's wallets leave out most figures that are 0, and all that need the node where it is away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::json) struct StakeInfoAnswer {
    blockheight: BlockHeight,
    difficulty: f64,
    totalsubsidy: f64,
    ownmempooltix: u64,
    immature: u64,
    unspent: u64,
    voted: u64,
    revoked: u64,
    unspentexpired: u64,
    poolsize: Option<u64>,
    allmempooltix: u64,
    live: u64,
    proportionlive: f64,
    missed: u64,
    proportionmissed: f64,
    expired: u64,
}

impl TryFrom<StakeInfoAnswer> for StakeInfo {
    type Error = AmountError;

    fn try_from(answer: StakeInfoAnswer) -> Result<Self, AmountError> {
        // Without its node a wallet cannot tell live tickets from missed ones, and has no pool size either.
        let (live, expired) = match answer.poolsize {
            Some(_) => (answer.live, answer.expired),
            None => (answer.unspent, answer.unspentexpired),
        };
        Ok(Self {
            height: answer.blockheight,
            difficulty: Amount::from_coins(answer.difficulty)?,
            pool_size: answer.poolsize.unwrap_or(0),
            all_mempool: answer.allmempooltix,
            own_mempool: answer.ownmempooltix,
            immature: answer.immature,
            live,
            voted: answer.voted,
            missed: answer.missed,
            revoked: answer.revoked,
            expired,
            total_subsidy: Amount::from_coins(answer.totalsubsidy)?,
            proportion_live: answer.proportionlive,
            proportion_missed: answer.proportionmissed,
        })
    }
}

/// `stakepooluserinfo`. Legacy wallets answer `null` for empty lists.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct UserInfo {
    tickets: Option<Vec<UserTicket>>,
    invalid: Option<Vec<TicketHash>>,
}

#[derive(Debug, Deserialize)]
struct UserTicket {
    ticket: TicketHash,
    status: String,
    ticketheight: BlockHeight,
    spentby: TxHash,
    spentbyheight: BlockHeight,
}

impl From<UserInfo> for WalletTickets {
    fn from(info: UserInfo) -> Self {
        Self {
            tickets: info.tickets.unwrap_or_default().into_iter().map(WalletTicket::from).collect(),
            invalid: info.invalid.unwrap_or_default(),
        }
    }
}

impl From<UserTicket> for WalletTicket {
    fn from(ticket: UserTicket) -> Self {
        let spent = ticket.spentby != TxHash::from_bytes([0; 32]);
        Self {
            ticket: ticket.ticket,
            status: ticket.status,
            mined_at: ticket.ticketheight,
            spent_at: spent.then_some(ticket.spentbyheight),
        }
    }
}
