//! What is wrong with the service for wallets of today.

use stakepool_core::alert::AlertKind;
use stakepool_core::chain::Amount;
use stakepool_core::vsp::{FeeStatus, RegisteredState};

use crate::status::finding::Finding;
use crate::vsp::{NodeReport, VspReport};

/// The most that wallets of today pay: Exilibrium, and exccwallet by itself.
const WALLETS_PAY: [(&str, Amount); 2] =
    [("exccwallet", Amount::from_atoms(20_000_000)), ("Exilibrium", Amount::from_atoms(10_000_000))];

/// What is wrong with the service, whose nodes may be so many blocks behind.
pub(super) fn of_vsp(report: &VspReport, max_lag: u32) -> Vec<Finding> {
    let mut found: Vec<_> = report.nodes.iter().filter_map(|node| of_node(node, max_lag)).collect();
    if let (Some(hindrance), None) = (report.hindrance, &report.closed) {
        let text = format!(
            "they are sold no tickets, and read the reason: {hindrance}. Those that are registered are voted; `stakepoolctl vsp close` is \
             the way to sell none on purpose"
        );
        found.push(Finding::new(AlertKind::VspNotSold, "wallets of today", text));
    }
    found.extend(of_fees(report));
    found.extend(of_quote(report));
    found.extend(of_keys(report));
    found
}

fn of_node(node: &NodeReport, max_lag: u32) -> Option<Finding> {
    let about = format!("node {} of the web", node.name);
    if let Some(error) = &node.error {
        let text = format!("it does not answer, and wallets of today need it: {error}");
        return Some(Finding::new(AlertKind::NodeAway, about, text));
    }
    let lag = node.lag.filter(|lag| *lag > max_lag)?;
    Some(Finding::new(AlertKind::Lag, about, format!("it is {lag} blocks behind")))
}

fn of_fees(report: &VspReport) -> Option<Finding> {
    let failed = report.count(RegisteredState::Open(FeeStatus::Error));
    let mut texts = Vec::new();
    if failed > 0 {
        texts.push(format!(
            "{failed} of them cannot be sent, or were spent by other transactions: their tickets are not voted until the owners pay \
             again, which wallets do by themselves while they are online"
        ));
    }
    if report.overdue_fees > 0 {
        texts.push(format!(
            "{} of them should be with the node and are not: look whether it takes transactions, and into the web's log",
            report.overdue_fees
        ));
    }
    if let Some(reason) = &report.blocks_wait {
        texts.push(format!("new blocks are not worked through, so that none is sent or settled: {reason}"));
    }
    (!texts.is_empty()).then(|| Finding::new(AlertKind::VspFees, "fees of wallets of today", texts.join("; ")))
}

/// A fee that is higher than wallets pay: they buy, and then fail to register.
fn of_quote(report: &VspReport) -> Option<Finding> {
    let fee = report.fee?;
    let less: Vec<_> = WALLETS_PAY.into_iter().filter(|(_, most)| fee > *most).collect();
    let (_, least) = less.last()?;
    let wallets: Vec<_> = less.iter().map(|(wallet, most)| format!("{wallet} pays {most} at most")).collect();
    let text = format!(
        "a ticket of today's price is asked {fee} EXCC, but {}: such a wallet buys tickets that it cannot register. Set vspmaxfee to \
         {least} or less",
        wallets.join(", ")
    );
    Some(Finding::new(AlertKind::VspFees, "vspmaxfee", text))
}

fn of_keys(report: &VspReport) -> Option<Finding> {
    let mut texts = Vec::new();
    if report.unopened_keys > 0 {
        texts.push(format!(
            "{} of them cannot be opened with the key in vspkeyfile, and their tickets are voted by daemons that have the keys \
             already: put back the file that belongs to this database",
            report.unopened_keys
        ));
    }
    texts.extend(report.key_file.clone());
    (!texts.is_empty()).then(|| Finding::new(AlertKind::VspKeys, "voting keys of wallets of today", texts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(change: impl FnOnce(&mut VspReport)) -> Vec<AlertKind> {
        let mut report = VspReport::default();
        change(&mut report);
        of_vsp(&report, 3).into_iter().map(|found| found.kind).collect()
    }

    #[test]
    fn a_service_that_is_well_or_closed_on_purpose_says_nothing() {
        assert_eq!(kinds(|_| {}), []);
        assert_eq!(
            kinds(|report| {
                report.closed = Some("closed".to_owned());
                report.hindrance = Some("no voting daemon can vote at this moment");
            }),
            []
        );
    }

    #[test]
    fn a_fee_above_what_the_thriftiest_wallet_pays_is_found() {
        let fee = |atoms| kinds(|report| report.fee = Some(Amount::from_atoms(atoms)));
        assert_eq!((fee(10_000_000), fee(10_000_001)), (vec![], vec![AlertKind::VspFees]));
        let report = VspReport { fee: Some(Amount::from_atoms(30_000_000)), ..VspReport::default() };
        assert!(of_vsp(&report, 3)[0].text.contains("Exilibrium pays 0.1"), "{:?}", of_vsp(&report, 3));
    }

    #[test]
    fn nodes_that_are_away_or_behind_are_named() {
        let node = |height, lag, error: Option<&str>| NodeReport {
            name: "n:1".to_owned(),
            height,
            lag,
            error: error.map(str::to_owned),
        };
        assert_eq!(kinds(|report| report.nodes = vec![node(Some(5), Some(3), None)]), []);
        assert_eq!(kinds(|report| report.nodes = vec![node(Some(5), Some(4), None)]), [AlertKind::Lag]);
        assert_eq!(kinds(|report| report.nodes = vec![node(None, None, Some("away"))]), [AlertKind::NodeAway]);
    }
}
