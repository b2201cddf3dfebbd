//! What errors of MySQL and MariaDB mean.

use stakepool_core::ports::StoreError;

use crate::sql::{Failure, number, within};

/// What can be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cure {
    /// The transaction begins again: another one went before it.
    Again,
    /// It begins again a few times: another one took its key first, and the next try sees whose it is, or fails alike.
    Few,
    /// It begins again on another connection, perhaps to another host: this one is gone, or its server cannot serve.
    Elsewhere,
    /// Nothing that a program could do.
    None,
}

impl Cure {
    pub(super) fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Store(_) | Failure::Away(_) => Self::None,
            Failure::Silent(_) => Self::Elsewhere,
            Failure::Contended => Self::Again,
            failure if failure.is_of_host() => Self::Elsewhere,
            Failure::Sql(error) => match number(error) {
                Some(1062) => Self::Few,
                // A deadlock, a lock that took too long, a statement that must be prepared anew, a conflict between the nodes
                // of a group, a statement that was ended for one of another node.
                Some(1213 | 1205 | 1317 | 1615 | 3101) => Self::Again,
                // Too many connections; a server that stops, ended the connection, or gave up a statement.
                Some(1040 | 1053 | 1077 | 1079 | 1927 | 4031 | 2006 | 2013 | 3024 | 1969) => Self::Elsewhere,
                Some(_) => Self::None,
                None => match error {
                    sqlx::Error::Io(_)
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::WorkerCrashed => Self::Elsewhere,
                    _ => Self::None,
                },
            },
        }
    }
}

/// What a person can do about an error.
fn remedy(error: &sqlx::Error) -> Option<&'static str> {
    let text = error.to_string();
    Some(match number(error) {
        Some(1044) => {
            "check dbname; if it is right, grant the account (dbuser) SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and \
             INDEX on that database"
        }
        Some(1045 | 1698) => {
            "check dbuser and dbpassword, from which hosts the account may connect, and whether the server demands \
             encrypted connections (dbtls=required)"
        }
        Some(1049) => "check dbname; if it is right, make the database first (CREATE DATABASE … CHARACTER SET utf8mb4)",
        Some(1130) => "let the account (dbuser) connect from this host: CREATE USER 'NAME'@'HOST'",
        Some(1040) => "raise max_connections of the server",
        Some(1142 | 1143 | 1227) => {
            "grant the account (dbuser) SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and INDEX on the database"
        }
        Some(1290 | 1836) => "the server only reads (read_only); name the one that writes in dbhost",
        Some(1047 | 1180) => "its node is cut off from the cluster; look at wsrep_cluster_status of all nodes",
        Some(1021 | 1114 | 1030 | 3) => "no space is left on the server's disk, or it cannot be written",
        Some(1153) => "raise max_allowed_packet of the server",
        Some(1062 | 1586) => "there is a row with the same key already; report this as a bug of this program",
        Some(1265 | 1292 | 1366 | 1411) => "a value does not fit its column, or the character set of its table",
        Some(1406 | 1264) => "a value is too long or too large for its column",
        Some(1665) => "set binlog_format=ROW (or MIXED) on the server",
        Some(1146) => "a table was removed while the program runs; restore it, and restart the program",
        Some(3159) => "the server demands encrypted connections; set dbtls=required, or verify with dbca",
        Some(1275 | 1251) => "the account's kind of password is too old; set it anew with ALTER USER",
        Some(_) => return None,
        None if text.contains("RSA") || text.contains("rsa") => {
            "accounts of the kind caching_sha2_password or sha256_password need an encrypted connection over TCP: set \
             dbhost and dbtls=required in place of dbsocket, or give the account mysql_native_password"
        }
        None if text.contains("authentication plugin") || text.contains("auth plugin") => {
            "its account is of a kind that is not understood; give it a password of the kind mysql_native_password or \
             caching_sha2_password: ALTER USER … IDENTIFIED VIA mysql_native_password USING PASSWORD('…')"
        }
        None => match error {
            sqlx::Error::Tls(_) if text.contains("does not support TLS") => {
                "the server has no certificate: give it one, or set dbtls=off where the way to it is safe"
            }
            sqlx::Error::Tls(_) | sqlx::Error::Io(_) if matches!(error, sqlx::Error::Tls(_)) || is_of_tls(&text) => {
                "the connection cannot be encrypted: dbca must name the authority of the server's certificate, and dbhost \
                 a name that stands in it; an old server that knows only TLS 1.1 needs dbtls=off"
            }
            sqlx::Error::Io(_) => "it cannot be reached; check dbhost, dbport or dbsocket, and whether the server runs",
            sqlx::Error::PoolTimedOut => "it did not get to this request in time; it is too slow, or does not answer",
            _ => return None,
        },
    })
}

/// What is wrong with a certificate comes as an error of reading and writing.
fn is_of_tls(text: &str) -> bool {
    ["certificate", "handshake", "tls", "TLS"].iter().any(|word| text.contains(word))
}

/// The text for people: the remedy first.
pub(super) fn text(error: &sqlx::Error) -> String {
    match (remedy(error), error) {
        (Some(remedy), sqlx::Error::PoolTimedOut) => remedy.to_owned(),
        (_, sqlx::Error::PoolClosed) => "it is closed, since the program is stopping".to_owned(),
        (Some(remedy), error) => format!("{remedy} ({})", without_value(error)),
        (None, error) => without_value(error),
    }
}

/// What the server says, without the value that some of its texts repeat: it may be somebody's e-mail address.
fn without_value(error: &sqlx::Error) -> String {
    let Some(number @ (1062 | 1586 | 1265 | 1292 | 1366 | 1411)) = number(error) else { return error.to_string() };
    match error.to_string().rsplit_once(" for ") {
        // Behind the value stands which key or column it is of.
        Some((_, of)) => format!("error {number} of the server, for {of}"),
        None => format!("error {number} of the server"),
    }
}

/// The same of any failure.
pub(crate) fn text_of(failure: Failure) -> String {
    match failure {
        Failure::Sql(error) => text(&error),
        other => store_error(other).to_string(),
    }
}

/// What a failure means for those who use a store.
pub(super) fn store_error(failure: Failure) -> StoreError {
    match failure {
        Failure::Store(error) => error,
        Failure::Sql(error) => StoreError::Backend(text(&error)),
        Failure::Away(reason) => StoreError::Backend(reason),
        Failure::Contended => StoreError::Backend("others write the same at the same time; try again".to_owned()),
        Failure::Silent(limit) => StoreError::Backend(format!("its server did not answer {}", within(limit))),
    }
}
