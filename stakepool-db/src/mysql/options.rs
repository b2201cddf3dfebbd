//! How a server is reached.

use std::path::PathBuf;

use stakepool_core::secret::Secret;

/// Whether what goes to a server over the network is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Never.
    Off,
    /// Where the server can; whichever certificate it shows.
    #[default]
    Preferred,
    /// Always; whichever certificate the server shows.
    Required,
    /// Always, and the certificate must be the host's, of an authority that is trusted.
    Verify,
}

/// A database on a server, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MysqlOptions {
    /// Names or addresses of the hosts that have the database. The first that can be written to is used.
    pub hosts: Vec<String>,
    /// The port of all of them.
    pub port: u16,
    /// A unix socket in place of hosts and port.
    pub socket: Option<PathBuf>,
    /// The name of the database.
    pub name: String,
    /// The account.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Whether connections are encrypted.
    pub tls: Tls,
    /// A file with the certificates of authorities that are trusted; without it, those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Most connections at a time.
    pub connections: u32,
}

impl MysqlOptions {
    /// A database on this computer, at the usual port.
    pub fn new(name: impl Into<String>, user: impl Into<String>, password: Secret) -> Self {
        Self {
            hosts: vec!["localhost".to_owned()],
            port: 3306,
            socket: None,
            name: name.into(),
            user: user.into(),
            password,
            tls: Tls::default(),
            ca: None,
            connections: 10,
        }
    }

    /// What the database is called for people, on one of its hosts.
    pub(crate) fn place_on(&self, host: &str) -> String {
        match &self.socket {
            Some(socket) => format!("`{}` at {}", self.name, socket.display()),
            None => format!("`{}` on {host}:{}", self.name, self.port),
        }
    }
}
