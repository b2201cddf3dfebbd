//! Renewing and revoking the API key.

use stakepool_core::accounts::{NO_API_KEY, renewed_validity};

use crate::notice::Notice;
use crate::visit::{Outcome, Visit};

/// Puts a new key in the place of the old one.
pub async fn renew(visit: &Visit) -> Outcome {
    let (app, user, now) = (&visit.app, visit.need_user()?, visit.app.now());
    app.change_user(user.id, |user| user.api_keys_valid_from = renewed_validity(user, now)).await?;
    app.note(user.id, "account.api_key.renew", format!("from {}", visit.client)).await;
    tracing::info!(user = %user.id, client = %visit.client, "API key renewed");
    Ok(visit.done(Notice::ApiKeyRenewed, "/settings"))
}

/// Revokes the key without a new one.
pub async fn revoke(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    app.change_user(user.id, |user| user.api_keys_valid_from = NO_API_KEY).await?;
    app.note(user.id, "account.api_key.revoke", format!("from {}", visit.client)).await;
    tracing::info!(user = %user.id, client = %visit.client, "API key revoked");
    Ok(visit.done(Notice::ApiKeyRevoked, "/settings"))
}
