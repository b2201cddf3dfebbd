//! Another e-mail address.

use stakepool::accounts::{ChangeEmailError, EmailChange};
use warp::http::StatusCode;

use super::form::{Fault, deny_both, page, wait_page};
use crate::browser::flash::Flash;
use crate::pages::confirm::confirmation;
use crate::visit::{Outcome, Visit};

const NOT_DONE: &str = "Your e-mail address stays as it is";
/// The fields for the password and the code, and that for the address, by their ids.
const FIELDS: (&str, &str) = ("email-password", "email-code");
const ADDRESS: &str = "email";

/// Sends a link to the new address, or, where no mail is sent, changes it at once.
pub async fn change(visit: &Visit) -> Outcome {
    let (pool, user, form) = (&visit.site.pool, visit.need_user()?, &visit.form);
    let error = match pool.change_email(user, form.text("email"), confirmation(visit), &visit.origin).await {
        Ok(EmailChange::Asked) => return Ok(visit.done(Flash::EmailChangeAsked, "/settings")),
        Ok(EmailChange::Changed) => return Ok(visit.done(Flash::EmailChanged, "/settings")),
        Err(error) => error,
    };
    match error {
        ChangeEmailError::Denied(denied) => deny_both(visit, FIELDS, NOT_DONE, denied).await,
        ChangeEmailError::Wait(wait) => {
            let what = if pool.sends_mail() { "mails were asked for" } else { "addresses were tried" };
            let error = format!("{NOT_DONE}: too many {what}; try again in {}.", wait.in_words());
            wait_page(visit, wait, error).await
        }
        ChangeEmailError::Store(error) => Err(error.into()),
        error @ (ChangeEmailError::Email(_) | ChangeEmailError::Same | ChangeEmailError::Taken) => {
            page(visit, StatusCode::OK, Fault::of(ADDRESS, NOT_DONE, error)).await
        }
    }
}
