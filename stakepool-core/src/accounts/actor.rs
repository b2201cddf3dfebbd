//! Who acts, as the audit log names them.

use std::fmt;

use super::UserId;

const COMMAND_LINE: &str = "stakepoolctl";
const USER: &str = "user ";
const VISITOR: &str = "a visitor";
const POOL: &str = "the pool";

/// Who does an act that is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody at the command line of the pool's host.
    CommandLine,
    /// Somebody in the browser: an administrator, or a user with the own account.
    User(UserId),
    /// Somebody in the browser who has not shown to be a user.
    Visitor,
    /// The pool by itself.
    Pool,
}

impl Actor {
    /// The user, where it is one.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::CommandLine | Self::Visitor | Self::Pool => None,
            Self::User(user) => Some(user),
        }
    }
}

impl Actor {
    /// The actor of a stored name; `None` for one that another version stored.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.strip_prefix(USER) {
            Some(user) => user.parse().ok().map(|user| Self::User(UserId(user))),
            None => [Self::CommandLine, Self::Visitor, Self::Pool].into_iter().find(|actor| actor.to_string() == name),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str(COMMAND_LINE),
            Self::Visitor => f.write_str(VISITOR),
            Self::Pool => f.write_str(POOL),
            Self::User(user) => write!(f, "{USER}{user}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_found_again_by_its_name() {
        for actor in [Actor::CommandLine, Actor::User(UserId(7)), Actor::Visitor, Actor::Pool] {
            assert_eq!(Actor::from_name(&actor.to_string()), Some(actor));
        }
        for name in ["", "user", "user ", "user x", "7", "somebody"] {
            assert_eq!(Actor::from_name(name), None, "{name}");
        }
    }
}
