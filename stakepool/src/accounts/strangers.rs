//! Tries of somebody who names no account, such as a monitor with a token.

use crate::limits::origin::ClientAddress;
use crate::limits::tries::Try;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// A try that is counted as failed unless it is said to have [succeeded](StrangerTry::succeeded).
#[must_use]
pub struct StrangerTry<'a> {
    pool: &'a Pool,
    tried: Try,
}

impl Pool {
    /// Counts a try by client, as failed sign-ins are. `what` tells kinds of tries apart.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn stranger_tries(&self, what: &'static str, client: ClientAddress) -> Result<StrangerTry<'_>, MustWait> {
        Ok(StrangerTry { pool: self, tried: self.limiter.stranger(what, client)? })
    }
}

impl StrangerTry<'_> {
    /// The try was right: it does not count.
    pub fn succeeded(self) {
        self.pool.limiter.succeeded(self.tried);
    }
}
