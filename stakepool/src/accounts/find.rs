//! The account that somebody names by its e-mail address.

use stakepool_core::accounts::{Email, User};
use stakepool_core::ports::StoreError;

use crate::pool::Pool;

impl Pool {
    /// The user whose e-mail address was typed, however it is spelled there or in the store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_of_typed_email(&self, typed: &str) -> Result<Option<User>, StoreError> {
        for email in Email::spellings(typed) {
            if let Some(user) = self.parts.users.by_email(&email).await? {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    /// Whether an account of before has a new address in another spelling, which the store cannot see.
    pub(super) async fn has_other_spelling(&self, new: &Email) -> Result<bool, StoreError> {
        for other in Email::spellings(new.as_str()).iter().skip(1) {
            if self.parts.users.by_email(other).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
