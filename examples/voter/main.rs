//! A voting daemon in one's own process, on a wallet of one's own: it votes a winner, and reports the vote.

mod wallet;

use std::sync::Arc;

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{EventCursor, NodeEvent, VotingDaemon as _};
use stakepool_core::reports::DaemonEventKind;
use stakepool_core::testkit::tickets::{COLD, Fee, block, desired, evaluator, hash, ticket};
use stakepool_core::testkit::{FakeNode, MemoryFile};
use stakepool_core::voting::{Engine, EngineParts, LocalDaemon, TaggedEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use wallet::OwnWallet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A chain on which a ticket of user 1 was mined 20 blocks ago.
    let node = FakeNode::at(199);
    let bought = ticket(1, 1, Fee::Enough);
    node.mine(200, 1, vec![bought.clone()]);
    (201..=220).for_each(|height| node.mine(height, 1, Vec::new()));
    let ticket = hash(&bought);

    // The daemon: judge of tickets, wallets, nodes, and where the state is kept; and whose tickets it votes, and how.
    let wallet = Arc::new(OwnWallet { tickets: vec![ticket] });
    let parts = EngineParts::new(evaluator(), vec![wallet], vec![node.clone()], Arc::<MemoryFile>::default());
    let engine = Engine::new(parts.desired(desired(&[1], &[])))?;
    let daemon = LocalDaemon::new(engine.clone(), "here", COLD.parse()?);
    let (events, heard) = mpsc::channel(16);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(engine.clone().run(heard, async { drop(stopped.await) }));

    // What the node tells: there is a connection, and the best block draws the ticket.
    let (block, height) = (block(220, 1), BlockHeight(220));
    for event in [NodeEvent::Connected, NodeEvent::WinningTickets { block, height, tickets: vec![ticket] }] {
        events.send(TaggedEvent { node: 0, arrived: Instant::now(), event }).await?;
    }

    let mut place = EventCursor { epoch: engine.epoch(), seq: 0 };
    let vote = loop {
        let batch = daemon.events(place).await?;
        place = batch.next;
        let vote = |kind| if let DaemonEventKind::Vote(vote) = kind { Some(vote) } else { None };
        if let Some(vote) = batch.events.into_iter().find_map(|event| vote(event.kind)) {
            break vote;
        }
    };
    println!(
        "ticket {} voted on block {} with bits {}: {}",
        vote.ticket,
        vote.height,
        vote.bits.0,
        vote.outcome.name()
    );
    println!("the node has {} vote", node.sent_count());
    let _ = stop.send(());
    running.await??;
    Ok(())
}
