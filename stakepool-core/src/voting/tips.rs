//! Whether the nodes' chains go on, and whether they are one chain.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::engine::Engine;
use super::snapshot::SyncPoint;
use super::tell::count;
use crate::chain::{BlockHash, BlockHeight, Network};
use crate::ports::Node;
use crate::time::UnixTime;

/// How often the nodes are asked for their best blocks.
const LOOK: Duration = Duration::from_secs(10);
/// How long a node may take for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// Nodes that differ in so many blocks are not just a moment apart.
const APART: u32 = 3;
/// A best block of this age is not the main network's.
const OLD: Duration = Duration::from_secs(3600);
/// The same of the test network, where nobody may mine for hours.
const OLD_ON_TESTNET: Duration = Duration::from_secs(24 * 3600);

/// Compares the nodes' best blocks with each other and with the clock.
pub(super) async fn watch_tips(engine: Arc<Engine>) {
    let mut tips = Tips::default();
    loop {
        tips.look(&engine).await;
        sleep(LOOK).await;
    }
}

/// The age from which on a best block is not the network's. None on simnet, where blocks are made when somebody asks for them.
const fn old_on(network: Network) -> Option<Duration> {
    match network {
        Network::Mainnet => Some(OLD),
        Network::Testnet => Some(OLD_ON_TESTNET),
        Network::Simnet => None,
    }
}

/// What is known of the nodes' best blocks.
#[derive(Default)]
struct Tips {
    /// The nodes that were far behind another one at the last look.
    behind: BTreeSet<usize>,
    /// When the best block of the followed node was made.
    made: Option<(BlockHash, UnixTime)>,
    /// Whether the followed node gave no answer at the last look, or there was none.
    unanswered: bool,
}

/// How a node is in comparison with the one whose chain is the longest.
enum Beside {
    Same,
    /// It lacks so many blocks.
    Behind(u32),
    /// It has another block at this height.
    Apart(BlockHeight),
}

impl Tips {
    async fn look(&mut self, engine: &Engine) {
        let ask = |node: &Arc<dyn Node>| {
            let node = Arc::clone(node);
            async move { timeout(ANSWER_LIMIT, node.best_block()).await.ok()?.ok() }
        };
        let found = join_all(engine.nodes().iter().map(ask)).await.into_iter().enumerate();
        let tips: Vec<(usize, SyncPoint)> = found
            .filter(|(node, _)| !engine.is_of_other_network(*node))
            .filter_map(|(node, tip)| Some((node, tip?)))
            .collect();
        self.compare(engine, &tips).await;
        let followed = tips.iter().find(|(node, _)| engine.active_node() == Some(*node));
        let was_unanswered = std::mem::replace(&mut self.unanswered, followed.is_none());
        if let Some(followed) = followed {
            self.look_at_age(engine, *followed).await;
        } else if was_unanswered {
            // That it does not answer is a problem of its own, and its chain may go on.
            engine.solved("tip");
        }
    }

    /// Compares every node that answers with the one whose chain is the longest.
    async fn compare(&mut self, engine: &Engine, tips: &[(usize, SyncPoint)]) {
        let best = tips.iter().max_by_key(|(node, (_, height))| (*height, std::cmp::Reverse(*node)));
        let before = std::mem::take(&mut self.behind);
        for (index, node) in engine.nodes().iter().enumerate() {
            let topic = format!("{}/tip", node.name());
            let tip = tips.iter().find(|(of, _)| *of == index);
            // One that does not answer is told as such.
            let (Some(&(_, tip)), Some(&(best, best_tip))) = (tip, best) else {
                engine.solved(&topic);
                continue;
            };
            let other = engine.node(best);
            match beside(node.as_ref(), tip, other, best_tip).await {
                Beside::Apart(height) => {
                    engine.problems_of().figures(&topic, apart(node.name(), other.name(), height));
                }
                Beside::Behind(blocks) => {
                    self.behind.insert(index);
                    // It may be catching up with blocks that came together.
                    if before.contains(&index) {
                        let what = behind(node.name(), tip.1, other.name(), blocks);
                        engine.problems_of().figures(&topic, what);
                    }
                }
                Beside::Same => engine.solved(&topic),
            }
        }
    }

    /// Looks whether the best block of the followed node is too old to be the network's.
    async fn look_at_age(&mut self, engine: &Engine, (node, (hash, height)): (usize, SyncPoint)) {
        let network = engine.lottery().evaluator().network();
        let Some(old_from) = old_on(network) else { return };
        if self.made.is_none_or(|(of, _)| of != hash) {
            let Ok(Ok(block)) = timeout(ANSWER_LIMIT, engine.node(node).block(&hash)).await else { return };
            self.made = Some((hash, UnixTime(block.header.time.into())));
        }
        let age = self.made.map_or(0, |(_, made)| engine.clock().now().0.saturating_sub(made.0));
        if u64::try_from(age).is_ok_and(|age| age >= old_from.as_secs()) {
            engine.problems_of().figures("tip", old(engine.node(node).name(), height, age));
        } else {
            engine.solved("tip");
        }
    }
}

async fn beside(node: &dyn Node, (hash, height): SyncPoint, other: &dyn Node, best: SyncPoint) -> Beside {
    if hash == best.0 {
        return Beside::Same;
    }
    // The last block that both should have, however the latest ones went round.
    let common = height.min(best.1).minus(APART - 1);
    let of = async |node: &dyn Node| timeout(ANSWER_LIMIT, node.block_hash(common)).await.ok()?.ok();
    match (of(node).await, of(other).await) {
        (Some(ours), Some(theirs)) if ours != theirs => Beside::Apart(common),
        _ if best.1.0 - height.0 >= APART => Beside::Behind(best.1.0 - height.0),
        _ => Beside::Same,
    }
}

fn apart(node: &str, other: &str, height: BlockHeight) -> String {
    format!(
        "node {node} and node {other} are on different chains: they have had other blocks since {height} at the latest. See in a block \
         explorer which one the network follows; stop the other node, and have it load the chain again where it does not come back by \
         itself"
    )
}

fn behind(node: &str, at: BlockHeight, other: &str, blocks: u32) -> String {
    let blocks = count(blocks.into(), "block", "blocks");
    format!("node {node} is at {at}, {blocks} behind node {other}: check its peers, its disk and its log")
}

fn old(node: &str, height: BlockHeight, age: i64) -> String {
    let minutes = age / 60;
    format!(
        "the newest block of node {node}, {height}, was made {minutes} minutes ago: the node is cut off or still catching up, or a clock \
         is wrong. Check its peers (`getpeerinfo`) and the clocks of both computers"
    )
}
