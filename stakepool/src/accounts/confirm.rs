//! Asking a signed-in user for the password once more, and for the second factor.

use stakepool_core::accounts::{PasswordCheck, User};
use stakepool_core::ports::StoreError;

use crate::accounts::factor_tries::FactorTryError;
use crate::accounts::shared_tries::SharedTryError;
use crate::limits::origin::ClientAddress;
use crate::limits::password_queue::Visitor;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// What a signed-in user gives once more before something that opens the account or cannot be undone: an open browser is not
/// enough for it.
#[derive(Clone, Copy)]
pub struct Confirmation<'a> {
    /// The password.
    pub password: &'a str,
    /// A code from the user's device, or a recovery code; nothing is read where there is no second factor.
    pub code: &'a str,
}

impl<'a> From<&'a str> for Confirmation<'a> {
    /// The password of a user without a second factor.
    fn from(password: &'a str) -> Self {
        Self { password, code: "" }
    }
}

impl<'a> From<&'a String> for Confirmation<'a> {
    /// As of a text.
    fn from(password: &'a String) -> Self {
        Self::from(password.as_str())
    }
}

/// Why a password that was asked for again is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Too many tries.
    #[error("too many tries; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// It is wrong.
    #[error("the current password is wrong")]
    Wrong,
    /// The code of the second factor is missing, wrong or used.
    #[error("the two-factor code is missing, wrong or used already; type the next one")]
    Code,
    /// It could not be checked.
    #[error("the server could not check the password now; try again in a few seconds")]
    Busy,
}

impl Pool {
    /// Checks a code of a signed-in user's second factor, which is used up; where there is none, nothing is asked. It comes
    /// after everything else that can refuse what is confirmed: a recovery code must not be lost for nothing.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn confirm_code(&self, user: &User, code: &str, client: ClientAddress) -> Result<(), Denied> {
        let busy = |error: StoreError| {
            tracing::warn!(%error, "a code could not be checked");
            Denied::Busy
        };
        if self.lacks_second_factor(user.id).await.map_err(busy)? {
            return Ok(());
        }
        if code.trim().is_empty() {
            return Err(Denied::Code);
        }
        let tried = self.try_factor(user.id).await.map_err(|refused| match refused {
            FactorTryError::Wait(wait) => Denied::Wait(wait),
            FactorTryError::Store(error) => busy(error),
        })?;
        if self.check_code(user.id, code).await.map_err(busy)?.is_none() {
            tracing::info!(user = %user.id, %client, "a code was not confirmed");
            return Err(Denied::Code);
        }
        self.factor_shown(tried).await;
        Ok(())
    }

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
