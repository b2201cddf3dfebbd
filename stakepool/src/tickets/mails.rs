//! Mails about tickets, noted when a daemon's report is stored.

use std::time::Duration;

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
    let mail = |(kind, report): (_, &TicketReport)| {
        Some(TicketMail { ticket: report.ticket, kind, user: report.user?, tries: 0 })
    };
    let mails: Vec<_> = notable.into_iter().filter(|(_, report)| is_news(report)).filter_map(mail).collect();
    parts.ticket_mails.note_mails(&mails, parts.clock.now()).await
}

fn happened_at(report: &TicketReport) -> u32 {
    report.ended_at.unwrap_or(report.facts.mined_at).0
}
