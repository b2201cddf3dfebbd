//! A node.

mod answers;
mod block;
mod vsp;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stakepool_core::call_figures::CallFigures;
use stakepool_core::chain::{BlockHash, BlockHeight, TicketHash, TxHash, VoteTransaction};
use stakepool_core::ports::{Block, MinedTransaction, Node, NodeError, NodeEvent, NodeInfo, VoteSubmission};
use tokio::sync::mpsc;

use super::client::{Client, NO_PARAMS};
use super::config::{ConfigError, ServerConfig};
use super::error::{OUT_OF_RANGE, RpcError, SENT_BEFORE, UNKNOWN};
use super::identity::ServerKind;
use super::notifications::{EVENTS_AHEAD, Subscriber};

pub(super) use answers::{BestBlock, LiveTickets, RawTransaction};
pub(super) use block::read_block;

/// A connection to an exccd.
///
/// ```no_run
/// use stakepool_core::ports::NodeEvent;
/// use stakepool_rpc::json::{NodeClient, ServerConfig};
///
/// async fn watch() -> Result<(), Box<dyn std::error::Error>> {
///     let certificate = std::fs::read("rpc.cert")?; // a copy of the node's
///     let server = ServerConfig::new("127.0.0.1:9109", "user", "password", certificate);
///     let (_node, mut events) = NodeClient::connect(&server)?;
///     while let Some(event) = events.recv().await {
///         match event {
///             NodeEvent::Connected => println!("connected; what happened before is unknown"),
///             NodeEvent::Disconnected { reason } => println!("lost the connection: {reason}"),
///             NodeEvent::WinningTickets { height, tickets, .. } => println!("{height}: {tickets:?} vote"),
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct NodeClient {
    client: Client,
}

impl NodeClient {
    /// Starts to connect in the background, and again whenever the connection is lost. The first event is
    /// [`NodeEvent::Connected`]; events end when the client is dropped. Some thousands may wait to be taken; where more come, the
    /// connection is given up and made again. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ConfigError`] where no attempt can succeed. A node that is away is no error.
    pub fn connect(config: &ServerConfig) -> Result<(Self, mpsc::Receiver<NodeEvent>), ConfigError> {
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        let client = Client::connect(config, Some(ServerKind::Node), Some(Subscriber::new(sender)))?;
        Ok((Self { client }, events))
    }

    /// As [`NodeClient::connect`], for calls alone: the node reports nothing by itself.
    ///
    /// # Errors
    /// [`ConfigError`] where no attempt can succeed.
    pub fn for_calls(config: &ServerConfig) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::connect(config, Some(ServerKind::Node), None)? })
    }

    /// Expects the certificate of `config` from the next connection on: the node's was renewed. A connection that stands
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
    /// use stakepool_rpc::json::{NO_PARAMS, NodeClient};
    ///
    /// #[derive(Deserialize)]
    /// struct Peer {
    ///     addr: String,
    /// }
    ///
    /// async fn peers(node: &NodeClient) -> Result<Vec<String>, stakepool_core::ports::NodeError> {
    ///     let peers: Vec<Peer> = node.call("getpeerinfo", NO_PARAMS).await?;
    ///     Ok(peers.into_iter().map(|peer| peer.addr).collect())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`NodeError`] where there is no connection or no answer in time, where the server refuses, and where the result is
    /// no `T`.
    ///
    /// [`NO_PARAMS`]: crate::json::NO_PARAMS
    /// [`CallLimits::call`]: crate::json::CallLimits::call
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: impl Serialize,
    ) -> Result<T, NodeError> {
        self.client.call(method, params).await.map_err(|error| self.named(error))
    }

    /// How long the calls of each method took since the start, and how many failed.
    pub fn call_figures(&self) -> BTreeMap<&'static str, CallFigures> {
        self.client.figures()
    }

    fn named(&self, error: RpcError) -> NodeError {
        error.for_node(self.client.name())
    }

    /// A block in hexadecimal.
    async fn block_hex(&self, hash: &BlockHash) -> Result<String, NodeError> {
        self.client.call("getblock", (hash, false)).await.map_err(|error| match error {
            RpcError::Rpc { code: UNKNOWN, .. } => self.not_found(format!("block {hash}")),
            other => self.named(other),
        })
    }

    fn not_found(&self, what: String) -> NodeError {
        NodeError::NotFound { node: self.client.name().to_owned(), what }
    }
}

