//! A network repeats itself from its seed, whoever is faster.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use stakepool_core::chain::{BlockHash, BlockHeight, Generation, KeyIndex, TicketHash};
use stakepool_sim::SimNetwork;

use crate::client::{error, result};
use crate::pool::{GENERATIONS, fee, generate, register, start};

/// How the votes of a run arrive.
#[derive(Clone, Copy)]
struct Arrival {
    /// The last winner's vote first.
    reversed: bool,
    /// The wallet that signs.
    wallet: usize,
    /// Whether somebody tries to mine before the votes are there.
    impatient: bool,
}

/// Blocks, winners and voters of a run in which the pool's tickets win five times in a row.
async fn run(generation: Generation, arrival: Arrival) -> Vec<(BlockHash, Vec<TicketHash>, BTreeSet<TicketHash>)> {
    let sim = start(generation).await;
    let address = register(&sim).await;
    let to = sim.cold_wallet_xpub().external_branch().unwrap().address(KeyIndex(1)).unwrap().to_pubkey_hash();
    let tickets = sim.buy_tickets(address, Some(to), fee(), 20).unwrap();
    sim.let_win(&tickets);
    sim.mine(17).await.unwrap();
    let from = sim.height();
    for _ in 0..5 {
        vote(&sim, arrival).await;
        sim.mine_when_voted(Duration::from_secs(5)).await.unwrap();
    }
    let heights = (from.0..=sim.height().0).map(BlockHeight);
    heights.map(|height| (sim.block_hash(height).unwrap(), sim.winners(height), sim.votes_in_block(height))).collect()
}

async fn vote(sim: &SimNetwork, arrival: Arrival) {
    let node = sim.node().endpoint();
    let mut winners = sim.missing_votes();
    if arrival.impatient && winners.len() > 2 {
        assert_eq!(error(&node, "generate", json!([1])).await.0, -32603);
    }
    if arrival.reversed {
        winners.reverse();
    }
    for ticket in winners {
        let vote = generate(sim, sim.wallet(arrival.wallet), &ticket, 1).await;
        result(&node, "sendrawtransaction", json!([vote])).await;
    }
}

#[tokio::test]
async fn votes_that_arrive_in_another_order_make_the_same_blocks_and_winners() {
    for generation in GENERATIONS {
        let drawn = Arrival { reversed: false, wallet: 0, impatient: false };
        let first = run(generation, drawn).await;
        assert!(first.iter().any(|(_, _, voters)| voters.len() == 5));
        assert_eq!(run(generation, Arrival { reversed: true, ..drawn }).await, first);
        assert_eq!(run(generation, Arrival { wallet: 1, impatient: true, ..drawn }).await, first);
    }
}
