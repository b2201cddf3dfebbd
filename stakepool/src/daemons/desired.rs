//! The desired state, as the stores have it.

use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser};
use stakepool_core::ports::{LowFeeStore, StoreError, UpkeepStore, UserStore};
use stakepool_core::time::UnixTime;

use crate::parts::Parts;
use crate::terms_notes::{history, read_terms};
use crate::unknown_notes::read_acknowledged;

/// As [`desired_state`] now, with the tickets of wallets of today, where these are served.
pub(super) async fn desired_by(parts: &Parts) -> Result<DesiredState, StoreError> {
    let Parts { users, low_fee, upkeep, clock, .. } = parts;
    let state = desired_state(users.as_ref(), low_fee.as_ref(), upkeep.as_ref(), clock.now()).await?;
    #[cfg(feature = "vsp")]
    if let Some(vsp) = &parts.vsp {
        return vsp.add_to(state).await;
    }
    Ok(state)
}

/// What every daemon should have at the moment `now`: all users with an address, the added tickets that may still vote, the
/// addresses without a user that the operator has acknowledged, the users' scripts, and the terms by which tickets are
/// judged. The web and the command line both ask here, so that daemons get the same from either.
///
/// # Errors
/// [`StoreError`] where a store fails.
pub async fn desired_state(
    users: &dyn UserStore,
    low_fee: &dyn LowFeeStore,
    upkeep: &dyn UpkeepStore,
    now: UnixTime,
) -> Result<DesiredState, StoreError> {
    let (users, added, acknowledged, terms) =
        tokio::try_join!(users.registered(), low_fee.active(now), read_acknowledged(upkeep), read_terms(upkeep))?;
    let scripts: Vec<_> = users.iter().filter_map(|user| Some(user.registration.as_ref()?.script)).collect();
    let users = users.into_iter().filter_map(|user| {
        let address = user.registration?.address;
        Some(DesiredUser { user: user.id, address, voting: user.voting })
    });
    let added = added.into_iter().map(|ticket| AddedTicket { ticket: ticket.ticket, address: ticket.address });
    let desired = DesiredState::new(users, added).with_acknowledged(acknowledged.into_keys()).with_scripts(scripts);
    Ok(desired.with_terms(history(&terms)))
}
