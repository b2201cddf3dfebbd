//! Tickets that are no user's.

use stakepool_core::accounts::UserId;

/// What stands in the place of a user's number where a ticket votes by a key of its own. Users' numbers begin with 1.
pub(super) const NO_USER: i64 = 0;

/// The user of a ticket with this number.
pub(in super::super) fn user_of(number: i64) -> Option<UserId> {
    (number != NO_USER).then_some(UserId(number))
}
