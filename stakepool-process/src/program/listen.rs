//! From a configured place to the addresses of this machine.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use stakepool_config::ListenAddress;
use tokio::net::lookup_host;

/// A configured place that is none of this machine's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{place}` has no address on this machine: {reason}")]
pub struct NoAddress {
    place: String,
    reason: String,
}

/// The addresses that a configured place stands for and that this machine can listen on, never none. A unix socket has
/// none of them.
///
/// # Errors
/// [`NoAddress`] says why there is none.
pub async fn usable_addresses(place: &ListenAddress) -> Result<Vec<SocketAddr>, NoAddress> {
    let mut reason = "it is no TCP address".to_owned();
    for candidate in place.tcp_candidates() {
        match on_this_machine(&candidate).await {
            Ok(usable) => return Ok(usable),
            Err(error) => reason = format!("{error}; name an address of this machine, or `:PORT` for all of them"),
        }
    }
    Err(NoAddress { place: place.to_string(), reason })
}

/// The first of [`usable_addresses`].
///
/// # Errors
/// As there.
pub async fn usable_address(place: &ListenAddress) -> Result<SocketAddr, NoAddress> {
    // There is always one.
    Ok(usable_addresses(place).await?[0])
}

/// Host and port without brackets, so that the system sees the interface of a link-local address (`[fe80::1%eth0]:80`).
pub(super) fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((bare, port.parse().ok()?))
}

/// The addresses of a host and port that this machine can listen on, never none. It may know `localhost` as an IPv6
/// address that it cannot listen on.
async fn on_this_machine(place: &str) -> io::Result<Vec<SocketAddr>> {
    let mut usable = Vec::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let place = host_and_port(place).ok_or(ErrorKind::InvalidInput)?;
    for address in lookup_host(place).await? {
        // On any port; a link-local address keeps its interface.
        let mut any_port = address;
        any_port.set_port(0);
        match TcpListener::bind(any_port) {
            Ok(_) => usable.push(address),
            Err(error) => failure = error,
        }
    }
    if usable.is_empty() { Err(failure) } else { Ok(usable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_becomes_addresses_of_this_machine() {
        let place = |host: &str| ListenAddress::Tcp { host: Some(host.to_owned()), port: 9113 };
        assert_eq!(usable_addresses(&place("127.0.0.1")).await, Ok(vec![([127, 0, 0, 1], 9113).into()]));
        // 192.0.2.0/24 is kept for documentation: no machine has such an address.
        let error = usable_address(&place("192.0.2.1")).await.unwrap_err().to_string();
        assert!(error.starts_with("`192.0.2.1:9113` has no address on this machine"), "{error}");
        assert!(error.contains("name an address of this machine"), "{error}");
        assert!(usable_addresses(&ListenAddress::Unix("/run/pool.sock".into())).await.is_err());
    }
}
