//! What is wrong between two daemons: they follow different chains, or are the same one twice.

use stakepool_core::alert::AlertKind;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::DaemonStatus;

use crate::daemons::DaemonView;
use crate::status::finding::Finding;

/// Daemons that differ in so many blocks are not just a moment apart.
const APART: u32 = 3;

/// What is wrong between each two daemons that answer.
pub(super) fn of_pairs(daemons: &[(String, Option<DaemonView>)]) -> Vec<Finding> {
    let answer = |(name, view): &'_ (String, Option<DaemonView>)| {
        let view = view.as_ref().filter(|view| view.in_sync)?;
        Some((name.clone(), view.status.clone()?))
    };
    let answering: Vec<_> = daemons.iter().filter_map(answer).collect();
    let mut found = Vec::new();
    for (index, (a, of_a)) in answering.iter().enumerate() {
        for (b, of_b) in &answering[index + 1..] {
            let about = format!("daemons {a} and {b}");
            if let Some(height) = apart(of_a, of_b) {
                let text = format!(
                    "they follow different chains: their nodes have had other blocks since {height} at the latest. See in a block \
                     explorer which one the network follows; stop the other daemon's node, and have it load the chain again where it \
                     does not come back by itself"
                );
                found.push(Finding::new(AlertKind::Disagreement, about.clone(), text));
            }
            if !of_a.id.is_empty() && of_a.id == of_b.id {
                let text = format!(
                    "both call themselves {}: one began with a copy of the other's data directory, with its state and its name. Stop \
                     one of them, remove daemon.id and stakepoold.state from its datadir, and start it again; or stakepooldhosts names \
                     one daemon twice",
                    of_a.id
                );
                found.push(Finding::new(AlertKind::Disagreement, about, text));
            }
        }
    }
    found
}

/// The lowest known height at which two daemons have different blocks, deep enough below the tips of both.
fn apart(a: &DaemonStatus, b: &DaemonStatus) -> Option<BlockHeight> {
    let tip = |status: &DaemonStatus| status.latest_blocks.iter().map(|(_, height)| *height).max();
    let deep = tip(a)?.min(tip(b)?).minus(APART - 1);
    let differs = |(hash, height): &&(_, BlockHeight)| {
        *height <= deep && b.latest_blocks.iter().any(|(other, at)| at == height && other != hash)
    };
    a.latest_blocks.iter().filter(differs).map(|(_, height)| *height).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::BlockHash;
    use stakepool_core::testkit::FakeDaemon;

    /// A daemon on a chain that branches off above `fork`.
    fn daemon(name: &str, tip: u32, fork: u32, branch: u8) -> (String, Option<DaemonView>) {
        let mut status = FakeDaemon::new(name).status.lock().unwrap().clone();
        let block = |height| BlockHash::from_bytes([if height > fork { branch } else { 0 }; 32]);
        status.latest_blocks = (tip - 7..=tip).rev().map(|height| (block(height), BlockHeight(height))).collect();
        (name.to_owned(), Some(DaemonView { status: Some(status), in_sync: true, ..DaemonView::default() }))
    }

    #[test]
    fn daemons_on_different_chains_for_three_blocks_are_found_and_a_moment_apart_is_not() {
        let beside = |tip, fork| of_pairs(&[daemon("a", 100, 97, 1), daemon("b", tip, fork, 2)]);
        let found = beside(100, 97);
        assert_eq!((found.len(), found[0].about.as_str()), (1, "daemons a and b"));
        assert!(found[0].text.contains("different chains") && found[0].text.contains("since 98"), "{}", found[0].text);
        assert_eq!(beside(101, 97).len(), 1, "heights need not be the same");
        assert_eq!(beside(99, 97), [], "two blocks may still be undone");
        assert_eq!(
            of_pairs(&[daemon("a", 100, 200, 1), daemon("b", 97, 200, 1)]),
            [],
            "one is behind on the same chain"
        );
        let mut away = daemon("b", 100, 90, 2);
        away.1.as_mut().unwrap().in_sync = false;
        assert_eq!(of_pairs(&[daemon("a", 100, 90, 1), away]), []);
    }

    #[test]
    fn a_daemon_that_began_with_a_copy_of_anothers_data_directory_is_found() {
        let mut copy = daemon("b", 100, 200, 1);
        copy.1.as_mut().unwrap().status.as_mut().unwrap().id = "a".to_owned();
        let found = of_pairs(&[daemon("a", 100, 200, 1), copy]);
        assert!(found.len() == 1 && found[0].text.contains("remove daemon.id"), "{found:?}");
    }
}
