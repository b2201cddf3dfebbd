//! Where the web stores its data.

use std::path::{Path, PathBuf};

use stakepool_core::ports::{DatabaseServer, DatabaseTls};
use stakepool_core::secret::Secret;

use crate::host::is_loopback;
use crate::reader::Reader;

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database of MySQL or MariaDB.
    Mysql(DatabaseServer),
}

/// The file where nothing else is said.
const DEFAULT_FILE: &str = "pool.sqlite";
/// What becomes of users in a MySQL that is not used.
const STAY: &str = "; users who are only in that database are not this pool's, and lose votes";
/// The keys that say how a server is reached.
const SERVER: [&str; 8] = ["dbhost", "dbport", "dbname", "dbuser", "dbpassword", "dbsocket", "dbtls", "dbca"];
/// Those of them that alone say that there is a server. The others stood in files of the predecessor by themselves.
const DECISIVE: [&str; 3] = ["dbhost", "dbpassword", "dbsocket"];
/// How a server is written.
const FORM: &str = "write it as mysql: with the keys dbhost, dbname, dbuser and dbpassword, or as \
                    mysql://USER@HOST[,HOST…][:PORT]/NAME with dbpassword";

/// What the key `database` says.
enum Location<'t> {
    File(PathBuf),
    Server(Parts<'t>),
}

/// What an address of a server says. The other parts stand in keys of their own.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts<'t> {
    user: Option<&'t str>,
    hosts: Option<&'t str>,
    port: Option<u16>,
    name: Option<&'t str>,
}

pub(super) fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Option<Database> {
    let set: Vec<&'static str> = SERVER.into_iter().filter(|key| reader.text(key).is_some()).collect();
    let Some(text) = reader.text("database") else {
        if set.iter().any(|key| DECISIVE.contains(key)) {
            return server(reader, &Parts::default()).map(Database::Mysql);
        }
        if !set.is_empty() {
            reader
                .warn(format!("data is stored in SQLite, so the keys for MySQL are ignored: {}{STAY}", set.join(", ")));
        }
        return Some(Database::Sqlite(data_dir.join(DEFAULT_FILE)));
    };
    let location = location(&text, data_dir);
    match reader.accept("database", location)? {
        Location::Server(parts) => server(reader, &parts).map(Database::Mysql),
        Location::File(path) => {
            if !set.is_empty() {
                reader.warn(format!(
                    "database names a file, so the keys for MySQL are ignored: {}{STAY}",
                    set.join(", ")
                ));
            }
            Some(Database::Sqlite(path))
        }
    }
}

fn location<'t>(text: &'t str, data_dir: &Path) -> Result<Location<'t>, &'static str> {
    if let Some(rest) = text.strip_prefix("mysql:").or_else(|| text.strip_prefix("mariadb:")) {
        return address(rest).map(Location::Server);
    }
    let path = text.strip_prefix("sqlite:").ok_or("write it as sqlite:PATH, or as mysql: with the keys dbhost, …")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.starts_with(':') {
        return Err("name a file: sqlite:PATH, relative to datadir or absolute");
    }
    Ok(Location::File(data_dir.join(path)))
}

/// The parts of `//USER@HOST,HOST:PORT/NAME`. The text is not repeated in errors, for it may hold a password.
fn address(text: &str) -> Result<Parts<'_>, &'static str> {
    if text.is_empty() || text == "//" {
        return Ok(Parts::default());
    }
    let text = text.strip_prefix("//").ok_or(FORM)?;
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, text),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password may not stand here, where everybody sees it: put it into dbpassword");
    }
    let (hosts, name) = match rest.split_once('/') {
        Some((hosts, name)) => (hosts, Some(name)),
        None => (rest, None),
    };
    // An address of IPv6 stands in brackets.
    let (hosts, port) = match hosts.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        Some((hosts, port)) => (hosts, Some(port.parse().map_err(|_| FORM)?)),
        None => (hosts, None),
    };
    if name.is_some_and(|name| name.contains(['/', '?'])) {
        return Err(FORM);
    }
    Ok(Parts {
        user: user.filter(|user| !user.is_empty()),
        hosts: Some(hosts).filter(|hosts| !hosts.is_empty()),
        port,
        name: name.filter(|name| !name.is_empty()),
    })
}

