//! Sends the mails about tickets that are due, by whichever instance claims them first.

use std::time::Duration;

use stakepool_core::accounts::{EmailState, User};
use stakepool_core::chain::Params;
use stakepool_core::ports::{StoreError, TicketMail, TicketMailKind};
use tokio::time::sleep;

use crate::mail::Outbox;
use crate::mail::letters::{self, VotePaid};
use crate::parts::Parts;
use crate::terms::SiteIdentity;
use crate::tickets::missed::Cause;
use crate::tickets::reward::Reward;

/// How often mails to send are looked for.
const LOOK: Duration = Duration::from_secs(2);
/// How long a mail is one instance's alone, and the pause before it is tried again.
const LEASE: Duration = Duration::from_secs(300);
/// How many are taken at a time.
const AT_A_TIME: u64 = 10;
/// After how many tries a mail is given up: about four hours.
const MAX_TRIES: u32 = 48;

/// Sends what is noted, without end.
pub(crate) async fn run(parts: &Parts, outbox: &Outbox, site: &SiteIdentity, params: &Params) {
    if !outbox.is_on() {
        return std::future::pending().await;
    }
    loop {
        match send_some(parts, outbox, site, params).await {
            Ok(0) => sleep(LOOK).await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "mails about tickets wait");
                sleep(LEASE).await;
            }
        }
    }
}

/// Sends what is due, and answers how much was.
async fn send_some(parts: &Parts, outbox: &Outbox, site: &SiteIdentity, params: &Params) -> Result<usize, StoreError> {
    let now = parts.clock.now();
    let mails = parts.ticket_mails.claim_mails(now, now.plus(LEASE), AT_A_TIME).await?;
    for mail in &mails {
        // Those before it may have taken longer than the claim lasts, or this instance stood still: then it is another's.
        if !parts.ticket_mails.keep_claim(mail, parts.clock.now().plus(LEASE)).await? {
            continue;
        }
        if send(parts, outbox, site, params, mail).await? {
            parts.ticket_mails.mail_done(mail).await?;
        }
    }
    Ok(mails.len())
}

/// Sends one mail; false where it must be tried again.
async fn send(
    parts: &Parts,
    outbox: &Outbox,
    site: &SiteIdentity,
    params: &Params,
    mail: &TicketMail,
) -> Result<bool, StoreError> {
    let user = parts.users.by_id(mail.user).await?.filter(gets_mail);
    let (Some(user), Some(report)) = (user, parts.ledger.ticket(&mail.ticket).await?) else { return Ok(true) };
    // What is no longer so is no news: a reorganisation undid it, or an administrator added the ticket.
    if TicketMailKind::of(&report) != Some(mail.kind)
        || !parts.ticket_mails.mail_wishes(user.id).await?.wants(mail.kind)
    {
        return Ok(true);
    }
    let reason = match mail.kind {
        TicketMailKind::Missed => Cause::find(parts.ledger.as_ref(), &report).await?.for_user(),
        TicketMailKind::Ignored | TicketMailKind::Voted => String::new(),
    };
    let reward = Reward::of(&report, params).map(|reward| VotePaid {
        beyond_price: reward.whole,
        to_pool: reward.to_pool,
        is_by_rule: reward.is_by_rule,
    });
    let letter = letters::ticket(site, &user.email, mail.kind, &report, reward.as_ref(), &reason);
    Ok(match outbox.send(Some(user.id), &letter).await {
        Ok(()) => true,
        Err(error) if error.is_passing() && mail.tries < MAX_TRIES => {
            tracing::warn!(user = %user.id, %error, "a mail about a ticket is tried again");
            false
        }
        Err(error) => {
            outbox.give_up(Some(user.id), &letter.subject, &error).await;
            true
        }
    })
}

fn gets_mail(user: &User) -> bool {
    !user.disabled && user.email_state != EmailState::Unverified
}
