//! A new password.

use stakepool::accounts::{ChangePasswordError, Denied, NewPassword};
use warp::http::StatusCode;

use super::form::{Fault, deny, page};
use crate::browser::flash::Flash;
use crate::http::respond::add_cookie;
use crate::pages::enter::session_cookie;
use crate::visit::{Outcome, Visit};

const NOT_DONE: &str = "Your password stays as it is";

/// Changes the password, and signs out every other device.
pub async fn change(visit: &Visit) -> Outcome {
    let (pool, user, form) = (&visit.site.pool, visit.need_user()?, &visit.form);
    let new = NewPassword::new(form.text("newpassword"), form.text("newpasswordrepeat"));
    let error = match pool.change_password(user, form.text("password"), new, &visit.origin).await {
        Ok(session) => {
            let mut response = visit.done(Flash::PasswordChanged, "/settings");
            add_cookie(&mut response, session_cookie(visit, &session));
            return Ok(response);
        }
        Err(error) => error,
    };
    let field = match error {
        ChangePasswordError::Denied(denied) => return deny(visit, "password", NOT_DONE, denied).await,
        ChangePasswordError::Busy => return deny(visit, "newpassword", NOT_DONE, Denied::Busy).await,
        ChangePasswordError::Store(error) => return Err(error.into()),
        ChangePasswordError::Mismatch => "newpasswordrepeat",
        ChangePasswordError::Password(_) => "newpassword",
        ChangePasswordError::ChangedMeanwhile => "password",
    };
    page(visit, StatusCode::OK, Fault::of(field, NOT_DONE, error)).await
}
