//! Tries of second factors: few guess six digits, so that all clients and all instances share one limit, and a restart
//! forgets none.

use stakepool_core::accounts::UserId;
use stakepool_core::ports::StoreError;

use crate::limits::tries::Try;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// A try that is counted. Unless it is [forgiven](Pool::factor_shown), it counts as a failure.
#[must_use]
pub(super) struct FactorTry {
    user: UserId,
    here: Try,
}

/// Why no code is looked at.
pub(super) enum FactorTryError {
    Wait(MustWait),
    Store(StoreError),
}

/// What the tries of a user are counted as.
fn subject(user: UserId) -> String {
    format!("second_factor/{user}")
}

impl Pool {
    /// Counts that a user shows a second factor, before it is looked at.
    pub(super) async fn try_factor(&self, user: UserId) -> Result<FactorTry, FactorTryError> {
        // What this instance knows costs the store nothing.
        let here = self.limiter.second_factor(user).map_err(FactorTryError::Wait)?;
        let (now, tries) = (self.now(), &self.settings.tries);
        let until = now.plus(tries.window);
        let refused = match self.parts.tries.count_try(&subject(user), tries.sign_ins_per_account, now, until).await {
            Ok(None) => return Ok(FactorTry { user, here }),
            Ok(Some(ends)) => FactorTryError::Wait(MustWait::between(now, ends)),
            Err(error) => FactorTryError::Store(error),
        };
        // No code is looked at: what is counted here must not lengthen the wait that the store says.
        self.limiter.take_back(here);
        Err(refused)
    }

    /// Forgets the tries of a user who has shown the second factor. Where the store fails, they end with their time: the
    /// code is used up already, and must not be lost.
    pub(super) async fn factor_shown(&self, tried: FactorTry) {
        self.limiter.succeeded(tried.here);
        if let Err(error) = self.parts.tries.forget_tries(&subject(tried.user)).await {
            tracing::warn!(%error, user = %tried.user, "the tries of a second factor are not forgotten yet");
        }
    }
}
