//! Whether tickets can be taken now: whoever buys one must have it voted.

use std::time::Duration;

use serde::Serialize;
use stakepool_core::chain::{BlockHeader, BlockHeight, Generation, KeyIndex, Network};
use stakepool_core::ports::NodeLook;
use stakepool_core::time::UnixTime;

/// A best block that is older than this says that the nodes are cut off. On the simulation network blocks come when somebody
/// makes them.
const OLD: Duration = Duration::from_secs(30 * 60);

/// Why no ticket is taken that has no address yet, once the fee key gives no more of them.
pub(super) const RETIRED: &str = "the pool has retired the key whose addresses take the fees, and uses no new one yet";

/// How one of the web's nodes is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// Its name.
    pub name: String,
    /// The height of its best block, where it answers.
    pub height: Option<u32>,
    /// How many blocks it is behind the best that nodes and daemons know.
    pub lag: Option<u32>,
    /// Why it does not answer.
    pub error: Option<String>,
}

/// How the nodes are, beside each other and the daemons.
pub(super) fn node_reports(nodes: &[NodeLook], daemons: DaemonsSeen) -> Vec<NodeReport> {
    let heights = nodes.iter().filter_map(|node| node.best.as_ref().ok()).copied();
    let best = heights.chain(daemons.synced).max();
    let report = |node: &NodeLook| {
        let height = node.best.as_ref().ok().copied();
        NodeReport {
            name: node.name.clone(),
            height: height.map(|height| height.0),
            lag: best.zip(height).map(|(best, height)| best.0.saturating_sub(height.0)),
            error: node.best.as_ref().err().map(ToString::to_string),
        }
    };
    nodes.iter().map(report).collect()
}

/// What is known of the voting daemons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaemonsSeen {
    /// How many there are.
    pub all: u32,
    /// How many can vote now.
    pub voting: u32,
    /// The best height that one which can vote has worked through.
    pub synced: Option<BlockHeight>,
    /// The index that the pool's fee key gives next, as far as one of them remembers.
    pub fee_index: Option<KeyIndex>,
}

/// What is known of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeSeen {
    /// What it is.
    pub(super) generation: Generation,
    /// Its network.
    pub(super) network: Network,
    /// Whether it knows mined transactions.
    pub(super) has_index: bool,
    /// Its best block.
    pub(super) best: BlockHeader,
}

/// Why no ticket can be taken now; `None` where it can. The operator's own closing is something else.
pub(super) fn hindrance(
    network: Network,
    node: Option<&NodeSeen>,
    daemons: DaemonsSeen,
    max_lag: u32,
    now: UnixTime,
) -> Option<&'static str> {
    let Some(node) = node else { return Some("the pool's node cannot be reached") };
    let behind = |height: BlockHeight, best: BlockHeight| best.0.saturating_sub(height.0) > max_lag;
    let best = node.best.height;
    let is_old = network != Network::Simnet && UnixTime(i64::from(node.best.time)).plus(OLD) < now;
    if node.generation != Generation::Today {
        Some("the pool's node is of an older generation, which cannot serve this API")
    } else if node.network != network {
        Some("the pool's node is on another network")
    } else if !node.has_index {
        Some("the pool's node has no index of transactions (txindex=1)")
    } else if daemons.voting == 0 {
        Some("no voting daemon can vote at this moment")
    } else if daemons.synced.is_some_and(|synced| behind(best, synced)) {
        Some("the pool's node is behind the network")
    } else if daemons.synced.is_none_or(|synced| behind(synced, best)) {
        Some("the voting daemons are behind the network")
    } else if is_old {
        Some("no block has come for half an hour")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::{Amount, BlockHash};

    use super::*;

    const NOW: UnixTime = UnixTime(1_795_000_000);

    fn node(height: u32) -> NodeSeen {
        let hash = BlockHash::from_bytes([0; 32]);
        let best = BlockHeader {
            hash,
            previous: hash,
            voters: 5,
            stake_difficulty: Amount::ZERO,
            height: BlockHeight(height),
            time: 1_795_000_000 - 1800,
        };
        NodeSeen { generation: Generation::Today, network: Network::Mainnet, has_index: true, best }
    }

    fn daemons(voting: u32, synced: u32) -> DaemonsSeen {
        DaemonsSeen { all: 2, voting, synced: Some(BlockHeight(synced)), fee_index: None }
    }

    fn judge(node: Option<NodeSeen>, daemons: DaemonsSeen) -> Option<&'static str> {
        hindrance(Network::Mainnet, node.as_ref(), daemons, 3, NOW)
    }

    #[test]
    fn tickets_are_taken_where_one_daemon_votes_and_nobody_lags() {
        for (best, synced) in [(100, 100), (100, 97), (97, 100)] {
            assert_eq!(judge(Some(node(best)), daemons(1, synced)), None);
        }
    }

    #[test]
    fn nothing_is_sold_that_might_not_be_voted() {
        let refused = |node, daemons, words: &str| {
            let reason = judge(node, daemons).unwrap();
            assert!(reason.contains(words), "{reason}");
        };
        refused(None, daemons(2, 100), "cannot be reached");
        refused(Some(node(100)), daemons(0, 100), "no voting daemon");
        refused(Some(node(100)), daemons(1, 104), "node is behind");
        refused(Some(node(104)), daemons(1, 100), "daemons are behind");
        refused(Some(node(100)), DaemonsSeen { synced: None, ..daemons(1, 0) }, "daemons are behind");
        refused(Some(NodeSeen { generation: Generation::Legacy, ..node(100) }), daemons(1, 100), "older generation");
        refused(Some(NodeSeen { network: Network::Simnet, ..node(100) }), daemons(1, 100), "another network");
        refused(Some(NodeSeen { has_index: false, ..node(100) }), daemons(1, 100), "txindex");
        let mut old = node(100);
        old.best.time -= 1;
        refused(Some(old), daemons(1, 100), "half an hour");
    }
}
