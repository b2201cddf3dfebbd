//! Who may see the administrators' pages.

use stakepool_core::accounts::User;
use stakepool_core::log_throttle::LogThrottle;
use tokio::time::Instant;

use crate::page_error::PageError;
use crate::visit::Visit;

/// The administrator who comes.
///
/// # Errors
/// [`PageError::SignInFirst`] where nobody is signed in, [`PageError::SecondFactorFirst`] for an administrator without the
/// second factor that the operator demands, [`PageError::AdministratorsOnly`] for everybody else.
pub async fn guard(visit: &Visit) -> Result<&User, PageError> {
    let user = visit.need_user()?;
    if visit.administrator().is_none() {
        static LINES: LogThrottle = LogThrottle::new();
        if let Some(unsaid) = LINES.pass(Instant::now().into_std()) {
            let (client, page) = (visit.client, &visit.path);
            tracing::warn!(user = %user.id, %client, page, unsaid, "administration was refused");
        }
        return Err(PageError::AdministratorsOnly);
    }
    if visit.site.pool.needs_second_factor(user) && visit.site.pool.lacks_second_factor(user.id).await? {
        return Err(PageError::SecondFactorFirst);
    }
    Ok(user)
}
