//! Showing, renewing and revoking the API key. Each asks for the password: the key outlasts any session.

use stakepool::accounts::{RenewKeyError, RevokeKeyError, ShowKeyError};
use warp::http::StatusCode;

use super::form::{Answer, TEMPLATE, content, deny, deny_both, wait_page};
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::pages::confirm::confirmation;
use crate::visit::{Outcome, Visit};

/// The fields for the password, by their ids: of showing the key or making one, of renewing, of revoking.
const FIELDS: (&str, &str, &str) = ("key-password", "renew-password", "revoke-password");
const NOT_DONE: &str = "Your API key stays as it is";

/// Shows the key.
pub async fn show(visit: &Visit) -> Outcome {
    let user = visit.need_user()?;
    match visit.site.pool.show_api_key(user, visit.form.text("password"), &visit.origin).await {
        Ok(_) => {
            let content = content(visit, user, true, Answer::Nothing).await?;
            visit.page(TEMPLATE, StatusCode::OK, &content)
        }
        Err(ShowKeyError::Denied(denied)) => deny(visit, FIELDS.0, "Your API key is not shown", denied).await,
        Err(ShowKeyError::Key(_)) => Err(PageError::internal()),
    }
}

/// Puts a new key in the place of the old one, and shows it.
pub async fn renew(visit: &Visit) -> Outcome {
    let user = visit.need_user()?;
    let fields = if user.has_no_api_key() { (FIELDS.0, "key-code") } else { (FIELDS.1, "renew-code") };
    let user = match visit.site.pool.renew_api_key(user, confirmation(visit), &visit.origin).await {
        Ok(user) => user,
        Err(RenewKeyError::Denied(denied)) => return deny_both(visit, fields, NOT_DONE, denied).await,
        Err(RenewKeyError::Wait(wait)) => {
            let error = format!(
                "{NOT_DONE}: too many changes of it and with it; try again in {}. If somebody else uses \
                 the key, revoke it now.",
                wait.in_words()
            );
            return wait_page(visit, wait, error).await;
        }
        Err(RenewKeyError::Store(error)) => return Err(error.into()),
    };
    // In the answer itself: another instance of the web may know the old key for a moment.
    let done = "Your API key is renewed; the old one no longer works. Put the new one into your wallet.";
    visit.page(TEMPLATE, StatusCode::OK, &content(visit, &user, true, Answer::Done(done)).await?)
}

/// Revokes the key without a new one.
pub async fn revoke(visit: &Visit) -> Outcome {
    match visit.site.pool.revoke_api_key(visit.need_user()?, visit.form.text("password"), &visit.origin).await {
        Ok(()) => Ok(visit.done(Flash::ApiKeyRevoked, "/settings")),
        Err(RevokeKeyError::Denied(denied)) => deny(visit, FIELDS.2, NOT_DONE, denied).await,
        Err(RevokeKeyError::Store(error)) => Err(error.into()),
    }
}
