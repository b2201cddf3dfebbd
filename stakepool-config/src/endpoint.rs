//! Servers to which a program connects.

use std::net::Ipv6Addr;

use stakepool_core::secret::Secret;
use stakepool_rpc::json::ServerConfig;

use crate::certificate::Certificate;
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
    hosts
        .into_iter()
        .zip(users)
        .zip(passwords)
        .zip(certificates)
        .filter_map(|(((host, user), password), certificate)| {
            Some(RpcEndpoint { host: host?, user, password: password?, certificate: certificate? })
        })
        .collect()
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
    daemons
        .filter_map(|((host, certificate), token)| {
            Some(DaemonEndpoint { host: host?, certificate: certificate?, token })
        })
        .collect()
}

/// One entry for each that is written, `None` where it cannot be used and was reported.
fn hosts(reader: &mut Reader<'_>, key: &'static str, default_port: u16) -> Vec<Option<String>> {
    let mut hosts: Vec<Option<String>> = Vec::new();
    for text in reader.required_list(key) {
        let host = reader.accept(key, with_port(&text, default_port));
        if host.is_some() && hosts.contains(&host) {
            reader.refuse(key, format!("`{text}` is named twice: name each server once"));
        }
        hosts.push(host);
    }
    hosts
}

fn certificates(reader: &mut Reader<'_>, key: &'static str) -> Vec<Option<Certificate>> {
    reader.required_list(key).into_iter().map(|path| reader.certificate(key, &path)).collect()
}

/// A host with its port, or with the default port.
pub(crate) fn with_port(text: &str, default_port: u16) -> Result<String, String> {
    let (host, port) = split_host(text)?;
    let port = port.unwrap_or(default_port);
    if host.is_empty() || port == 0 {
        return Err(not_a_host(text));
    }
    Ok(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
}

/// Splits the port, where there is one, from a name or address (IPv6 with or without brackets).
pub(crate) fn split_host(text: &str) -> Result<(&str, Option<u16>), String> {
    let wrong = || not_a_host(text);
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, rest)) => {
            inner.parse::<Ipv6Addr>().map_err(|_| wrong())?;
            (inner, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or_else(wrong)?) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let bracketed = text.starts_with('[');
    if !bracketed && !host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        return Err(wrong());
    }
    let port = port.map(|port| port.parse().map_err(|_| wrong())).transpose()?;
    Ok((host, port))
}

fn not_a_host(text: &str) -> String {
    format!("`{text}` is not a host: write it as HOST or HOST:PORT, such as 10.0.0.3, [::1]:9110 or wallet.example")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_host_without_a_port_gets_the_default() {
        for (text, expected) in [
            ("10.0.0.3", "10.0.0.3:9110"),
            ("10.0.0.3:1", "10.0.0.3:1"),
            ("wallet.example", "wallet.example:9110"),
            ("::1", "[::1]:9110"),
            ("[::1]", "[::1]:9110"),
            ("[::1]:5", "[::1]:5"),
        ] {
            assert_eq!(with_port(text, 9110).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", ":9110", "https://host", "host:port", "host:0", "host:65536", "[::1", "[x]:1", "a b", "::1::"]
        {
            assert!(with_port(text, 9110).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = with_port(&text, 1);
        }
    }
}
