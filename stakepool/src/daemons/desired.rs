//! The desired state, as the stores have it.

use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser};
use stakepool_core::ports::{LowFeeStore, StoreError, UserStore};
use stakepool_core::time::UnixTime;

/// What every daemon should have at the moment `now`: all users with an address, and the added tickets that may still
/// vote. The web and the command line both ask here, so that daemons get the same from either.
///
/// # Errors
/// [`StoreError`] where a store fails.
pub async fn desired_state(
    users: &dyn UserStore,
    low_fee: &dyn LowFeeStore,
    now: UnixTime,
) -> Result<DesiredState, StoreError> {
    let (users, added) = tokio::try_join!(users.registered(), low_fee.active(now))?;
    let users = users.into_iter().filter_map(|user| {
        let address = user.registration?.address;
        Some(DesiredUser { user: user.id, address, voting: user.voting })
    });
    let added = added.into_iter().map(|ticket| AddedTicket { ticket: ticket.ticket, address: ticket.address });
    Ok(DesiredState::new(users, added))
}
