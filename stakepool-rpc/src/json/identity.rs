//! What a server is: a node or a wallet, of which generation, on which network.

use std::collections::HashMap;

use serde::Deserialize;
use stakepool_core::chain::{Generation, Network};

use super::error::RpcError;
use super::link::{LIMITED, Link, ask, limited};

/// What kind a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    /// exccd.
    Node,
    /// exccwallet.
    Wallet,
}

/// What a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// A node or a wallet.
    pub kind: ServerKind,
    /// Which generation.
    pub generation: Generation,
    /// Program and version, to be shown.
    pub version: String,
    /// The network of a node. That of a wallet shows only in its keys.
    pub network: Option<Network>,
}

/// The version of a wallet of today that could not be asked for it.
const VERSION_UNKNOWN: &str = "exccwallet (its version is unknown while its node is away)";

impl Identity {
    /// Whether its version is still to be asked for.
    pub(super) fn lacks_version(&self) -> bool {
        self.version == VERSION_UNKNOWN
    }

    /// Insists on a kind of server.
    pub(super) fn expect(&self, wanted: ServerKind) -> Result<(), RpcError> {
        let advice = match (wanted, self.kind) {
            (ServerKind::Node, ServerKind::Wallet) => "but exccdhost must name a node",
            (ServerKind::Wallet, ServerKind::Node) => "but wallethost(s) must name wallets",
            _ => return Ok(()),
        };
        Err(RpcError::unexpected("version", format!("this is {}, {advice}", self.version)))
    }

    /// Reads the answer to `version`. A server is a wallet exactly where it names the wallet's API: today's wallet
    /// names its node's programs, too.
    pub(super) fn from_versions(versions: &Versions) -> Result<Self, RpcError> {
        let describe = |program: &str, api: &Version| match versions.get(program) {
            Some(version) => format!("{program} {} (JSON-RPC {})", version.versionstring, api.versionstring),
            None => format!("{program} (JSON-RPC {})", api.versionstring),
        };
        let (kind, first_of_today, version, api) = if let Some(api) = versions.get("exccwalletjsonrpcapi") {
            (ServerKind::Wallet, 6, describe("exccwallet", api), api)
        } else if let Some(api) = versions.get("exccdjsonrpcapi") {
            (ServerKind::Node, 4, describe("exccd", api), api)
        } else {
            return Err(RpcError::unexpected("version", "it names neither exccdjsonrpcapi nor exccwalletjsonrpcapi"));
        };
        let generation = if api.major < first_of_today { Generation::Legacy } else { Generation::Today };
        Ok(Self { kind, generation, version, network: None })
    }

    fn wallet_of_2018() -> Self {
        Self {
            kind: ServerKind::Wallet,
            generation: Generation::Legacy,
            version: "exccwallet of 2018 (2.x)".to_owned(),
            network: None,
        }
    }
}

/// The answer to `version`.
pub(super) type Versions = HashMap<String, Version>;

/// One program or interface in the answer to `version`.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    versionstring: String,
    major: u32,
}

/// The part of `walletinfo` that distinguishes the generations: only wallets of 2018 bought tickets by themselves.
#[derive(Deserialize)]
struct WalletTraits {
    ticketpurchasing: Option<bool>,
}

/// Codes with which a node says that it is no wallet (two generations), or that the user is a limited one.
const NO_WALLET_HERE: [i64; 3] = [-1, -32601, LIMITED];

/// Learns what is at the other end of a new connection.
///
/// `version` over a websocket *ends the process* of a wallet of 2018 that is not connected to its node (it follows a
/// nil pointer outside of any handler that could recover). So wallets are recognised by `walletinfo` first, and a legacy
/// wallet is never asked for its version.
pub(super) async fn learn(link: &Link) -> Result<Identity, RpcError> {
    match ask::<WalletTraits>(link, "walletinfo").await {
        Ok(WalletTraits { ticketpurchasing: Some(_) }) => Ok(Identity::wallet_of_2018()),
        // Today's wallet asks its node for its part of the answer, and fails where that is away.
        Ok(WalletTraits { ticketpurchasing: None }) => match learn_version(link).await {
            Ok(identity) => Ok(identity),
            Err(RpcError::Rpc { .. }) => Ok(Identity {
                kind: ServerKind::Wallet,
                generation: Generation::Today,
                version: VERSION_UNKNOWN.to_owned(),
                network: None,
            }),
            Err(error) => Err(error),
        },
        Err(RpcError::Rpc { code, .. }) if NO_WALLET_HERE.contains(&code) => learn_node(link).await,
        Err(error) => Err(error),
    }
}

/// Asks a wallet of today for its version.
pub(super) async fn learn_version(link: &Link) -> Result<Identity, RpcError> {
    Identity::from_versions(&ask(link, "version").await?)
}

async fn learn_node(link: &Link) -> Result<Identity, RpcError> {
    let mut identity = Identity::from_versions(&ask(link, "version").await.map_err(limited)?)?;
    let magic: u32 = ask(link, "getcurrentnet").await.map_err(limited)?;
    let network = Network::from_magic(magic);
    identity.network = Some(network.ok_or_else(|| {
        RpcError::unexpected("getcurrentnet", format!("{magic} is no network of EXCC; is this an exccd?"))
    })?);
    Ok(identity)
}
