//! Where a database on a server is.

use std::path::PathBuf;

use crate::secret::Secret;

/// Whether what goes to a server over the network is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DatabaseTls {
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

/// A database of MySQL or MariaDB, and how it is reached. It is no URL, so that every password will do.
///
/// ```
/// use stakepool_core::ports::DatabaseServer;
/// use stakepool_core::secret::Secret;
///
/// let server = DatabaseServer::new("stakepool", "stakepool", Secret::new("p@ss:w/ord"));
/// assert_eq!(server.place_on("db.example"), "`stakepool` on db.example:3306");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseServer {
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
    pub tls: DatabaseTls,
    /// The certificates (PEM) of authorities that are trusted; without them, those that the system trusts.
    pub authorities: Option<String>,
    /// How many statements a connection keeps prepared. None behind proxies that give a connection to several.
    pub kept_statements: u32,
}

impl DatabaseServer {
    /// How many statements a connection keeps prepared where nothing else is said.
    pub const KEPT_STATEMENTS: u32 = 100;

    /// A database on this computer, at the usual port.
    pub fn new(name: impl Into<String>, user: impl Into<String>, password: Secret) -> Self {
        Self {
            hosts: vec!["localhost".to_owned()],
            port: 3306,
            socket: None,
            name: name.into(),
            user: user.into(),
            password,
            tls: DatabaseTls::default(),
            authorities: None,
            kept_statements: Self::KEPT_STATEMENTS,
        }
    }

    /// What the database is called for people, on one of its hosts.
    pub fn place_on(&self, host: &str) -> String {
        match &self.socket {
            Some(socket) => format!("`{}` at {}", self.name, socket.display()),
            None => format!("`{}` on {host}:{}", self.name, self.port),
        }
    }
}
