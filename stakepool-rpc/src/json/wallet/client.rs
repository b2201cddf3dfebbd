//! A wallet: signing, scripts, tickets.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stakepool_core::call_figures::CallFigures;
use stakepool_core::chain::{
    Address, BlockHash, BlockHeight, ExtendedPubKey, Generation, KeyIndex, PubKeyAddress, RedeemScript, ScriptAddress,
    TicketHash, VoteBits, VoteTransaction, VoteVersion,
};
use stakepool_core::ports::{
    AgendaSource as _, ChainWallet, ScriptWallet, StakeInfo, TicketCounts, TicketWallet, VoteRequest, VoteSigner,
    WalletError, WalletInfo, WalletTickets, count_tickets,
};

use super::answers::{
    CreatedMultisig, Scripts, StakeInfoAnswer, Tickets, UserInfo, ValidatedAddress, WalletInfoAnswer,
};
use crate::json::client::{Client, NO_PARAMS};
use crate::json::config::{ConfigError, ServerConfig};
use crate::json::error::RpcError;
use crate::json::identity::ServerKind;
use crate::json::node::BestBlock;

/// The account whose keys the pool uses.
const ACCOUNT: &str = "default";
/// The account of what was imported.
const IMPORTED: &str = "imported";
/// The branch of an account from which addresses are given to others.
const EXTERNAL_BRANCH: u32 = 0;

/// A connection to an exccwallet.
///
/// ```no_run
/// use stakepool_core::ports::{ChainWallet, TicketWallet, VoteSigner};
/// use stakepool_rpc::json::{ServerConfig, Wallet};
///
/// async fn show() -> Result<(), Box<dyn std::error::Error>> {
///     let certificate = std::fs::read("rpc.cert")?; // a copy of the wallet's
///     let wallet = Wallet::connect(&ServerConfig::new("127.0.0.1:9110", "user", "password", certificate))?;
///     let state = wallet.info().await?;
///     let (_, height) = wallet.best_block().await?;
///     println!("{}, unlocked: {}, at height {height}", state.version, state.unlocked);
///     println!("{} tickets", wallet.tickets().await?.len());
///     Ok(())
/// }
/// ```
pub struct Wallet {
    pub(super) client: Client,
}

impl Wallet {
    /// Starts to connect in the background, and again whenever the connection is lost. Must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    /// [`ConfigError`] where no attempt can succeed. A wallet that is away is no error.
    pub fn connect(config: &ServerConfig) -> Result<Self, ConfigError> {
        Client::connect(config, Some(ServerKind::Wallet), None).map(|client| Self { client })
    }

    /// Expects the certificate of `config` from the next connection on: the wallet's was renewed. A connection that stands
    /// goes on.
    ///
    /// # Errors
    /// [`ConfigError`] where it is no certificate. Then the old one is expected.
    pub fn expect_certificate(&self, config: &ServerConfig) -> Result<(), ConfigError> {
        self.client.expect_certificate(config)
    }

    /// Makes any other call of the server: `params` is a tuple, an array or a list ([`NO_PARAMS`] for none), and the
    /// result is read as `T`. The call is made once, takes at most [`CallLimits::call`] (the known slow ones longer)
    /// and counts in the figures.
    ///
    /// ```no_run
    /// use serde::Deserialize;
    /// use stakepool_rpc::json::Wallet;
    ///
    /// #[derive(Deserialize)]
    /// struct Received {
    ///     amount: f64,
    /// }
    ///
    /// async fn received(wallet: &Wallet, address: &str) -> Result<f64, stakepool_core::ports::WalletError> {
    ///     let confirmations = 2;
    ///     let transactions: Vec<Received> = wallet.call("listunspent", (confirmations, 9_999_999, [address])).await?;
    ///     Ok(transactions.iter().map(|received| received.amount).sum())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`WalletError`] where there is no connection or no answer in time, where the server refuses, and where the result is
    /// no `T`.
    ///
    /// [`NO_PARAMS`]: crate::json::NO_PARAMS
    /// [`CallLimits::call`]: crate::json::CallLimits::call
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: impl Serialize,
    ) -> Result<T, WalletError> {
        self.client.call(method, params).await.map_err(|error| self.named(error))
    }

    /// How long the calls of each method took since the start, and how many failed.
    pub fn call_figures(&self) -> BTreeMap<&'static str, CallFigures> {
        self.client.figures()
    }

    /// Why there is no connection; `None` while there is one, and before the first attempt has ended.
    pub fn last_error(&self) -> Option<WalletError> {
        self.client.last_error().map(|error| self.named(error))
    }

    pub(super) fn named(&self, error: RpcError) -> WalletError {
        error.for_wallet(self.client.name())
    }

    pub(super) fn unexpected(&self, method: &'static str, reason: impl ToString) -> WalletError {
        self.named(RpcError::unexpected(method, reason))
    }

    async fn validate(&self, address: String) -> Result<ValidatedAddress, WalletError> {
        const METHOD: &str = "validateaddress";
        let answer: ValidatedAddress =
            self.client.call(METHOD, (&address,)).await.map_err(|error| self.named(error))?;
        if answer.isvalid {
            Ok(answer)
        } else {
            let reason = format!("it takes {address} for no address; is it on the pool's network?");
            Err(self.unexpected(METHOD, reason))
        }
    }
}

#[async_trait]
impl VoteSigner for Wallet {
    fn name(&self) -> &str {
        self.client.name()
    }

