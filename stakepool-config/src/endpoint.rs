//! Servers to which a program connects.

use stakepool_core::secret::Secret;
use stakepool_rpc::grpc::client::{ClientError, ClientOptions, DaemonClient};
use stakepool_rpc::json::{self, ConfigError, ServerConfig};

use crate::certificate::Certificate;
use crate::host::{known_as, with_port};
use crate::place::Need;
use crate::reader::Reader;
use crate::rpc_token;

/// An exccd or exccwallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcEndpoint {
    /// Host and port, such as `127.0.0.1:9110` or `[::1]:9110`.
    pub host: String,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The certificate that the server must show.
    pub certificate: Certificate,
}

impl From<&RpcEndpoint> for ServerConfig {
    /// The server as the clients of JSON-RPC want it, with the default limits.
    fn from(endpoint: &RpcEndpoint) -> Self {
        let RpcEndpoint { host, user, password, certificate } = endpoint;
        Self::new(host, user, password.expose(), certificate.pem.as_bytes())
    }
}

/// A voting daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonEndpoint {
    /// Host and port, such as `127.0.0.1:9113` or `[::1]:9113`.
    pub host: String,
    /// The certificate that the daemon must show.
    pub certificate: Certificate,
    /// The token that it asks for, where each daemon has its own.
    pub token: Option<Secret>,
}

/// The keys that together describe servers.
pub(crate) struct RpcKeys {
    pub(crate) hosts: &'static str,
    pub(crate) users: &'static str,
    pub(crate) passwords: &'static str,
    pub(crate) certificates: &'static str,
}

impl RpcKeys {
    /// Those of nodes, which both programs have.
    pub(crate) const NODES: Self =
        Self { hosts: "exccdhost", users: "exccduser", passwords: "exccdpassword", certificates: "exccdcert" };
}

/// Reads servers from lists of equal length.
pub(crate) fn rpc_endpoints(reader: &mut Reader<'_>, keys: &RpcKeys, default_port: u16) -> Vec<RpcEndpoint> {
    let hosts = hosts(reader, keys.hosts, default_port);
    let users = reader.required_list(keys.users);
    // A single server's password was never split: it may hold a comma.
    let passwords = reader.required_secrets(keys.passwords, hosts.len() == 1);
    let certificates = certificates(reader, keys.certificates);
    reader.same_count(keys.hosts, hosts.len(), keys.users, users.len());
    reader.same_count(keys.hosts, hosts.len(), keys.passwords, passwords.len());
    reader.same_count(keys.hosts, hosts.len(), keys.certificates, certificates.len());
    let endpoints: Vec<_> = hosts
        .into_iter()
        .zip(users)
        .zip(passwords)
        .zip(certificates)
        .filter_map(|(((host, user), password), certificate)| {
            Some(RpcEndpoint { host: host?, user, password: password?, certificate: certificate? })
        })
        .collect();
    // With the same code as at the start.
    for error in endpoints.iter().filter_map(|endpoint| json::check(&endpoint.into()).err()) {
        let key = match &error {
            ConfigError::Credentials(_) => keys.users,
            ConfigError::Certificate { .. } => keys.certificates,
            _ => keys.hosts,
        };
        reader.refuse(key, error);
    }
    endpoints
}

/// Reads voting daemons from lists of equal length. Tokens are given for each, or not at all.
pub(crate) fn daemon_endpoints(
    reader: &mut Reader<'_>,
    hosts_key: &'static str,
    certificates_key: &'static str,
    default_port: u16,
) -> Vec<DaemonEndpoint> {
    let hosts = hosts(reader, hosts_key, default_port);
    let certificates = certificates(reader, certificates_key);
    reader.same_count(hosts_key, hosts.len(), certificates_key, certificates.len());
    let tokens = rpc_token::read_each(reader, hosts.len()).into_iter().chain(std::iter::repeat(None));
    let daemons = hosts.into_iter().zip(certificates).zip(tokens);
    let daemons: Vec<_> = daemons
        .filter_map(|((host, certificate), token)| {
            Some(DaemonEndpoint { host: host?, certificate: certificate?, token })
        })
        .collect();
    for daemon in &daemons {
        let options = ClientOptions::new(&daemon.host, daemon.certificate.pem.as_bytes());
        if let Err(error) = DaemonClient::new(options) {
            reader.refuse(if matches!(error, ClientError::Tls { .. }) { certificates_key } else { hosts_key }, error);
        }
    }
    daemons
}

/// One entry for each that is written, `None` where it cannot be used and was reported.
fn hosts(reader: &mut Reader<'_>, key: &'static str, default_port: u16) -> Vec<Option<String>> {
    let mut hosts: Vec<Option<String>> = Vec::new();
    for text in reader.required_list(key) {
        let host = reader.accept(key, with_port(&text, default_port));
        if host.is_some() && hosts.contains(&host) {
            reader.refuse(key, format!("`{text}` is named twice: name each server once"));
        } else if let Some(host) = &host
            && hosts.iter().flatten().any(|other| known_as(other) == known_as(host))
        {
            reader.warn(format!(
                "{key}: `{text}` is a server that is named already, by another name: one that fails takes both with it"
            ));
        }
        if let Some(host) = host.clone() {
            reader.needs(key, Need::Peer(host));
        }
        hosts.push(host);
    }
    hosts
}

fn certificates(reader: &mut Reader<'_>, key: &'static str) -> Vec<Option<Certificate>> {
    reader.required_list(key).into_iter().map(|path| reader.certificate(key, &path)).collect()
}
