//! Registering a user's public key address, by the user or by the user's wallet.

use stakepool_core::accounts::{Registration, User, UserId};

use crate::accounts::lost_indexes::LostIndexes;
use crate::limits::wait::MustWait;
use crate::pool::Pool;
use crate::registration::RegistrationError;

/// Why a wallet's address was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterByApiError {
    /// The user's wallets change too much.
    #[error("too many changes, try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The address, or the pool.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
}

impl Pool {
    /// Registers the public key address of a user, as it was typed. Everything that follows is part of it: no reader sees
    /// the user as before, and the daemons learn of the user at once.
    ///
    /// # Errors
    /// [`RegistrationError`].
    pub async fn register(&self, user: UserId, key: &str) -> Result<Registration, RegistrationError> {
        if let Some(user) = self.user(user).await? {
            if user.registration.is_some() {
                return Err(RegistrationError::AlreadySubmitted);
            }
            if self.must_verify(&user) {
                return Err(RegistrationError::Unverified);
            }
        }
        if let Some(message) = &*self.terms.closed.get() {
            return Err(RegistrationError::Closed(message.clone()));
        }
        // Before the key index is given: at the same moment there are no more than may be.
        self.limiter.registration().map_err(|wait| RegistrationError::TooMany(wait.0))?;
        let registered = self.parts.registrar.register(user, key, &LostIndexes(self)).await;
        if registered.is_err() {
            self.limiter.registration_failed();
        }
        let registration = registered?;
        self.users.forget(user);
        self.reconciler.changed();
        Ok(registration)
    }

    /// As [`Pool::register`], asked for by a wallet of the user, which has a limit of changes.
    ///
    /// # Errors
    /// [`RegisterByApiError`].
    pub async fn register_by_api(&self, user: &User, key: &str) -> Result<Registration, RegisterByApiError> {
        self.limiter.api_write(user.id).map_err(RegisterByApiError::Wait)?;
        Ok(self.register(user.id, key).await?)
    }
}