/// The server of the keys, but for what the address says itself. The defaults are the predecessor's.
fn server(reader: &mut Reader<'_>, parts: &Parts<'_>) -> Option<DatabaseServer> {
    let text = |said: Option<&str>, key: &str, default: &str, reader: &Reader<'_>| {
        said.map(str::to_owned).or_else(|| reader.text(key)).unwrap_or_else(|| default.to_owned())
    };
    let hosts = text(parts.hosts, "dbhost", "localhost", reader);
    let hosts: Vec<String> = hosts.split(',').map(|host| host.trim().trim_matches(['[', ']']).to_owned()).collect();
    if hosts.iter().any(String::is_empty) {
        reader.refuse("dbhost", "a host of the list is empty: separate the hosts with single commas");
        return None;
    }
    let port = match parts.port {
        Some(port) => Some(port),
        None if reader.text("dbport").is_none() => Some(3306),
        None => reader.optional("dbport", |text| {
            text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| format!("`{text}` is no port"))
        }),
    };
    let tls = match reader.text("dbtls") {
        None => Some(DatabaseTls::default()),
        Some(_) => reader.optional("dbtls", tls),
    };
    let password = match reader.text("dbpassword") {
        None => Some(Secret::default()),
        Some(_) => reader.secret("dbpassword"),
    };
    let authorities = match reader.text("dbca") {
        None => Some(None),
        Some(path) => reader.certificate("dbca", &path).map(|found| Some(found.pem)),
    };
    if authorities.as_ref().is_some_and(Option::is_some) && tls.is_some_and(|tls| tls != DatabaseTls::Verify) {
        reader.refuse(
            "dbca",
            "it is used only where the server's certificate is verified: set dbtls=verify, or remove dbca",
        );
    }
    let socket = reader.path("dbsocket");
    let is_remote = |host: &String| !is_loopback(host);
    if tls.is_some_and(|tls| tls != DatabaseTls::Verify) && socket.is_none() && hosts.iter().any(is_remote) {
        reader.warn(
            "dbtls is not `verify`: who stands between here and dbhost can read and change what goes to the database; set \
             dbtls=verify, and dbca to the certificate of the server's authority",
        );
    }
    Some(DatabaseServer {
        hosts,
        port: port?,
        socket,
        name: text(parts.name, "dbname", "stakepool", reader),
        user: text(parts.user, "dbuser", "stakepool", reader),
        password: password?,
        tls: tls?,
        authorities: authorities?,
    })
}

fn tls(text: &str) -> Result<DatabaseTls, String> {
    Ok(match text {
        "off" => DatabaseTls::Off,
        "preferred" => DatabaseTls::Preferred,
        "required" => DatabaseTls::Required,
        "verify" => DatabaseTls::Verify,
        _ => return Err(format!("`{text}` is none of off, preferred, required and verify")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_file_lies_in_the_data_directory() {
        for (text, path) in
            [("sqlite:a.db", "/data/a.db"), ("sqlite:/srv/a.db", "/srv/a.db"), ("sqlite:///srv/a.db", "/srv/a.db")]
        {
            let Ok(Location::File(found)) = location(text, Path::new("/data")) else { panic!("{text}") };
            assert_eq!(found, Path::new(path));
        }
        for text in ["pool.sqlite", "sqlite:", "sqlite::memory:", "mysql:stakepool", "mysql://a:hunter2@host/db"] {
            let Err(error) = location(text, Path::new("/data")) else { panic!("{text}") };
            assert!(!error.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn an_address_of_a_server_has_the_parts_that_it_names() {
        let parts = |user, hosts, port, name| Parts { user, hosts, port, name };
        assert_eq!(address(""), Ok(Parts::default()));
        assert_eq!(
            address("//pool@a.example,b.example:3307/stake"),
            Ok(parts(Some("pool"), Some("a.example,b.example"), Some(3307), Some("stake")))
        );
        assert_eq!(address("//[::1]/stake"), Ok(parts(None, Some("[::1]"), None, Some("stake"))));
        assert_eq!(address("//[::1]:1/"), Ok(parts(None, Some("[::1]"), Some(1), None)));
        assert_eq!(address("//host:port/stake"), Err(FORM));
        assert_eq!(address("//host/stake?ssl=1"), Err(FORM));
    }
}
