//! The voting wallets of a pool: kept in service, and what they say of the network.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::chain::{ExtendedPubKey, VoteVersion};
use stakepool_core::ports::{AgendaSource, PoolWallet, RescanStore, StakeInfo, TransactionSource, UserStore};
use stakepool_core::wallets::{GroupError, Health, MemberStatus, WalletGroup};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::stores::Stores;
use crate::terms::PoolTerms;

/// Pause between two looks at the wallets' keys at the start.
const KEY_PAUSE: Duration = Duration::from_secs(1);
/// Pause between two looks at what the wallets hold.
const SEEN_PAUSE: Duration = Duration::from_millis(100);

/// A voting wallet as a pool needs it: it also knows transactions and agendas.
pub trait VotingWallet: PoolWallet + TransactionSource + AgendaSource {}

impl<W: PoolWallet + TransactionSource + AgendaSource + ?Sized> VotingWallet for W {}

/// What the wallets say of the network, and how they are.
#[async_trait]
pub trait WalletView: Send + Sync {
    /// The figures of the network and of the pool's tickets.
    async fn stake_info(&self) -> Result<StakeInfo, GroupError>;

    /// The version of the votes that the pool casts; `None` while no wallet has said.
    fn vote_version(&self) -> Option<VoteVersion>;

    /// How each voting wallet is, as it was last heard of.
    fn wallets(&self) -> Vec<MemberStatus> {
        Vec::new()
    }

    /// How each voting wallet is at this moment: asks each of them once, and changes nothing.
    async fn look(&self) -> Vec<MemberStatus> {
        self.wallets()
    }

    /// How many voting wallets must be in service.
    fn quorum(&self) -> usize {
        0
    }
}

#[async_trait]
impl WalletView for WalletGroup {
    async fn stake_info(&self) -> Result<StakeInfo, GroupError> {
        Self::stake_info(self).await
    }

    fn vote_version(&self) -> Option<VoteVersion> {
        let members = self.status();
        let healthy = members.iter().filter(|member| member.health == Health::Healthy);
        healthy.chain(&members).find_map(|member| member.info.as_ref().map(|info| info.vote_version))
    }

    fn wallets(&self) -> Vec<MemberStatus> {
        self.status()
    }

    async fn look(&self) -> Vec<MemberStatus> {
        Self::look(self).await
    }

    fn quorum(&self) -> usize {
        Self::quorum(self)
    }
}

/// Why the voting wallets cannot be kept in service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletsError {
    /// No wallet has the configured key.
    #[error(
        "wallet {wallet} has the account key {found}, but votingwalletextpub is {expected}: correct votingwalletextpub, \
         or connect the pool's own voting wallets"
    )]
    OtherKey {
        /// The wallet.
        wallet: String,
        /// Its key.
        found: Box<ExtendedPubKey>,
        /// The configured key.
        expected: Box<ExtendedPubKey>,
    },
    /// The database has no user with an address, but a wallet holds scripts of users.
    #[error(
        "wallet {wallet} holds {held}, but the database has no user with an address: these \
         users would stay behind and lose votes. Point `database` to the pool's database, restore it, or bring the users over \
         from the old one; only where this is a new pool that shall leave them behind, start it with --newpool",
        held = held(*.scripts, *.tickets)
    )]
    EarlierUsers {
        /// The wallet.
        wallet: String,
        /// How many scripts of the pool it holds.
        scripts: usize,
        /// How many of their tickets may still vote, as far as the wallet said.
        tickets: usize,
    },
    /// A defect of ours.
    #[error("the keeping of the wallets broke down: {0}")]
    BrokeDown(String),
}

/// What a wallet holds of earlier users, in words.
fn held(scripts: usize, tickets: usize) -> String {
    let scripts =
        if scripts == 1 { "the script of a user".to_owned() } else { format!("the scripts of {scripts} users") };
    match tickets {
        0 => scripts,
        1 => format!("{scripts} with 1 ticket that may still vote"),
        tickets => format!("{scripts} with {tickets} tickets that may still vote"),
    }
}

