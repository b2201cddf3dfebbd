//! Shutting the ways into an account that are open.

use stakepool_core::accounts::UserId;
use stakepool_core::ports::{AccessStore, SessionStore, StoreError, TokenPurpose};

/// Makes every link of a mail to a user worthless.
///
/// # Errors
/// [`StoreError`].
pub async fn revoke_all_tokens(access: &dyn AccessStore, user: UserId) -> Result<(), StoreError> {
    for purpose in TokenPurpose::ALL {
        access.revoke_tokens(user, purpose).await?;
    }
    Ok(())
}

/// Ends all sessions of a user and makes every link of a mail to them worthless. This belongs behind every new password:
/// whoever knew the old one is out, and whatever they began with it, such as another e-mail address, comes to nothing.
///
/// # Errors
/// [`StoreError`]; one half is done even where the other fails.
pub async fn revoke_all_access(
    sessions: &dyn SessionStore,
    access: &dyn AccessStore,
    user: UserId,
) -> Result<(), StoreError> {
    let ended = sessions.end_all(user, None).await;
    revoke_all_tokens(access, user).await.and(ended)
}
