//! Why what an owner asks for with a signature is not done.

use stakepool::owners::{ClaimError, OwnershipError};

use crate::page_error::PageError;

/// Why it is not done.
pub(super) enum Refused {
    /// The ticket is not shown to be theirs.
    Owner(OwnershipError),
    /// It cannot be claimed.
    Claim(ClaimError),
    /// Anything else.
    Page(PageError),
}

impl From<OwnershipError> for Refused {
    fn from(error: OwnershipError) -> Self {
        Self::Owner(error)
    }
}

impl From<ClaimError> for Refused {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Ownership(error) => Self::Owner(error),
            other => Self::Claim(other),
        }
    }
}

impl From<PageError> for Refused {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}
