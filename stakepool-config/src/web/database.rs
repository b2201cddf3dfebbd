//! Where the web stores its data.

use std::path::{Path, PathBuf};

use stakepool_core::ports::DatabaseServer;

use crate::database_server::{self, Parts};
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
/// How a server is written.
const FORM: &str = "write it as mysql: with the keys dbhost, dbname, dbuser and dbpassword, or as \
                    mysql://USER@HOST[,HOST…][:PORT]/NAME with dbpassword";

/// What the key `database` says.
enum Location<'t> {
    File(PathBuf),
    Server(Parts<'t>),
}

pub(super) fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Option<Database> {
    let set = database_server::keys_set(reader);
    let Some(text) = reader.text("database") else {
        if database_server::is_named(reader) {
            return database_server::read(reader, &Parts::default()).map(Database::Mysql);
        }
        if !set.is_empty() {
            reader
                .warn(format!("data is stored in SQLite, so the keys for MySQL are ignored: {}{STAY}", set.join(", ")));
        }
        return Some(Database::Sqlite(data_dir.join(DEFAULT_FILE)));
    };
    let location = location(&text, data_dir);
    match reader.accept("database", location)? {
        Location::Server(parts) => database_server::read(reader, &parts).map(Database::Mysql),
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
