//! What can go wrong with a command.

use std::io;
use std::path::PathBuf;

use stakepool::administration::UserKeyError;
use stakepool_core::accounts::PasswordError;
use stakepool_core::ports::StoreError;
use stakepool_db::DbError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line cannot be understood.
    #[error("{0}")]
    Usage(String),
    /// An argument has a value that cannot be used.
    #[error("{argument}: {reason}")]
    Argument {
        /// The argument as it is written in the help.
        argument: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// Standard input failed.
    #[error("standard input cannot be read: {0}")]
    Input(#[source] io::Error),
    /// Standard output failed.
    #[error("the answer cannot be written to standard output: {0}")]
    Output(#[source] io::Error),
    /// The pool's configuration cannot be used.
    #[error("the pool's configuration cannot be used: {0}")]
    Config(String),
    /// What an argument names is not there, or cannot have what is asked for.
    #[error("{argument}: {reason}")]
    Refused {
        /// The argument as it is written in the help.
        argument: &'static str,
        /// Why, and what can be done.
        reason: String,
    },
    /// Some of several tickets or addresses were refused.
    #[error("{refused} of {asked} {what} were refused; the answers say why")]
    SomeRefused {
        /// What they are, for people.
        what: &'static str,
        /// How many were refused.
        refused: usize,
        /// How many were named.
        asked: usize,
    },
    /// The pool has no database yet.
    #[error(
        "there is no database at {}: start stakepool-web once, which makes it, or name the configuration of the right \
         pool with -C FILE",
        .0.display()
    )]
    NoDatabase(PathBuf),
    /// A file has the name of the backup.
    #[error("{} is there already and is kept: name another file, or --force to replace an earlier backup", .0.display())]
    Exists(PathBuf),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password cannot be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The pool is not as it should be: how many wallets and daemons have problems, or why it cannot serve.
    #[error("{0}")]
    NotWell(String),
    /// A file or folder cannot be written.
    #[error("{} cannot be written: {error}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The system refuses something that every program needs.
    #[error("the system refuses what is needed to work: {0}")]
    System(#[source] io::Error),
}

impl CliError {
    /// An argument that cannot be used, and why.
    pub fn argument(argument: &'static str, reason: impl ToString) -> Self {
        Self::Argument { argument, reason: reason.to_string() }
    }

    /// What an argument names is refused, and why.
    pub fn refused(argument: &'static str, reason: impl ToString) -> Self {
        Self::Refused { argument, reason: reason.to_string() }
    }

    /// Why a user's API key was not shown or renewed.
    pub(crate) fn from_key(error: UserKeyError) -> Self {
        match error {
            UserKeyError::Store(error) => error.into(),
            other => Self::NotWell(other.to_string()),
        }
    }

    /// The exit code of the program: 2 for a wrong argument or configuration, 3 where what was named is refused, 1 for
    /// everything else.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Argument { .. } | Self::Config(_) => 2,
            Self::Refused { .. } | Self::SomeRefused { .. } => 3,
            _ => 1,
        }
    }

    /// Whether the reader of our answers has closed the pipe.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
