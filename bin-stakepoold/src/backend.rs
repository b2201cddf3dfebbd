//! The daemon as its gRPC services see it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::chain::{ExtendedPubKey, Network};
use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser};
use stakepool_core::ports::{DaemonStatus, EventBatch, EventCursor, LowFeeEntry, Node, WalletState};
use stakepool_core::ticket::PoolFee;
use stakepool_core::voting::Engine;
use stakepool_rpc::grpc::server::{BackendError, DaemonBackend};
use stakepool_rpc::json::NodeClient;
use tokio::time::timeout;

use crate::peers::AccountKeys;

/// How long the status waits for a node's height.
const NODE_LIMIT: Duration = Duration::from_secs(1);

pub(crate) struct Backend {
    pub(crate) engine: Arc<Engine>,
    pub(crate) id: String,
    pub(crate) network: Network,
    pub(crate) cold_wallet_xpub: ExtendedPubKey,
    pub(crate) pool_fee: PoolFee,
    pub(crate) nodes: Vec<Arc<NodeClient>>,
    pub(crate) wallet_names: Vec<String>,
    pub(crate) account_keys: Arc<AccountKeys>,
}

impl Backend {
    fn wallets(&self) -> Vec<WalletState> {
        let names = self.wallet_names.iter().enumerate();
        names
            .map(|(index, name)| {
                let info = self.engine.wallet_info(index);
                WalletState {
                    name: name.clone(),
                    reachable: self.engine.wallet_answers(index),
                    unlocked: info.as_ref().is_some_and(|info| info.unlocked),
                    votes_itself: info.is_some_and(|info| info.votes_itself),
                    account_key: self.account_keys.of(index).map(|key| key.to_string()),
                }
            })
            .collect()
    }
}

impl Backend {
    /// What the engine says, and why servers cannot be connected to that were never there.
    fn problems(&self) -> Vec<String> {
        let mut problems = self.engine.problems();
        let nodes = self.nodes.iter().filter_map(|node| node.last_error());
        for error in nodes.map(|error| error.to_string()) {
            if !problems.contains(&error) {
                problems.push(error);
            }
        }
        problems
    }
}

#[async_trait]
impl DaemonBackend for Backend {
    fn network(&self) -> Network {
        self.network
    }

    async fn status(&self) -> Result<DaemonStatus, BackendError> {
        let mut node_height = None;
        for node in &self.nodes {
            if let Ok(Ok((_, height))) = timeout(NODE_LIMIT, node.best_block()).await {
                node_height = Some(height);
                break;
            }
        }
        let (live_tickets, ignored_tickets) = self.engine.ticket_counts();
        Ok(DaemonStatus {
            id: self.id.clone(),
            epoch: self.engine.epoch(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.network,
            cold_wallet_xpub: self.cold_wallet_xpub.to_string(),
            pool_fee: self.pool_fee,
            wanted_digest: self.engine.desired().digest().to_string(),
            users: self.engine.desired().users().len() as u64,
            node_height,
            synced_height: self.engine.synced().map(|(_, height)| height),
            wallets: self.wallets(),
            live_tickets,
            ignored_tickets,
            problems: self.problems(),
        })
    }

    async fn put_desired(&self, wanted: DesiredState) -> Result<(), BackendError> {
        self.engine.put_desired(wanted);
        Ok(())
    }

    async fn set_users(&self, users: Vec<DesiredUser>) -> Result<(), BackendError> {
        self.engine.set_users(users);
        Ok(())
    }

    async fn set_added(&self, added: Vec<AddedTicket>) -> Result<(), BackendError> {
        self.engine.set_added(added);
        Ok(())
    }

    async fn events(&self, after: EventCursor, wait: Duration) -> Result<EventBatch, BackendError> {
        // Without an event in time the answer is an empty batch.
        let _ = timeout(wait, self.engine.wait_for_events(after)).await;
        Ok(self.engine.events(after))
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        Ok(self.engine.tickets(true))
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        Ok(self.engine.tickets(false))
    }

    async fn added_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        let wanted = self.engine.desired();
        Ok(wanted.added().map(|entry| LowFeeEntry { ticket: entry.ticket, address: entry.address }).collect())
    }
}
