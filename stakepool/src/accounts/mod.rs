//! Users' accounts.

mod revoke;

pub use revoke::{revoke_all_access, revoke_all_tokens};
