//! Removes accounts whose e-mail address nobody has shown to be theirs: anybody can make them for any address, and its owner
//! could not make one then.

use std::time::Duration;

use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::StoreError;
use tokio::time::{MissedTickBehavior, interval};

use crate::pool::Pool;

/// How often they are looked for.
const LOOK: Duration = Duration::from_secs(3600);
/// How many are removed at a time: others write meanwhile.
const AT_A_TIME: u64 = 100;

/// Removes what is old enough, without end.
pub(crate) async fn run(pool: &Pool) {
    // Without mail nobody can verify an address, and nobody needs to.
    let Some(lasts) = pool.settings.unverified_lasts.filter(|_| pool.sends_mail()) else {
        return std::future::pending().await;
    };
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Err(error) = remove(pool, lasts).await {
            tracing::warn!(%error, "accounts that were never verified are not removed now");
        }
    }
}

async fn remove(pool: &Pool, lasts: Duration) -> Result<(), StoreError> {
    loop {
        // While no mail is taken nobody can verify an address.
        if pool.mail_troubles().await?.away.is_some() {
            return Ok(());
        }
        let (now, before) = (pool.now(), pool.now().minus(lasts));
        let keep = pool.settings.administrators.get();
        let removed = pool.parts.unverified.remove_unverified(before, now, &keep, AT_A_TIME).await?;
        for user in &removed {
            pool.users.forget(*user);
            tracing::info!(%user, "an account that was never verified is removed");
            if let Err(error) = pool.return_invitation_of(*user).await {
                tracing::warn!(%error, %user, "the invitation of a removed account is not open again");
            }
            pool.note_of(Actor::Pool, *user, AuditAction::UserExpire, "never verified".to_owned()).await;
        }
        if (removed.len() as u64) < AT_A_TIME {
            return Ok(());
        }
    }
}
