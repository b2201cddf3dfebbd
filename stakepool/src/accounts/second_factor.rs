//! Setting up, renewing and removing the second factor.

use stakepool_core::accounts::{RecoveryCode, TotpSecret, User};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{SecondFactor, SessionToken, StoreError};

use crate::accounts::confirm::Denied;
use crate::accounts::factor_tries::FactorTryError;
use crate::limits::origin::Origin;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// A secret for the user's device. It counts once the device has shown that it has it.
pub struct SecondFactorSetUp {
    /// The secret.
    pub secret: TotpSecret,
}

/// Why the second factor stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The password.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is on already.
    #[error("the second factor is on already")]
    IsOn,
    /// There is none.
    #[error("there is no second factor")]
    IsOff,
    /// The code is wrong, or was used already.
    #[error("the code is wrong, or was used already")]
    WrongCode,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the second factor is not on yet.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmFactorError {
    /// Nothing was proposed, or it is on already.
    #[error("no second factor is being set up")]
    NothingProposed,
    /// Too many failed tries.
    #[error("too many failed tries; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The code is wrong; the same secret can be tried again.
    #[error("this code is wrong")]
    Wrong(Box<TotpSecret>),
    /// It was set up elsewhere at the same moment.
    #[error("the second factor was set up at the same moment elsewhere; begin again")]
    SetUpElsewhere,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FactorTryError> for SecondFactorError {
    fn from(error: FactorTryError) -> Self {
        match error {
            FactorTryError::Wait(wait) => Self::Denied(Denied::Wait(wait)),
            FactorTryError::Store(error) => Self::Store(error),
        }
    }
}

impl From<FactorTryError> for ConfirmFactorError {
    fn from(error: FactorTryError) -> Self {
        match error {
            FactorTryError::Wait(wait) => Self::Wait(wait),
            FactorTryError::Store(error) => Self::Store(error),
        }
    }
}

impl Pool {
    /// The confirmed second factor of a user, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn second_factor(&self, user: &User) -> Result<Option<SecondFactor>, StoreError> {
        Ok(self.parts.second_factors.second_factor(user.id).await?.filter(|factor| factor.confirmed))
    }

    /// Proposes a secret. It counts once [`Pool::confirm_second_factor`] is called with a code of it.
    ///
    /// # Errors
    /// [`SecondFactorError`].
    pub async fn propose_second_factor(
        &self,
        user: &User,
        password: &str,
        origin: &Origin,
    ) -> Result<SecondFactorSetUp, SecondFactorError> {
        self.confirm_password(user, password, origin.client).await?;
        let secret = TotpSecret::random(self.parts.random.as_ref());
        let sealed = self.factor_key.seal(user.id, &secret)?;
        match self.parts.second_factors.propose_factor(user.id, &sealed).await {
            Ok(()) => Ok(SecondFactorSetUp { secret }),
            Err(StoreError::Conflict(_)) => Err(SecondFactorError::IsOn),
            Err(error) => Err(error.into()),
        }
    }

    /// Turns the proposed factor on, with a code of it. The recovery codes, which are shown once. Every session but this
    /// one ends: nobody there has shown the second factor.
    ///
    /// # Errors
    /// [`ConfirmFactorError`].
    pub async fn confirm_second_factor(
        &self,
        user: &User,
        code: &str,
        session: Option<&SessionToken>,
        origin: &Origin,
    ) -> Result<Vec<RecoveryCode>, ConfirmFactorError> {
        let store = &self.parts.second_factors;
        let proposed = store.second_factor(user.id).await?.filter(|factor| !factor.confirmed);
        let factor = proposed.ok_or(ConfirmFactorError::NothingProposed)?;
        let tried = self.try_factor(user.id).await?;
        let secret = self.factor_key.open(user.id, &factor.secret)?;
        let Some(step) = secret.step_of(code, self.now()) else {
            return Err(ConfirmFactorError::Wrong(Box::new(secret)));
        };
        self.factor_shown(tried).await;
        let codes = RecoveryCode::some(self.parts.random.as_ref());
        if !store.confirm_factor(user.id, &factor.secret, step, &hashes(&codes)).await? {
            return Err(ConfirmFactorError::SetUpElsewhere);
        }
        self.parts.sessions.end_all(user.id, session).await?;
        self.note(user.id, AuditAction::AccountFactorOn, format!("from {}", origin.client)).await;
        self.mail_change(user, "The second factor of your account was turned on.");
        Ok(codes)
    }

    /// Asks for both factors: who has the password and an open browser must not get rid of the second one.
    async fn confirm_both(
        &self,
        user: &User,
        password: &str,
        code: &str,
        origin: &Origin,
    ) -> Result<(), SecondFactorError> {
        self.confirm_password(user, password, origin.client).await?;
        if self.lacks_second_factor(user.id).await? {
            return Err(SecondFactorError::IsOff);
        }
        let tried = self.try_factor(user.id).await?;
        self.check_code(user.id, code).await?.ok_or(SecondFactorError::WrongCode)?;
        self.factor_shown(tried).await;
        Ok(())
    }

    /// Makes new recovery codes; the old ones are void. `code` is one from the user's device, or a recovery code.
    ///
    /// # Errors
    /// [`SecondFactorError`].
    pub async fn renew_recovery_codes(
        &self,
        user: &User,
        password: &str,
        code: &str,
        origin: &Origin,
    ) -> Result<Vec<RecoveryCode>, SecondFactorError> {
        self.confirm_both(user, password, code, origin).await?;
        let codes = RecoveryCode::some(self.parts.random.as_ref());
        self.parts.second_factors.renew_recovery(user.id, &hashes(&codes)).await?;
        self.note(user.id, AuditAction::AccountFactorCodes, format!("from {}", origin.client)).await;
        self.mail_change(user, "New recovery codes were made for your account; the old ones no longer work.");
        Ok(codes)
    }

    /// Turns the second factor off. `code` is one from the user's device, or a recovery code.
    ///
    /// # Errors
    /// [`SecondFactorError`].
    pub async fn remove_second_factor(
        &self,
        user: &User,
        password: &str,
        code: &str,
        origin: &Origin,
    ) -> Result<(), SecondFactorError> {
        self.confirm_both(user, password, code, origin).await?;
        self.parts.second_factors.remove_factor(user.id).await?;
        self.note(user.id, AuditAction::AccountFactorOff, format!("from {}", origin.client)).await;
        self.mail_change(user, "The second factor of your account was turned off.");
        Ok(())
    }
}

fn hashes(codes: &[RecoveryCode]) -> Vec<[u8; 32]> {
    codes.iter().map(RecoveryCode::hash).collect()
}
