//! Where tickets are read where the daemons do not report them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::chain::{
    BlockHeight, ExternalBranch, Generation, HdKeyError, KeyIndex, Network, Params, ScriptAddress, TicketHash,
};
use stakepool_core::ports::{MinedTransaction, TransactionSource, WalletTickets};
use stakepool_core::reloadable::Reloadable;
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee, TicketFacts, TicketSubmission};
use stakepool_core::wallets::{GroupError, WalletGroup};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::timeout;

use crate::over_time::OverTime;

/// How long a wallet may take for a transaction before the next is asked.
const LIMIT: Duration = Duration::from_secs(10);

/// Why no answer is given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// No wallet answers.
    #[error(transparent)]
    Wallets(#[from] GroupError),
    /// A ticket cannot be read.
    #[error("ticket {ticket} cannot be read: {reason}")]
    Ticket {
        /// The ticket.
        ticket: TicketHash,
        /// What the last wallet said.
        reason: String,
    },
    /// The fee addresses cannot be derived.
    #[error("coldwalletextpub: {0}")]
    ColdKey(#[from] HdKeyError),
    /// A defect of ours.
    #[error("the fee addresses were not derived: {0}")]
    BrokeDown(String),
}

/// Tells about tickets.
#[async_trait]
pub trait TicketSource: Send + Sync {
    /// The best height, and the consensus parameters.
    async fn tip(&self) -> Result<(BlockHeight, Params), SourceError>;

    /// The tickets of one address as a wallet sees them.
    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, SourceError>;

    /// What a ticket says and the pool's verdict on it; `None` while it is unmined.
    async fn judge(&self, ticket: &TicketHash) -> Result<Option<TicketFacts>, SourceError>;
}

/// The pool's rule by which tickets are judged.
#[derive(Clone, Debug)]
pub struct PoolRule {
    /// The network.
    pub network: Network,
    /// The fee, as it is configured.
    pub fee: PoolFee,
    /// The external branch of the cold wallet, to which fees go.
    pub cold: ExternalBranch,
    /// Those of cold wallets before, to which fees may go, too.
    pub old_cold: Vec<ExternalBranch>,
    /// The highest index of a fee address.
    pub max_users: u32,
    /// What held and will hold.
    pub over_time: Reloadable<OverTime>,
}

/// The voting wallets, with the pool's own rule.
pub struct WalletTicketSource {
    group: Arc<WalletGroup>,
    transactions: Vec<Arc<dyn TransactionSource>>,
    rule: PoolRule,
    /// Made when the first ticket is to be judged, since thousands of keys are derived for it.
    evaluator: OnceCell<Evaluator>,
    /// The same, by the history.
    latest: Mutex<Option<Arc<Evaluator>>>,
}

impl WalletTicketSource {
    /// Asks `group` about users, and `transactions` in turn about tickets.
    pub fn new(group: Arc<WalletGroup>, transactions: Vec<Arc<dyn TransactionSource>>, rule: PoolRule) -> Self {
        Self { group, transactions, rule, evaluator: OnceCell::new(), latest: Mutex::default() }
    }

    fn generation(&self) -> Result<Generation, SourceError> {
        let known = self.group.status().into_iter().find_map(|member| member.info).map(|info| info.generation);
        Ok(known.ok_or_else(|| GroupError::NoneHealthy("none has reported its version yet".to_owned()))?)
    }

    async fn evaluator(&self) -> Result<&Evaluator, SourceError> {
        let derive = || async {
            let PoolRule { network, fee, cold, old_cold, max_users, over_time: _ } = self.rule.clone();
            let params = network.params(self.generation()?);
            let derive = move || {
                let own = FeeAddresses::derive(&cold, KeyIndex(max_users));
                old_cold.iter().fold(own, |known, old| known?.with_old(old, KeyIndex(max_users)))
            };
            let derived = tokio::task::spawn_blocking(derive).await;
            let addresses = derived.map_err(|error| SourceError::BrokeDown(error.to_string()))??;
            Ok(Evaluator::new(network, params, fee, addresses))
        };
        self.evaluator.get_or_try_init(derive).await
    }

    /// The judge by the history of now. New keys are derived on a thread of their own.
    async fn judge_of_now(&self) -> Result<Arc<Evaluator>, SourceError> {
        let history = self.rule.over_time.get().history.clone();
        let mut latest = self.latest.lock().await;
        if let Some(judge) = latest.as_ref().filter(|judge| *judge.history() == history) {
            return Ok(Arc::clone(judge));
        }
        let before = match latest.as_deref() {
            Some(judge) => judge.clone(),
            None => self.evaluator().await?.clone(),
        };
        let derived = tokio::task::spawn_blocking(move || before.with_history(history)).await;
        let judge = Arc::new(derived.map_err(|error| SourceError::BrokeDown(error.to_string()))??);
        *latest = Some(Arc::clone(&judge));
        Ok(judge)
    }

    async fn transaction(&self, ticket: &TicketHash) -> Result<MinedTransaction, SourceError> {
        let mut reason = "there is no wallet".to_owned();
        for source in &self.transactions {
            match timeout(LIMIT, source.transaction(&(*ticket).into())).await {
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(error)) => reason = error.to_string(),
                Err(_) => reason = format!("no answer within {} seconds", LIMIT.as_secs()),
            }
        }
        Err(SourceError::Ticket { ticket: *ticket, reason })
    }
}

#[async_trait]
impl TicketSource for WalletTicketSource {
    async fn tip(&self) -> Result<(BlockHeight, Params), SourceError> {
        let (_, height) = self.group.best_block().await?;
        Ok((height, self.rule.network.params(self.generation()?)))
    }

    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, SourceError> {
        Ok(self.group.user_tickets(address).await?)
    }

    async fn judge(&self, ticket: &TicketHash) -> Result<Option<TicketFacts>, SourceError> {
        let MinedTransaction { transaction, mined_at } = self.transaction(ticket).await?;
        let Some(mined_at) = mined_at else { return Ok(None) };
        let submission = TicketSubmission::from_transaction(&transaction)
            .map_err(|error| SourceError::Ticket { ticket: *ticket, reason: error.to_string() })?;
        Ok(Some(self.judge_of_now().await?.judge(&submission, mined_at)))
    }
}
