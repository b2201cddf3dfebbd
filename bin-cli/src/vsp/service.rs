//! The service for wallets of today of the pool that is open.

use std::sync::Arc;

use stakepool::vsp::Vsp;

use crate::error::CliError;
use crate::pool::OpenPool;

/// The service.
pub(super) fn service(open: &OpenPool) -> Result<&Arc<Vsp>, CliError> {
    open.pool.vsp().ok_or_else(|| {
        let reason = "this pool does not serve wallets of today: set vsp=1 in its configuration, and start stakepool-web \
                      once, which makes the service's key";
        CliError::Config(reason.to_owned())
    })
}
