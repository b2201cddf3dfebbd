//! What the start will need of the machine, for `--check-config` to look at.

use std::path::PathBuf;
use std::time::SystemTime;

use stakepool_core::ports::DatabaseServer;

use crate::listen::ListenAddress;
use crate::origin::Origin;

/// What a key asks of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The key.
    pub key: &'static str,
    /// Where it was set.
    pub origin: Origin,
    /// What is needed.
    pub need: Need,
}

/// What is needed of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// A folder that can be made, or written to. Without it the program does not run.
    Folder(PathBuf),
    /// The same, without which the program runs all the same.
    LogFolder(PathBuf),
    /// A folder that can be read. Without it what is built in is used.
    Extras(PathBuf),
    /// A database: a file that can be made, or written to.
    Database(PathBuf),
    /// A database on a server that can be read. Without it the program runs all the same.
    ReadDatabase(Box<DatabaseServer>),
    /// A place to listen at.
    Listen(ListenAddress),
    /// A group of the system.
    Group(String),
    /// A certificate and its key: both there, or neither, and then they are made.
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// A server that can be found: host and port.
    Peer(String),
    /// A time that lies within the validity of a server's certificate.
    Time {
        /// The certificate's file.
        file: PathBuf,
        /// When the certificate begins.
        begin: SystemTime,
        /// When it ends.
        end: SystemTime,
    },
}
