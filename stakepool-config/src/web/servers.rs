//! The voting wallets and daemons.

use stakepool_core::chain::Network;

use crate::client_certificate::{self, ClientIdentity};
use crate::endpoint::{DaemonEndpoint, RpcEndpoint, RpcKeys, daemon_endpoints, rpc_endpoints};
use crate::problem::Problem;
use crate::reader::Reader;
use crate::rpc_token;
use crate::value::number;
use stakepool_core::secret::Secret;

pub(super) struct Servers {
    pub(super) wallets: Vec<RpcEndpoint>,
    pub(super) min_servers: usize,
    pub(super) daemons: Vec<DaemonEndpoint>,
    pub(super) rpc_token: Option<Secret>,
    pub(super) rpc_identity: Option<ClientIdentity>,
}

const WALLET_KEYS: RpcKeys =
    RpcKeys { hosts: "wallethosts", users: "walletusers", passwords: "walletpasswords", certificates: "walletcerts" };

pub(super) fn read(reader: &mut Reader<'_>, network: Network) -> Option<Servers> {
    let min_servers = reader.value("minservers", |text| number(text, 1..=1000));
    let wallets = rpc_endpoints(reader, &WALLET_KEYS, network.wallet_port());
    // A pool that must not miss votes has two of each; a test or demo says that it is one.
    let least = if min_servers == Some(1) { 1 } else { 2 };
    at_least(reader, "wallethosts", least);
    let wallet_count = reader.list_length("wallethosts");
    if let Some(wanted) = min_servers
        && wallet_count >= least
        && (wanted as usize) > wallet_count
    {
        let reason = format!(
            "{wanted} wallets must agree, but wallethosts names {wallet_count}: name more wallets, or set minservers to \
             {wallet_count} or less"
        );
        reader.refuse("minservers", reason);
    }
    let daemons = daemons(reader, network, least);
    let rpc_token = rpc_token::read(reader);
    let rpc_identity = client_certificate::shown(reader);
    let has_token = reader.text("rpctoken").is_some() || reader.list_length("rpctokens") > 0;
    if !daemons.is_empty() && !has_token && reader.text("rpcclientcert").is_none() {
        reader.warn(
            "rpctoken is not set: the voting daemons cannot tell the web from anybody else, and send it no reports; set the \
             same rpctoken here and in the daemons",
        );
    }
    Some(Servers { wallets, min_servers: min_servers? as usize, daemons, rpc_token, rpc_identity })
}

fn daemons(reader: &mut Reader<'_>, network: Network, least: usize) -> Vec<DaemonEndpoint> {
    if reader.switch("enablestakepoold") == Some(false) {
        reader.warn("enablestakepoold is off: the pool votes only where its wallets vote by themselves");
        return Vec::new();
    }
    let daemons = daemon_endpoints(reader, "stakepooldhosts", "stakepooldcerts", network.daemon_port());
    at_least(reader, "stakepooldhosts", least);
    daemons
}

fn at_least(reader: &mut Reader<'_>, key: &'static str, least: usize) {
    let count = reader.list_length(key);
    if count > 0 && count < least {
        let reason = format!(
            "{key} names {count}, but a pool needs {least} at least so that it votes when one fails; a pool for tests \
             says minservers=1"
        );
        reader.problem(Problem::TooFew { key, reason });
    }
}
