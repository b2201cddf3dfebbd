//! Who calls: the user of the key in the `Authorization` header.

use std::sync::Arc;

use stakepool::accounts::{ApiKeyError, ClientAddress};
use stakepool_core::accounts::User;
use warp::http::HeaderMap;

use super::answer::Code;
use super::call::Call;
use crate::http::headers::bearer;
use crate::site::Site;

/// Why a call is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The key is missing, wrong, revoked, or its user is gone. One answer for all, so that nothing is learnt from it.
    InvalidToken,
    /// The users cannot be read.
    Unavailable,
}

impl Refused {
    /// The code and the words behind `… error - `.
    pub const fn code_and_words(self) -> (Code, &'static str) {
        match self {
            Self::InvalidToken => (Code::Unauthenticated, "invalid api token"),
            Self::Unavailable => (Code::Unavailable, "the database is not available, try again later"),
        }
    }
}

/// The user of a call, at most a second old.
///
/// # Errors
/// [`Refused`].
pub async fn user(call: &Call) -> Result<Arc<User>, Refused> {
    user_of(&call.site, &call.headers, call.client).await
}

/// The user of a request with these headers, at most a second old.
///
/// # Errors
/// [`Refused`].
pub async fn user_of(site: &Site, headers: &HeaderMap, client: ClientAddress) -> Result<Arc<User>, Refused> {
    let key = bearer(headers).ok_or(Refused::InvalidToken)?;
    site.pool.user_of_api_key_from(&key, client).await.map_err(|error| match error {
        ApiKeyError::Invalid => Refused::InvalidToken,
        ApiKeyError::Store(error) => {
            tracing::error!(%error, %client, "an API call could not be served");
            Refused::Unavailable
        }
    })
}
