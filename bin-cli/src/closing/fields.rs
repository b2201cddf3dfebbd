//! A closing as it is shown.

use stakepool::status::ClosingReport;

/// What people read of a closing.
pub(crate) fn fields(report: &ClosingReport) -> Vec<(&'static str, String)> {
    let ClosingReport { on, closed, tickets, last_block, last_about } = report;
    let closes = format!("{} ({})", on.readable(), if *closed { "closed" } else { "to come" });
    let last = match (last_block, last_about) {
        (Some(block), Some(about)) => format!("at block {block}, about {}", about.readable()),
        (Some(block), None) => format!("at block {block}"),
        _ => "none is left".to_owned(),
    };
    vec![("closes", closes), ("tickets", format!("{tickets} still to be voted")), ("last is over", last)]
}
