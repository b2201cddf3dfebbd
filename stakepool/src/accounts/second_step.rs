//! The second step of signing in: a one-time password, or a recovery code.

use stakepool_core::accounts::{RecoveryCode, User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{SessionToken, StoreError};

use crate::accounts::factor_tries::FactorTryError;
use crate::accounts::sessions::{FactorShown, NewSession};
use crate::accounts::sign_in::EnterError;
use crate::limits::origin::Origin;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// How the second factor was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedInBy {
    /// By a code from the user's device.
    Device,
    /// By a recovery code, which is used up.
    Recovery,
}

/// Why the second step does not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SecondStepError {
    /// There was no first step, or it is too long ago.
    #[error("sign in with the password first")]
    NoFirstStep,
    /// Too many failed tries.
    #[error("too many failed tries; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The code is wrong, or was used already.
    #[error("this code is wrong, or was used already")]
    Wrong,
    /// The password was changed meanwhile.
    #[error("the password was changed at the same moment; sign in with the new one")]
    PasswordChanged(Box<User>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FactorTryError> for SecondStepError {
    fn from(error: FactorTryError) -> Self {
        match error {
            FactorTryError::Wait(wait) => Self::Wait(wait),
            FactorTryError::Store(error) => Self::Store(error),
        }
    }
}

impl From<EnterError> for SecondStepError {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::PasswordChanged(user) => Self::PasswordChanged(user),
            EnterError::Store(error) => Self::Store(error),
        }
    }
}

impl Pool {
    /// Signs a user in who has shown the right password before, by the note of that first step and a code. All clients
    /// share one limit of tries: few tries guess six digits.
    ///
    /// # Errors
    /// [`SecondStepError`].
    pub async fn second_step(
        &self,
        note: &str,
        code: &str,
        origin: &Origin,
        old: Option<&SessionToken>,
    ) -> Result<(NewSession, SignedInBy), SecondStepError> {
        let user = self.first_step(note).await?.ok_or(SecondStepError::NoFirstStep)?;
        let tried = self.try_factor(user.id).await?;
        let Some(by) = self.check_code(user.id, code).await? else {
            tracing::info!(user = %user.id, client = %origin.client, "a second factor failed");
            return Err(SecondStepError::Wrong);
        };
        self.factor_shown(tried).await;
        if by == SignedInBy::Recovery {
            self.note(user.id, AuditAction::AccountRecovery, format!("from {}", origin.client)).await;
            self.mail_change(&user, "Somebody signed in to your account with a recovery code, which is used up now.");
        }
        Ok((self.enter(user, FactorShown::Yes, origin, old).await?, by))
    }

    /// Whether a code is right. It is used up.
    pub(super) async fn check_code(&self, user: UserId, typed: &str) -> Result<Option<SignedInBy>, StoreError> {
        let store = &self.parts.second_factors;
        let Some(factor) = store.second_factor(user).await?.filter(|factor| factor.confirmed) else { return Ok(None) };
        let secret = self.factor_key.open(user, &factor.secret);
        if let Some(step) = secret.as_ref().ok().and_then(|secret| secret.step_of(typed, self.now())) {
            return Ok(store.use_step(user, step).await?.then_some(SignedInBy::Device));
        }
        match RecoveryCode::parse(typed) {
            // Also where the secret cannot be read: this is what recovery codes are for.
            Some(code) => Ok(store.use_recovery(user, &code.hash()).await?.then_some(SignedInBy::Recovery)),
            None => secret.map(|_| None),
        }
    }
}
