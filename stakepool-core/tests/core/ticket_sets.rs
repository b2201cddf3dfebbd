//! A daemon's tickets in short: the same for daemons that know the same, and silent while it catches up.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{NodeEvent, SpentOrMissed, TicketSet, TicketSets};
use stakepool_core::testkit::tickets::{Fee, block, desired, hash, header, ticket};
use stakepool_core::testkit::{FakeNode, MemoryFile};
use tokio::time::sleep;

use crate::engine::{Daemon, ready, scene};

/// Longer than from one check to the next.
const NEXT_CHECK: Duration = Duration::from_secs(200);
/// Longer than until the check after blocks that were undone or missed.
const SOON: Duration = Duration::from_secs(10);

fn sets(daemon: &Daemon) -> TicketSets {
    daemon.engine.ticket_sets().expect("it is at the tip, and has compared its tickets")
}

/// Mines block 221 with a good and a cheap ticket of user 1, and one of user 9.
fn mine_three(node: &FakeNode) -> [stakepool_core::chain::TicketHash; 2] {
    let (good, cheap) = (ticket(1, 2, Fee::Enough), ticket(1, 3, Fee::TooLow));
    let names = [hash(&good), hash(&cheap)];
    node.mine(221, 1, vec![good, cheap, ticket(9, 4, Fee::Enough)]);
    names
}

#[tokio::test(start_paused = true)]
async fn daemons_that_followed_the_chain_and_that_loaded_it_have_the_same_sets() {
    let (wallet, node, live) = scene();
    let followed = ready(&[Arc::clone(&wallet)], &node).await;
    sleep(Duration::from_secs(5)).await;
    let before = sets(&followed);
    assert_eq!((before.block, before.height), (block(220, 1), BlockHeight(220)));
    assert_eq!((before.voted, before.ignored), ([live].into_iter().collect(), TicketSet::default()));
    let [good, cheap] = mine_three(&node);
    followed.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    let of_followed = sets(&followed);
    assert_eq!((of_followed.block, of_followed.height), (block(221, 1), BlockHeight(221)));
    assert_eq!(of_followed.voted, [good, live].into_iter().collect());
    assert_eq!(of_followed.ignored, [cheap].into_iter().collect());
    assert_eq!(followed.engine.ticket_counts(), (2, 1));
    let loaded = ready(&[wallet], &node).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(sets(&loaded), of_followed);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_ends_is_added_or_gets_another_user_changes_the_sets() {
    let (wallet, node, live) = scene();
    let daemon = ready(&[wallet], &node).await;
    let [good, cheap] = mine_three(&node);
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    sleep(NEXT_CHECK).await;
    daemon.engine.put_desired(desired(&[1], &[cheap]));
    assert_eq!(sets(&daemon).voted, [good, cheap, live].into_iter().collect());
    daemon.engine.put_desired(desired(&[1], &[]));
    assert_eq!(sets(&daemon).ignored, [cheap].into_iter().collect());
    node.mine(222, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(222, 1, 1))).await;
    let tickets = vec![(live, SpentOrMissed::Missed)];
    daemon.emit(NodeEvent::SpentAndMissed { block: block(222, 1), height: BlockHeight(222), tickets }).await;
    assert_eq!(sets(&daemon).voted, [good].into_iter().collect());
    // Tickets of a user whom the web lost are voted as before, and are no user's.
    daemon.engine.put_desired(desired(&[9], &[]));
    assert_eq!((sets(&daemon).voted.count, sets(&daemon).others), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_daemon_says_nothing_of_its_tickets_until_it_compared_them_with_its_node_which_it_does_soon() {
    let (wallet, node, _) = scene();
    let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &Arc::<MemoryFile>::default());
    assert_eq!(daemon.engine.ticket_sets(), None, "no node was heard of");
    daemon.engine.put_desired(desired(&[1], &[]));
    daemon.emit(NodeEvent::Connected).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(sets(&daemon).height, BlockHeight(220));
    // It worked through a block of which it was not told: nor was it told what was missed in it.
    node.mine(221, 1, Vec::new());
    node.mine(222, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(222, 1, 1))).await;
    assert_eq!(daemon.engine.synced().map(|(_, height)| height), Some(BlockHeight(222)));
    assert_eq!(daemon.engine.ticket_sets(), None);
    sleep(SOON).await;
    assert_eq!(sets(&daemon).height, BlockHeight(222));
    // A reorganisation undoes ends, too.
    daemon.emit(NodeEvent::BlockDisconnected(header(222, 1, 1))).await;
    node.mine(222, 2, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(222, 2, 1))).await;
    assert_eq!(daemon.engine.synced(), Some((block(222, 2), BlockHeight(222))));
    assert_eq!(daemon.engine.ticket_sets(), None);
    sleep(SOON).await;
    assert_eq!(sets(&daemon).block, block(222, 2));
}
