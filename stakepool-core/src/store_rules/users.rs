//! Changes of a user, and how e-mail addresses are compared.

use crate::accounts::User;
use crate::ports::StoreError;

/// What two e-mail addresses share where they are the same: the text without spaces around it, lower-cased, as
/// [`Email::parse`](crate::accounts::Email::parse) makes it. Rows of the predecessor lie there as their users typed them.
pub fn email_key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The stored user with what one change of it did: [`UserStore::update`](crate::ports::UserStore::update) without the
/// storing, and without the look whether another user has the e-mail address.
///
/// # Errors
/// [`StoreError::Conflict`] names the field that somebody else changed since it was read.
pub fn merge_user(stored: &User, before: &User, after: &User) -> Result<User, StoreError> {
    let mut next = stored.clone();
    field(&mut next.email, &before.email, &after.email, "e-mail address")?;
    field(&mut next.email_state, &before.email_state, &after.email_state, "state of the e-mail address")?;
    field(&mut next.password, &before.password, &after.password, "password")?;
    field(&mut next.voting, &before.voting, &after.voting, "voting preference")?;
    field(&mut next.api_keys_valid_from, &before.api_keys_valid_from, &after.api_keys_valid_from, "API key")?;
    field(&mut next.disabled, &before.disabled, &after.disabled, "state of the account")?;
    field(&mut next.admin, &before.admin, &after.admin, "administrator's right")?;
    Ok(next)
}

/// Changes a field that is as it was read, or already as it shall be.
fn field<T: PartialEq + Clone>(stored: &mut T, before: &T, after: &T, name: &'static str) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    if stored != before && stored != after {
        return Err(StoreError::Conflict(name));
    }
    stored.clone_from(after);
    Ok(())
}
