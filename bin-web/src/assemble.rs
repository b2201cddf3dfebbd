//! The services of a pool, put together from its database, wallets and daemons, so that no part is forgotten.

use std::sync::Arc;
use std::time::Duration;

use stakepool::registration::{PoolKeys, Registrar};
use stakepool_core::chain::{ExtendedPubKey, HdKeyError, Network};
use stakepool_core::ports::{AgendaSource, PoolWallet, TransactionSource, VotingDaemon};
use stakepool_core::ticket::PoolFee;
use stakepool_core::wallets::WalletGroup;
use stakepool_db::Database;
use stakepool_rpc::grpc::client::DaemonClient;
use stakepool_rpc::json::Wallet;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::monitoring::ConfiguredCalls;
use crate::{PoolRule, Services, WalletTicketSource, WebError};

/// Pause between two looks at the wallets' keys at the start.
const KEY_PAUSE: Duration = Duration::from_secs(1);

/// What a pool's wallets, users and tickets are held to.
#[derive(Clone, Debug)]
pub struct PoolTerms {
    /// The network.
    pub network: Network,
    /// The account key that all voting wallets have.
    pub voting_wallet: ExtendedPubKey,
    /// The account key of the cold wallet, to which fees go.
    pub cold_wallet: ExtendedPubKey,
    /// The fee that tickets must pay.
    pub fee: PoolFee,
    /// The highest number of a user's keys.
    pub max_users: u32,
    /// How many voting wallets must agree when a user registers.
    pub min_servers: usize,
    /// What users are told instead of being registered, where the pool is closed.
    pub closed: Option<String>,
}

impl Services {
    /// The services of a pool with these parts. What is left to the caller is whom to send mail through and whom to tell
    /// of troubles.
    ///
    /// # Errors
    /// [`HdKeyError`] where the terms hold a key that cannot be an account's.
    pub fn assemble(
        terms: &PoolTerms,
        database: Arc<Database>,
        wallets: Vec<Arc<Wallet>>,
        daemons: Vec<Arc<DaemonClient>>,
    ) -> Result<Self, HdKeyError> {
        let PoolTerms { network, fee, max_users, .. } = *terms;
        let cold = terms.cold_wallet.external_branch()?;
        let keys = PoolKeys {
            network,
            voting: terms.voting_wallet.external_branch()?,
            cold,
            max_users,
            closed: terms.closed.clone(),
        };
        let members = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn PoolWallet>).collect();
        let kept = VotingWallets::new(terms, members, database.clone());
        let group = kept.group.clone();
        let registrar = Arc::new(Registrar::new(keys, database.clone(), group.clone()));
        let mut services = Self::on_database(database, registrar, group.clone());
        let transactions = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn TransactionSource>).collect();
        let rule = PoolRule { network, fee, cold, max_users };
        services.tickets = Some(Arc::new(WalletTicketSource::new(group, transactions, rule)));
        services.agendas = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn AgendaSource>).collect();
        services.daemons = daemons.iter().map(|daemon| Arc::clone(daemon) as Arc<dyn VotingDaemon>).collect();
        services.calls = Some(Arc::new(ConfiguredCalls { wallets, daemons }));
        services.wallets = Some(kept);
        Ok(services)
    }
}

/// The voting wallets as the application keeps them in service while it runs.
#[derive(Clone)]
pub struct VotingWallets {
    /// All of them together.
    pub group: Arc<WalletGroup>,
    members: Vec<Arc<dyn PoolWallet>>,
    expected: ExtendedPubKey,
}

impl VotingWallets {
    /// The wallets `members` of a pool, whose users are in `database`.
    pub fn new(terms: &PoolTerms, members: Vec<Arc<dyn PoolWallet>>, database: Arc<Database>) -> Self {
        let expected = terms.voting_wallet;
        let group = WalletGroup::new(terms.network, expected, terms.min_servers, members.clone(), database);
        Self { group: Arc::new(group), members, expected }
    }

    /// The account key that all of them have.
    pub const fn account_key(&self) -> &ExtendedPubKey {
        &self.expected
    }

    /// Probes and repairs the wallets. Ready only where that cannot go on.
    pub(crate) async fn keep(&self) -> WebError {
        // On a task of its own, so that repairs do not delay answers; dropped, it ends.
        let mut repairs = JoinSet::new();
        let group = self.group.clone();
        repairs.spawn(async move { group.run(std::future::pending()).await });
        tokio::select! {
            error = self.all_foreign() => error,
            Some(Err(error)) = repairs.join_next() => WebError::BrokeDown(error.to_string()),
        }
    }

    /// Ready where wallets answer and none of them has the pool's key. A single wrong wallet among right ones is told by
    /// the group, and stops registration only.
    async fn all_foreign(&self) -> WebError {
        loop {
            let mut wrong = None;
            for wallet in &self.members {
                match wallet.master_pubkey().await {
                    Ok(found) if found == self.expected => return std::future::pending().await,
                    Ok(found) => wrong = Some((wallet.name().to_owned(), found)),
                    Err(_) => {}
                }
            }
            if let Some((wallet, found)) = wrong {
                return WebError::OtherKey { wallet, found: Box::new(found), expected: Box::new(self.expected) };
            }
            sleep(KEY_PAUSE).await;
        }
    }
}
