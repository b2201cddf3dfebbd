//! From a configured place to the addresses of this machine.

use std::net::SocketAddr;

use stakepool_config::ListenAddress;
use tokio::net::lookup_host;

/// The addresses that a configured place stands for and that this machine can listen on, never none. A unix socket has
/// none of them.
///
/// # Errors
/// Why there is none, in words.
pub async fn usable_addresses(place: &ListenAddress) -> Result<Vec<SocketAddr>, String> {
    let mut reason = "it is no TCP address".to_owned();
    let elsewhere = |error| format!("{error}; name an address of this machine, or `:PORT` for all of them");
    for candidate in place.tcp_candidates() {
        match lookup_host(&candidate).await {
            Ok(found) => {
                // A machine may know `localhost` as an IPv6 address that it cannot listen on.
                let mut usable = Vec::new();
                for address in found {
                    match std::net::TcpListener::bind((address.ip(), 0)) {
                        Ok(_) => usable.push(address),
                        Err(error) => reason = elsewhere(error),
                    }
                }
                if !usable.is_empty() {
                    return Ok(usable);
                }
            }
            Err(error) => reason = elsewhere(error),
        }
    }
    Err(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_becomes_addresses_of_this_machine() {
        let place = |host: &str| ListenAddress::Tcp { host: Some(host.to_owned()), port: 9113 };
        assert_eq!(usable_addresses(&place("127.0.0.1")).await, Ok(vec![([127, 0, 0, 1], 9113).into()]));
        // 192.0.2.0/24 is kept for documentation: no machine has such an address.
        let error = usable_addresses(&place("192.0.2.1")).await.unwrap_err();
        assert!(error.contains("name an address of this machine"), "{error}");
        assert!(usable_addresses(&ListenAddress::Unix("/run/pool.sock".into())).await.is_err());
    }
}