#[async_trait]
impl Node for NodeClient {
    fn name(&self) -> &str {
        self.client.name()
    }

    /// `None` also before the first attempt to connect has ended.
    fn last_error(&self) -> Option<NodeError> {
        self.client.last_error().map(|error| self.named(error))
    }

    async fn info(&self) -> Result<NodeInfo, NodeError> {
        let identity = self.client.identity().await.map_err(|error| self.named(error))?;
        let Some(network) = identity.network else {
            return Err(self.named(RpcError::unexpected("getcurrentnet", "no network")));
        };
        Ok(NodeInfo { generation: identity.generation, version: identity.version.clone(), network })
    }

    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
        let best: BestBlock = self.client.call("getbestblock", NO_PARAMS).await.map_err(|error| self.named(error))?;
        Ok((best.hash, best.height))
    }

    async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError> {
        self.client.call("getblockhash", (height,)).await.map_err(|error| match error {
            RpcError::Rpc { code: OUT_OF_RANGE, .. } => self.not_found(format!("a block at height {height}")),
            other => self.named(other),
        })
    }

    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
        let hex = self.block_hex(hash).await?;
        let unexpected = |reason: String| self.named(RpcError::unexpected("getblock", reason));
        let block = read_block(&hex).map_err(|error| unexpected(format!("block {hash}: {error}")))?;
        if block.header.hash != *hash {
            return Err(unexpected(format!("block {hash} was asked for, block {} came", block.header.hash)));
        }
        Ok(block)
    }

    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, NodeError> {
        let answer = self.client.call("getrawtransaction", (hash, 1)).await;
        let raw: RawTransaction = answer.map_err(|error| match &error {
            RpcError::Rpc { code, message, .. } if *code == UNKNOWN || message.contains("--txindex") => {
                self.not_found(format!("transaction {hash} (it finds mined ones only when started with --txindex)"))
            }
            _ => self.named(error),
        })?;
        raw.read(hash).map_err(|reason| self.named(RpcError::unexpected("getrawtransaction", reason)))
    }

    async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError> {
        let live: LiveTickets = self.client.call("livetickets", NO_PARAMS).await.map_err(|error| self.named(error))?;
        Ok(live.tickets.unwrap_or_default())
    }

    async fn send_vote(&self, vote: &VoteTransaction) -> Result<VoteSubmission, NodeError> {
        let hex = hex::encode(vote.transaction.encode());
        match self.client.command("sendrawtransaction", (hex,)).await {
            Ok(()) => Ok(VoteSubmission::Accepted),
            Err(error) => refused_vote(&error).ok_or_else(|| self.named(error)),
        }
    }

    async fn rebroadcast_winners(&self) -> Result<(), NodeError> {
        self.client.command("rebroadcastwinners", NO_PARAMS).await.map_err(|error| self.named(error))
    }
}

/// What a refusal means where it says that the ticket has voted. Only the words show it: codes differ between
/// generations and cover other cases.
pub(super) fn refused_vote(error: &RpcError) -> Option<VoteSubmission> {
    match error {
        RpcError::Rpc { message, .. } if SENT_BEFORE.iter().any(|words| message.contains(words)) => {
            Some(VoteSubmission::AlreadyKnown)
        }
        RpcError::Rpc { message, .. } if message.contains("already votes on block") => Some(VoteSubmission::RivalVote),
        _ => None,
    }
}
