//! Mails about tickets, noted when a daemon's report is stored.

use std::collections::HashMap;
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{StoreError, TicketMail, TicketMailKind};
use stakepool_core::reports::TicketReport;
use tokio::time::timeout;

use crate::parts::Parts;

/// How many blocks ago something may have happened to be news. A daemon that is new, or lost its state, reports all
/// that ever happened.
const NEWS: u32 = 300;
/// How long the wallets may take to return the height.
const HEIGHT_LIMIT: Duration = Duration::from_secs(5);

/// Notes the mails that reports give reason for. Reports that come again give none.
///
/// # Errors
/// [`StoreError`].
pub async fn note(parts: &Parts, reports: &[TicketReport]) -> Result<(), StoreError> {
    if !parts.mailer.is_on() {
        return Ok(());
    }
    let notable: Vec<_> = reports.iter().filter_map(|report| Some((TicketMailKind::of(report)?, report))).collect();
    let Some(newest) = notable.iter().map(|(_, report)| happened_at(report)).max() else { return Ok(()) };
    let height = match timeout(HEIGHT_LIMIT, parts.stats.stake_info()).await {
        Ok(Ok(info)) => info.height.0.max(newest),
        _ => newest,
    };
    let is_news = |report: &TicketReport| height.saturating_sub(happened_at(report)) <= NEWS;
    let news: Vec<_> = notable.into_iter().filter(|(_, report)| is_news(report)).collect();
    let claimants = claimants(parts, news.iter().map(|(_, report)| *report)).await?;
    let mail = |(kind, report): (_, &TicketReport)| {
        let user = report.user.or_else(|| claimants.get(&report.ticket).copied())?;
        Some(TicketMail { ticket: report.ticket, kind, user, tries: 0 })
    };
    let mails: Vec<_> = news.into_iter().filter_map(mail).collect();
    parts.ticket_mails.note_mails(&mails, parts.clock.now()).await
}

/// The users who have claimed tickets that daemons report as nobody's.
async fn claimants(
    parts: &Parts,
    reports: impl Iterator<Item = &TicketReport>,
) -> Result<HashMap<TicketHash, UserId>, StoreError> {
    let nobodys: Vec<_> = reports.filter(|report| report.user.is_none()).map(|report| report.ticket).collect();
    if nobodys.is_empty() {
        return Ok(HashMap::new());
    }
    let claims = parts.claims.claims_among(&nobodys).await?;
    Ok(claims.into_iter().map(|claim| (claim.ticket, claim.user)).collect())
}

fn happened_at(report: &TicketReport) -> u32 {
    report.ended_at.unwrap_or(report.facts.mined_at).0
}
