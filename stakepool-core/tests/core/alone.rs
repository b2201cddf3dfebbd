//! A daemon without a web: after a pool has closed, only daemons, wallets and nodes are left.

use std::sync::Arc;

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{NodeEvent, SpentOrMissed};
use stakepool_core::reports::TicketState;
use stakepool_core::testkit::tickets::{Fee, address, block, desired, hash, header, ticket};
use stakepool_core::testkit::{FakeNode, FakeWallet};

use crate::engine::Daemon;

#[tokio::test(start_paused = true)]
async fn a_daemon_to_which_no_web_talks_votes_over_restarts_until_its_last_ticket_is_over() {
    let bought = [ticket(1, 1, Fee::Enough), ticket(1, 2, Fee::Enough)];
    let [first, last] = bought.each_ref().map(hash);
    let node = FakeNode::at(199);
    node.mine(200, 1, bought.to_vec());
    (201..=220).for_each(|height| node.mine(height, 1, Vec::new()));
    node.chain.lock().unwrap().live = vec![first, last];
    let wallet = FakeWallet::new("wallet");
    *wallet.tickets.lock().unwrap() = vec![first, last];
    wallet.scripts.lock().unwrap().push(address(1));
    let file = Arc::default();

    // The web is there once, and never again.
    let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
    daemon.engine.put_desired(desired(&[1], &[]));
    daemon.emit(NodeEvent::Connected).await;
    daemon.end().await.unwrap();
    for (height, won, left) in [(221, first, 1), (222, last, 0)] {
        let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
        node.mine(height, 1, Vec::new());
        daemon.emit(NodeEvent::Connected).await;
        daemon.win(height, 1, &[won]).await;
        let bits = desired(&[1], &[]).users().next().unwrap().voting.bits;
        let sent = node.sent();
        assert_eq!(sent.last().map(|vote| (vote.ticket, vote.bits)), Some((won, bits)), "with the user's own bits");
        node.chain.lock().unwrap().live.retain(|live| *live != won);
        let spent = vec![(won, SpentOrMissed::Spent)];
        let (block, at) = (block(height, 1), BlockHeight(height));
        daemon.emit(NodeEvent::BlockConnected(header(height, 1, 1))).await;
        daemon.emit(NodeEvent::SpentAndMissed { block, height: at, tickets: spent }).await;
        assert_eq!(daemon.state(&won), Some(TicketState::Voted));
        assert_eq!(daemon.engine.tickets(true).len(), left);
        assert_eq!(daemon.engine.problems(), [""; 0]);
        daemon.end().await.unwrap();
    }
}