/// The voting wallets as a running pool keeps them in service.
#[derive(Clone)]
pub struct VotingWallets {
    /// All of them together.
    pub group: Arc<WalletGroup>,
    members: Vec<Arc<dyn PoolWallet>>,
    expected: ExtendedPubKey,
    users: Arc<dyn UserStore>,
    new_pool: bool,
}

impl VotingWallets {
    /// The wallets `members` of a pool, whose users are in `store`.
    pub fn new<S>(terms: &PoolTerms, members: Vec<Arc<dyn PoolWallet>>, store: Arc<S>) -> Self
    where
        S: UserStore + RescanStore + 'static,
    {
        Self::of(terms, members, store.clone(), store)
    }

    /// As [`VotingWallets::new`], on the stores of a pool.
    pub(crate) fn on_stores(terms: &PoolTerms, members: Vec<Arc<dyn PoolWallet>>, stores: &Stores) -> Self {
        Self::of(terms, members, stores.users.clone(), stores.rescans.clone())
    }

    fn of(
        terms: &PoolTerms,
        members: Vec<Arc<dyn PoolWallet>>,
        users: Arc<dyn UserStore>,
        rescans: Arc<dyn RescanStore>,
    ) -> Self {
        let PoolTerms { network, voting_wallet: expected, min_servers, new_pool, .. } = *terms;
        let group = WalletGroup::with_stores(network, expected, min_servers, members.clone(), users.clone(), rescans);
        let group = if new_pool { group } else { group.first_user_needs_all_wallets() };
        Self { group: Arc::new(group), members, expected, users, new_pool }
    }

    /// Probes and repairs the wallets. Ready only where that cannot go on.
    pub(crate) async fn keep(&self) -> WalletsError {
        // On a task of its own, so that repairs do not delay answers; dropped, it ends.
        let mut repairs = JoinSet::new();
        let group = self.group.clone();
        repairs.spawn(async move { group.run(pending()).await });
        tokio::select! {
            error = self.all_foreign() => error,
            error = self.earlier_users() => error,
            Some(Err(error)) = repairs.join_next() => WalletsError::BrokeDown(error.to_string()),
        }
    }

    /// Ready where the database has no user with an address, and a wallet holds scripts of users. Wallets that are away are
    /// looked at when they are back; until then nobody can register.
    async fn earlier_users(&self) -> WalletsError {
        if self.new_pool {
            return pending().await;
        }
        loop {
            match self.users.counts().await {
                Ok((_, 0)) => {}
                Ok(_) => return pending().await,
                // The status says so.
                Err(_) => {
                    sleep(KEY_PAUSE).await;
                    continue;
                }
            }
            for wallet in self.group.status() {
                let Some(census) = wallet.census.filter(|census| !census.unknown.is_empty()) else { continue };
                let (scripts, tickets) = (census.unknown.len(), census.unknown_tickets());
                return WalletsError::EarlierUsers { wallet: wallet.name, scripts, tickets };
            }
            if self.group.unseen().is_empty() {
                return pending().await;
            }
            sleep(SEEN_PAUSE).await;
        }
    }

    /// Ready where wallets answer and none of them has the pool's key. A single wrong wallet among right ones is reported
    /// by the group, and stops registration only.
    async fn all_foreign(&self) -> WalletsError {
        loop {
            let mut wrong = None;
            for wallet in &self.members {
                match wallet.master_pubkey().await {
                    Ok(found) if found == self.expected => return pending().await,
                    Ok(found) => wrong = Some((wallet.name().to_owned(), found)),
                    Err(_) => {}
                }
            }
            if let Some((wallet, found)) = wrong {
                return WalletsError::OtherKey { wallet, found: Box::new(found), expected: Box::new(self.expected) };
            }
            sleep(KEY_PAUSE).await;
        }
    }
}
