//! What administrators do: with users, invitations and low-fee tickets, about addresses that are no user's, and with the pool's
//! terms.

mod api_keys;
mod invitations;
mod missed_by_key;
mod notices;
mod rescue;
mod terms;
mod tickets;
mod unknown;
mod users;
#[cfg(feature = "vsp")]
mod vsp;

pub use api_keys::{RenewedKey, UserKeyError};
pub use invitations::{InvitationWish, InviteError, Invited};
pub use missed_by_key::MissedByKey;
pub use notices::{NewNotice, NoticeError};
pub use rescue::AccountRescue;
pub use terms::{TermsChange, TermsError};
pub use unknown::UnknownAddressError;
pub use users::AdministerError;
#[cfg(feature = "vsp")]
pub use vsp::VspAdministrationError;
