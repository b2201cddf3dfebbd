//! Why a ticket is not shown.

use stakepool_core::ports::StoreError;

use crate::limits::wait::MustWait;

/// Why a ticket is not shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnershipError {
    /// Wallets of today are not served.
    #[error("this pool serves no wallets of today; it needs vsp=1")]
    NotServed,
    /// No wallet has registered it.
    #[error("no wallet has registered a ticket with this hash here")]
    Unknown,
    /// The text was made too long ago, or not for this browser.
    #[error("the text is more than half an hour old or was made in another browser: sign the new one")]
    Stale,
    /// Not a signature of the text by an address that may sign.
    #[error(
        "this is no signature of the text by an address of the ticket: copy the whole text, and sign it with the address in the command"
    )]
    BadSignature,
    /// Too many were wrong.
    #[error("too many signatures were wrong; wait {}", .0.in_words())]
    Wait(MustWait),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MustWait> for OwnershipError {
    fn from(wait: MustWait) -> Self {
        Self::Wait(wait)
    }
}
