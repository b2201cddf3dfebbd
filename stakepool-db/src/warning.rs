//! What is wrong with a database that can be used all the same.

use std::fmt;
use std::path::PathBuf;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::KeyIndex;
use stakepool_core::sanitize::one_line;

/// Most bytes of what users of the predecessor typed that are repeated.
const LONGEST: usize = 254;

/// Something that an operator should look at. The pool works without it being mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Several users of the predecessor have the same e-mail address.
    DoubleEmail {
        /// The address, lower-cased. The text of the warning goes into logs and does without it.
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
            Self::DoubleEmail { first, other, .. } => write!(
                f,
                "users {first} and {other} have the same e-mail address: user {first} signs in with it, user {other} \
                 cannot sign in until one of them has another address (`stakepoolctl users show {first}` shows it)"
            ),
            Self::DoubleAddress { address, first, other } => {
                write!(
                    f,
                    "users {first} and {other} have the same multisig address {}; both keep it",
                    one_line(address, LONGEST)
                )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_email_address_gets_into_logs() {
        let email = "alice@example.org".to_owned();
        let text = Warning::DoubleEmail { email, first: UserId(1), other: UserId(2) }.to_string();
        assert!(text.starts_with("users 1 and 2 have") && !text.contains("alice"), "{text}");
    }

    #[test]
    fn what_users_typed_forges_no_line_of_the_log() {
        let typed = format!("a@b\nINFO \u{1b}[2J{}", "x".repeat(1000));
        let (first, other) = (UserId(1), UserId(2));
        for warning in [
            Warning::DoubleEmail { email: typed.clone(), first, other },
            Warning::DoubleAddress { address: typed.clone(), first, other },
        ] {
            let text = warning.to_string();
            assert!(!text.chars().any(char::is_control) && text.len() < 500, "{text}");
        }
    }
}
