//! A new password.

use stakepool_core::accounts::{User, check_policy};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::StoreError;
use warp::http::StatusCode;

use super::{Fault, deny, page};
use stakepool::accounts::email::{Denied, confirm_password};
use crate::browser::flash::Flash;
use crate::session;
use crate::visit::{Outcome, Visit};
use crate::http::respond::add_cookie;

const NOT_DONE: &str = "Your password stays as it is";

/// Changes the password, and signs out every other device.
pub async fn change(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    let refuse = |field, error: String| page(visit, StatusCode::OK, Fault::of(field, NOT_DONE, error));
    let new = visit.form.text("newpassword");
    if new != visit.form.text("newpasswordrepeat") {
        return refuse("newpasswordrepeat", "the two new passwords differ; type the same one twice".to_owned()).await;
    }
    if let Err(error) = check_policy(new, &user.email) {
        return refuse("newpassword", error.to_string()).await;
    }
    if let Err(denied) = confirm_password(visit, user).await {
        return deny(visit, "password", NOT_DONE, &denied).await;
    }
    let hashes = match app.passwords.rehash(visit.client, new, &user.password).await {
        Ok(hash) => hash,
        Err(error) => {
            tracing::warn!(%error, "a password could not be changed");
            return deny(visit, "newpassword", NOT_DONE, &Denied::Busy).await;
        }
    };
    match app.set_password(user.id, &user.password, &hashes).await {
        Err(StoreError::Conflict(_)) => {
            return refuse("password", "it was changed at the same moment by somebody else; try again".to_owned())
                .await;
        }
        stored => stored?,
    }
    // Whoever knew the old password is out everywhere; this browser goes on with a session of its own.
    app.revoke_all_access(user.id).await?;
    let cookie = session::begin(visit, &User { password: hashes, ..user.clone() }).await?;
    app.note(user.id, AuditAction::AccountPassword, format!("from {}", visit.client)).await;
    app.tell(user, "The password of your account was changed in the settings.");
    tracing::info!(user = %user.id, client = %visit.client, "password changed");
    let mut response = visit.done(Notice::PasswordChanged, "/settings");
    add_cookie(&mut response, cookie);
    Ok(response)
}
