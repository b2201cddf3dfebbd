//! The pool as a voting service provider for wallets of today. The rules are [`stakepool_core::vsp`].

mod server_key;

pub use server_key::{ServerKey, ServerKeyError, is_signed_by};
