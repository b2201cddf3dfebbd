//! Who acts, as the audit log names them.

use std::fmt;

use super::UserId;

/// Who does an administrative act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody at the command line of the pool's host.
    CommandLine,
    /// An administrator in the browser.
    User(UserId),
}

impl Actor {
    /// The user, where it is one.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::CommandLine => None,
            Self::User(user) => Some(user),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("stakepoolctl"),
            Self::User(user) => write!(f, "user {user}"),
        }
    }
}
