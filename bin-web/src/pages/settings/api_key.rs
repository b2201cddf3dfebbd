//! Renewing and revoking the API key.

use stakepool::accounts::RenewKeyError;
use warp::http::StatusCode;

use super::form::{Answer, TEMPLATE, content, wait_page};
use crate::browser::flash::Flash;
use crate::visit::{Outcome, Visit};

/// Puts a new key in the place of the old one, and shows it.
pub async fn renew(visit: &Visit) -> Outcome {
    let user = match visit.site.pool.renew_api_key(visit.need_user()?, &visit.origin).await {
        Ok(user) => user,
        Err(RenewKeyError::Wait(wait)) => {
            let error = format!(
                "Your API key stays as it is: too many changes of it and with it; try again in {}. If somebody else uses \
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
    visit.site.pool.revoke_api_key(visit.need_user()?, &visit.origin).await?;
    Ok(visit.done(Flash::ApiKeyRevoked, "/settings"))
}
