//! Renewing and revoking the API key.

use stakepool_core::accounts::{User, renewed_validity, revoked_validity};
use stakepool_core::audit::AuditAction;
use warp::http::StatusCode;

use super::{Answer, TEMPLATE, content, wait_page};
use stakepool::accounts::Changed;
use crate::browser::flash::Flash;
use crate::visit::{Outcome, Visit};

/// Puts a new key in the place of the old one, and shows it.
pub async fn renew(visit: &Visit) -> Outcome {
    let (app, user, now) = (&visit.app, visit.need_user()?, visit.app.now());
    if let Err(wait) = app.limiter.api_write(user.id) {
        let error = format!(
            "Your API key stays as it is: too many changes of it and with it; try again in {}. If somebody else uses \
             the key, revoke it now.",
            wait.in_words()
        );
        return wait_page(visit, wait, error).await;
    }
    let user = app.change_user(user.id, |user| user.api_keys_valid_from = renewed_validity(user, now)).await?;
    app.note(user.id, AuditAction::AccountApiKeyRenew, format!("from {}", visit.client)).await;
    tracing::info!(user = %user.id, client = %visit.client, "API key renewed");
    // In the answer itself: another instance of the web may know the old key for a moment.
    let done = "Your API key is renewed; the old one no longer works. Put the new one into your wallet.";
    visit.page(TEMPLATE, StatusCode::OK, &content(visit, &user, true, Answer::Done(done)).await?)
}

/// Revokes the key without a new one. No limit stands before this, not even where somebody else calls with the key as
/// often as they may: a key can be revoked once, and making another is limited.
pub async fn revoke(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    let revoke = |user: &mut User| {
        user.api_keys_valid_from = revoked_validity(user);
        Ok(())
    };
    let Changed { before, after } = app.try_change_user(user.id, revoke).await?;
    if before != after {
        app.note(user.id, AuditAction::AccountApiKeyRevoke, format!("from {}", visit.client)).await;
        tracing::info!(user = %user.id, client = %visit.client, "API key revoked");
    }
    Ok(visit.done(Notice::ApiKeyRevoked, "/settings"))
}
