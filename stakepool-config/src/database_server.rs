//! A server of MySQL or MariaDB, as the keys that begin with `db` name it.

use stakepool_core::ports::{DatabaseServer, DatabaseTls};
use stakepool_core::secret::Secret;

use crate::host::is_loopback;
use crate::reader::Reader;
use crate::value::number;

/// The keys that say how a server is reached.
const KEYS: [&str; 9] =
    ["dbhost", "dbport", "dbname", "dbuser", "dbpassword", "dbsocket", "dbtls", "dbca", "dbstatements"];
/// Those of them that alone say that there is a server. The others stood in files of the predecessor by themselves.
const DECISIVE: [&str; 3] = ["dbhost", "dbpassword", "dbsocket"];

/// What an address of a server says. The other parts stand in keys of their own.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts<'t> {
    pub(crate) user: Option<&'t str>,
    pub(crate) hosts: Option<&'t str>,
    pub(crate) port: Option<u16>,
    pub(crate) name: Option<&'t str>,
}

/// The keys of a server that have a value.
pub(crate) fn keys_set(reader: &Reader<'_>) -> Vec<&'static str> {
    KEYS.into_iter().filter(|key| reader.text(key).is_some()).collect()
}

/// Whether the keys name a server.
pub(crate) fn is_named(reader: &Reader<'_>) -> bool {
    DECISIVE.into_iter().any(|key| reader.text(key).is_some())
}

/// The server of the keys, but for what an address says itself. The defaults are the predecessor's.
pub(crate) fn read(reader: &mut Reader<'_>, parts: &Parts<'_>) -> Option<DatabaseServer> {
    let text = |said: Option<&str>, key: &str, default: &str, reader: &Reader<'_>| {
        said.map(str::to_owned).or_else(|| reader.text(key)).unwrap_or_else(|| default.to_owned())
    };
    let hosts = text(parts.hosts, "dbhost", "localhost", reader);
    let hosts: Vec<String> = hosts.split(',').map(|host| host.trim().trim_matches(['[', ']']).to_owned()).collect();
    if hosts.iter().any(String::is_empty) {
        reader.refuse("dbhost", "a host of the list is empty: separate the hosts with single commas");
        return None;
    }
    let port = parts.port.map_or_else(|| set_or(reader, "dbport", 3306, port), Some);
    let tls = set_or(reader, "dbtls", DatabaseTls::default(), tls);
    let password = match reader.text("dbpassword") {
        None => Some(Secret::default()),
        Some(_) => reader.secret("dbpassword"),
    };
    let authorities = match reader.text("dbca") {
        None => Some(None),
        Some(path) => reader.certificate("dbca", &path).map(|found| Some(found.pem)),
    };
    let kept_statements =
        set_or(reader, "dbstatements", DatabaseServer::KEPT_STATEMENTS, |text| number(text, 0..=10_000));
    let socket = reader.path("dbsocket");
    if tls.is_some_and(|tls| tls != DatabaseTls::Verify) {
        let goes_out = socket.is_none() && hosts.iter().any(|host| !is_loopback(host));
        say_unverified(reader, authorities.as_ref().is_some_and(Option::is_some), goes_out);
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
        kept_statements: kept_statements?,
    })
}

/// What a key says, or this default where it is not set; `None` where it is wrong.
fn set_or<T>(
    reader: &mut Reader<'_>,
    key: &'static str,
    default: T,
    read: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    if reader.text(key).is_some() { reader.optional(key, read) } else { Some(default) }
}

/// Says what is wrong with a server whose certificate is not verified.
fn say_unverified(reader: &mut Reader<'_>, has_authority: bool, goes_out: bool) {
    if has_authority {
        reader.refuse(
            "dbca",
            "it is used only where the server's certificate is verified: set dbtls=verify, or remove dbca",
        );
    }
    if goes_out {
        reader.warn(
            "dbtls is not `verify`: who stands between here and dbhost can read and change what goes to the database; set \
             dbtls=verify, and dbca to the certificate of the server's authority",
        );
    }
}

fn port(text: &str) -> Result<u16, String> {
    text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| format!("`{text}` is no port"))
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
