//! Asking a signed-in user for the password once more.

use stakepool_core::accounts::{PasswordCheck, User};

use crate::accounts::shared_tries::SharedTryError;
use crate::limits::origin::ClientAddress;
use crate::limits::password_queue::Visitor;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// Why a password that was asked for again is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Too many tries.
    #[error("too many tries; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// It is wrong.
    #[error("the current password is wrong")]
    Wrong,
    /// It could not be checked.
    #[error("the server could not check the password now; try again in a few seconds")]
    Busy,
}

impl Pool {
    /// Checks a signed-in user's password once more. Others who fail to sign in to the account do not keep its user from
    /// this.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn confirm_password(&self, user: &User, password: &str, client: ClientAddress) -> Result<(), Denied> {
        let tried = self.limiter.confirmation(user.id).map_err(Denied::Wait)?;
        let tried = self.count_together(tried).await.map_err(|refused| match refused {
            SharedTryError::Wait(wait) => Denied::Wait(wait),
            SharedTryError::Store(error) => {
                tracing::warn!(%error, "a password could not be checked");
                Denied::Busy
            }
        })?;
        match self.passwords.check(Visitor::Known(user.id), password, Some(&user.password)).await {
            Ok(PasswordCheck::Right | PasswordCheck::RightUpgraded(_)) => {
                self.succeeded_together(tried).await;
                Ok(())
            }
            Ok(PasswordCheck::Wrong) => {
                tracing::info!(user = %user.id, %client, "a password was not confirmed");
                Err(Denied::Wrong)
            }
            Err(error) => {
                self.take_back_together(tried).await;
                tracing::warn!(%error, "a password could not be checked");
                Err(Denied::Busy)
            }
        }
    }
}
