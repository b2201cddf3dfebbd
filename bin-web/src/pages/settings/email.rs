//! Another e-mail address.

use stakepool_core::accounts::{Email, User};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::StoreError;
use warp::http::StatusCode;

use super::{Fault, deny, page, wait_page};
use stakepool::accounts::email::confirm_password;
use crate::browser::flash::Flash;
use crate::visit::{Outcome, Visit};

const NOT_DONE: &str = "Your e-mail address stays as it is";
/// The fields for the address and the password, by their ids.
const FIELDS: (&str, &str) = ("email", "email-password");

/// Sends a link to the new address, or, where no mail is sent, changes it at once.
pub async fn change(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    let refuse = |error: String| page(visit, StatusCode::OK, Fault::of(FIELDS.0, NOT_DONE, error));
    let new = match Email::parse(visit.form.text("email")) {
        Ok(new) => new,
        Err(error) => return refuse(error.to_string()).await,
    };
    if new == user.email {
        return refuse("this is your address already".to_owned()).await;
    }
    if let Err(denied) = confirm_password(visit, user).await {
        return deny(visit, FIELDS.1, NOT_DONE, &denied).await;
    }
    // Where no mail is sent the answer tells whether an address has an account, which must not be asked for many.
    if let Err(wait) = app.limiter.ask_for_mail(new.as_str(), visit.client) {
        let what = if app.post.is_on() { "mails were asked for" } else { "addresses were tried" };
        let error = format!("{NOT_DONE}: too many {what}; try again in {}.", wait.in_words());
        return wait_page(visit, wait, error).await;
    }
    if !app.post.is_on() {
        return change_now(visit, user, new).await;
    }
    // Behind the answer, so that its time does not tell whether the address has an account.
    let (behind, account, address) = (app.clone(), user.clone(), new.clone());
    tokio::spawn(async move {
        if let Err(error) = behind.send_email_change(&account, &address).await {
            tracing::error!(user = %account.id, %error, "a change of address could not be begun");
        }
    });
    app.note(user.id, AuditAction::AccountEmailAsk, format!("{new} from {}", visit.client)).await;
    Ok(visit.done(Notice::EmailChangeAsked, "/settings"))
}

async fn change_now(visit: &Visit, user: &User, new: Email) -> Outcome {
    let app = &visit.app;
    match app.change_user(user.id, |user| user.email = new.clone()).await {
        Ok(_) => {}
        Err(StoreError::EmailTaken) => {
            let fault = Fault::of(FIELDS.0, NOT_DONE, "there is an account with the new address already");
            return page(visit, StatusCode::OK, fault).await;
        }
        Err(error) => return Err(error.into()),
    }
    app.note(user.id, AuditAction::AccountEmail, format!("{} to {new}", user.email)).await;
    Ok(visit.done(Notice::EmailChanged, "/settings"))
}
