//! Mails about tickets: noted when a daemon's report is stored, sent by whichever instance comes first.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{EmailState, User};
use stakepool_core::ports::{MailError, StoreError, TicketMail, TicketMailKind};
use stakepool_core::reports::TicketReport;
use tokio::time::{sleep, timeout};

use crate::app::App;
use crate::mail::letters;
use crate::missed::Cause;
use crate::services::Services;

/// How often is looked for mails to send.
const LOOK: Duration = Duration::from_secs(2);
/// How long a mail is one instance's alone, and the pause before it is tried again.
const LEASE: Duration = Duration::from_secs(300);
/// How many are taken at a time.
const AT_A_TIME: u64 = 10;
/// After how many tries a mail is given up: about four hours.
const MAX_TRIES: u32 = 48;
/// How many blocks ago something may have happened to be news. A daemon that is new, or lost its state, reports all
/// that ever happened.
const NEWS: u32 = 300;
/// How long the wallets may take to tell the height.
const HEIGHT_LIMIT: Duration = Duration::from_secs(5);

/// Notes the mails that reports give reason for. Reports that come again give none.
///
/// # Errors
/// [`StoreError`].
pub async fn note(services: &Services, reports: &[TicketReport]) -> Result<(), StoreError> {
    if !services.mailer.is_on() {
        return Ok(());
    }
    let told: Vec<_> = reports.iter().filter_map(|report| Some((TicketMailKind::of(report)?, report))).collect();
    let Some(newest) = told.iter().map(|(_, report)| happened_at(report)).max() else { return Ok(()) };
    let height = match timeout(HEIGHT_LIMIT, services.stats.stake_info()).await {
        Ok(Ok(info)) => info.height.0.max(newest),
        _ => newest,
    };
    let is_news = |report: &TicketReport| height.saturating_sub(happened_at(report)) <= NEWS;
    let mails: Vec<_> = told
        .into_iter()
        .filter(|(_, report)| is_news(report))
        .map(|(kind, report)| TicketMail { ticket: report.ticket, kind, user: report.user, tries: 0 })
        .collect();
    services.ticket_mails.note_mails(&mails, services.clock.now()).await
}

fn happened_at(report: &TicketReport) -> u32 {
    report.ended_at.unwrap_or(report.facts.mined_at).0
}

/// Sends what is noted, for ever.
pub async fn run(app: &Arc<App>) {
    if !app.post.is_on() {
        return std::future::pending().await;
    }
    loop {
        match send_some(app).await {
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
async fn send_some(app: &App) -> Result<usize, StoreError> {
    let now = app.now();
    let mails = app.services.ticket_mails.claim_mails(now, now.plus(LEASE), AT_A_TIME).await?;
    for mail in &mails {
        if send(app, mail).await? {
            app.services.ticket_mails.mail_done(mail).await?;
        }
    }
    Ok(mails.len())
}

/// Sends one mail; false where it must be tried again.
async fn send(app: &App, mail: &TicketMail) -> Result<bool, StoreError> {
    let services = &app.services;
    let user = services.users.by_id(mail.user).await?.filter(gets_mail);
    let (Some(user), Some(report)) = (user, services.ledger.ticket(&mail.ticket).await?) else { return Ok(true) };
    // What is no longer so is no news: a reorganisation undid it, or an administrator added the ticket.
    if TicketMailKind::of(&report) != Some(mail.kind)
        || !services.ticket_mails.mail_wishes(user.id).await?.wants(mail.kind)
    {
        return Ok(true);
    }
    let reason = match mail.kind {
        TicketMailKind::Missed => Cause::find(services.ledger.as_ref(), &report).await?.for_user(),
        TicketMailKind::Ignored | TicketMailKind::Voted => String::new(),
    };
    let letter = letters::ticket(&app.options, &user.email, mail.kind, &report, &reason);
    Ok(match app.post.send(&letter).await {
        Ok(()) => true,
        Err(MailError::Later(error)) if mail.tries < MAX_TRIES => {
            tracing::warn!(user = %user.id, error, "a mail about a ticket is tried again");
            false
        }
        Err(error) => {
            tracing::error!(user = %user.id, %error, "a mail about a ticket is given up");
            true
        }
    })
}

fn gets_mail(user: &User) -> bool {
    !user.disabled && user.email_state != EmailState::Unverified
}