    fn connections(&self) -> u64 {
        self.client.connections()
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        let identity = self.client.identity().await.map_err(|error| self.named(error))?;
        let answer: WalletInfoAnswer =
            self.client.call("walletinfo", NO_PARAMS).await.map_err(|error| self.named(error))?;
        Ok(answer.with_identity(identity.generation, identity.version.clone()))
    }

    async fn connected_again(&self, known: u64) {
        self.client.connected_again(known).await;
    }

    async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        self.vote(request).await
    }

    async fn agenda_bits(&self, version: VoteVersion) -> Result<Option<VoteBits>, WalletError> {
        let agendas = self.agendas(version).await?;
        Ok(Some(VoteBits(agendas.iter().fold(0, |bits, agenda| bits | agenda.mask))))
    }
}

#[async_trait]
impl ScriptWallet for Wallet {
    async fn master_pubkey(&self) -> Result<ExtendedPubKey, WalletError> {
        const METHOD: &str = "getmasterpubkey";
        let key: String = self.client.call(METHOD, (ACCOUNT,)).await.map_err(|error| self.named(error))?;
        key.parse().map_err(|error| self.unexpected(METHOD, error))
    }

    async fn sync_address_index(&self, index: KeyIndex) -> Result<(), WalletError> {
        let params = (ACCOUNT, EXTERNAL_BRANCH, index.0);
        self.client.command("accountsyncaddressindex", params).await.map_err(|error| self.named(error))
    }

    async fn own_pubkey(&self, address: &Address) -> Result<Option<PubKeyAddress>, WalletError> {
        let answer = self.validate(address.to_string()).await?;
        answer.own_pubkey().map_err(|reason| self.unexpected("validateaddress", reason))
    }

    async fn has_script(&self, address: &ScriptAddress) -> Result<bool, WalletError> {
        self.validate(address.to_string()).await.map(|answer| answer.ismine)
    }

    async fn script_addresses(&self) -> Result<Option<Vec<ScriptAddress>>, WalletError> {
        let identity = self.client.identity().await.map_err(|error| self.named(error))?;
        if identity.generation == Generation::Legacy {
            let listed: Scripts =
                self.client.call("listscripts", NO_PARAMS).await.map_err(|error| self.named(error))?;
            return Ok(Some(listed.scripts.unwrap_or_default().into_iter().map(|script| script.address).collect()));
        }
        // Keys that were imported stand in the same list, with addresses of another kind.
        let imported: Option<Vec<String>> =
            self.client.call("getaddressesbyaccount", (IMPORTED,)).await.map_err(|error| self.named(error))?;
        Ok(Some(imported.unwrap_or_default().iter().filter_map(|address| address.parse().ok()).collect()))
    }

    async fn script(&self, address: &ScriptAddress) -> Result<Option<RedeemScript>, WalletError> {
        let answer = self.validate(address.to_string()).await?;
        let bytes = hex::decode(&answer.hex).unwrap_or_default();
        Ok(RedeemScript::from_bytes(&bytes).ok().filter(|_| answer.ismine))
    }

    async fn create_multisig(
        &self,
        pool: &PubKeyAddress,
        user: &PubKeyAddress,
    ) -> Result<(ScriptAddress, RedeemScript), WalletError> {
        let made: CreatedMultisig =
            self.client.call("createmultisig", (1, [pool, user])).await.map_err(|error| self.named(error))?;
        Ok((made.address, made.redeem_script))
    }

    async fn import_script(&self, script: &RedeemScript) -> Result<(), WalletError> {
        // Never with a rescan: today's wallet skips it for a script that it has, and one rescan serves many scripts.
        let (rescan, from) = (false, 0);
        self.client.command("importscript", (script, rescan, from)).await.map_err(|error| self.named(error))
    }

    async fn rescan(&self, from: BlockHeight) -> Result<(), WalletError> {
        self.client.command("rescanwallet", (from,)).await.map_err(|error| self.named(error))
    }
}

#[async_trait]
impl ChainWallet for Wallet {
    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), WalletError> {
        let best: BestBlock = self.client.call("getbestblock", NO_PARAMS).await.map_err(|error| self.named(error))?;
        Ok((best.hash, best.height))
    }

    async fn stake_info(&self) -> Result<StakeInfo, WalletError> {
        const METHOD: &str = "getstakeinfo";
        let answer: StakeInfoAnswer = self.client.call(METHOD, NO_PARAMS).await.map_err(|error| self.named(error))?;
        StakeInfo::try_from(answer).map_err(|error| self.unexpected(METHOD, error))
    }
}

#[async_trait]
impl TicketWallet for Wallet {
    async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError> {
        let include_immature = true;
        let answer: Tickets =
            self.client.call("gettickets", (include_immature,)).await.map_err(|error| self.named(error))?;
        Ok(answer.hashes.unwrap_or_default())
    }

    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, WalletError> {
        let answer: UserInfo =
            self.client.call("stakepooluserinfo", (address,)).await.map_err(|error| self.named(error))?;
        Ok(answer.into())
    }

    async fn holds_script(&self, address: &ScriptAddress) -> Result<bool, WalletError> {
        self.has_script(address).await
    }

    async fn ticket_counts(&self) -> Result<Option<TicketCounts>, WalletError> {
        count_tickets(self).await
    }

    async fn revoke_tickets(&self) -> Result<(), WalletError> {
        self.client.command("revoketickets", NO_PARAMS).await.map_err(|error| self.named(error))
    }
}
