//! Where a program listens, before it does: its pages and keys name the address.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpListener};

use stakepool_web::ListenAddress;

/// A place to listen at.
#[derive(Clone, Debug)]
pub struct Place {
    /// For the web application.
    pub listen: ListenAddress,
    /// For people and wallets on this machine.
    pub url: String,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The text.
    #[error("{0}")]
    Text(String),
    /// Somebody else listens there, or it is no address of this machine.
    #[error("nothing can listen at {0}: {1}")]
    Taken(String, std::io::Error),
}

impl Place {
    /// The wanted place, or the usual one where none is wanted. Where the usual one is taken, the same on another port.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn choose(wanted: Option<&str>, usual: &str) -> Result<Self, PlaceError> {
        let text = wanted.unwrap_or(usual);
        let listen: ListenAddress = text.parse().map_err(|error| PlaceError::Text(format!("{text}: {error}")))?;
        let ListenAddress::Tcp { host, port } = &listen else {
            return Ok(Self { listen, url: "http://localhost".to_owned() });
        };
        let name = host.clone().unwrap_or_else(|| Ipv4Addr::UNSPECIFIED.to_string());
        let bound = match TcpListener::bind((name.as_str(), *port)) {
            Err(error) if wanted.is_none() && error.kind() == ErrorKind::AddrInUse => {
                TcpListener::bind((name.as_str(), 0))
            }
            bound => bound,
        };
        // Let go at once: the web application takes it a moment later.
        let bound = bound.and_then(|listener| listener.local_addr());
        let port = bound.map_err(|error| PlaceError::Taken(text.to_owned(), error))?.port();
        Ok(Self {
            listen: ListenAddress::Tcp { host: host.clone(), port },
            url: format!("http://{}:{port}", reached_by(&name)),
        })
    }
}

/// How this machine reaches who listens on a name or address.
fn reached_by(name: &str) -> String {
    match name.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_the_port_on_which_something_listens() {
        let place = Place::choose(Some("127.0.0.1:0"), "127.0.0.1:1").unwrap();
        let ListenAddress::Tcp { port, .. } = place.listen else { panic!("{place:?}") };
        assert_eq!((place.url, port == 0), (format!("http://127.0.0.1:{port}"), false));
        assert!(Place::choose(Some(":0"), "").unwrap().url.starts_with("http://127.0.0.1:"));
    }

    #[test]
    fn another_port_is_found_only_where_none_was_wanted() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = held.local_addr().unwrap().to_string();
        let place = Place::choose(None, &taken).unwrap();
        assert!(place.url.starts_with("http://127.0.0.1:") && !place.url.ends_with(&taken), "{place:?}");
        let refused = Place::choose(Some(&taken), &taken).unwrap_err().to_string();
        assert!(refused.contains(&taken), "{refused}");
    }
}
