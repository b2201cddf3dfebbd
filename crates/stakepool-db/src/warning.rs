//! What is wrong with a database that can be used all the same.

use std::fmt;
use std::path::PathBuf;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::KeyIndex;

/// Something that an operator should look at. The pool works without it being mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Several users of the predecessor have the same e-mail address.
    DoubleEmail {
        /// The address, lower-cased.
        email: String,
        /// The user who signs in with it: the one with the lowest number.
        first: UserId,
        /// A user who cannot sign in.
        other: UserId,
    },
    /// Several users of the predecessor have the same multisig address.
    DoubleAddress {
        /// The address.
        address: String,
        /// The user with the lowest number.
        first: UserId,
        /// Another user.
        other: UserId,
    },
    /// A user of the predecessor registered while another user had their number as key index.
    SharedIndex {
        /// The user.
        user: UserId,
        /// The index.
        index: KeyIndex,
    },
    /// Other users of the machine may read the file.
    Readable {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DoubleEmail { email, first, other } => write!(
                f,
                "users {first} and {other} have the same e-mail address {email}: user {first} signs in with it, user \
                 {other} cannot sign in until one of them has another address"
            ),
            Self::DoubleAddress { address, first, other } => {
                write!(f, "users {first} and {other} have the same multisig address {address}; both keep it")
            }
            Self::SharedIndex { user, index } => write!(
                f,
                "user {user} registered with the predecessor's program while another user had key index {index}: both \
                 pay their fees to the same address"
            ),
            Self::Readable { path, mode } => write!(
                f,
                "other users of this machine may read the database {} (its permissions are {mode:04o}); `chmod 600` it",
                path.display()
            ),
        }
    }
}
