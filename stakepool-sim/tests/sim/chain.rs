//! The rules of the chain.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use stakepool_core::chain::{BlockHash, BlockHeader, BlockHeight, Generation, Reader, TicketHash, Transaction, TxHash};
use stakepool_core::reports::TicketState;
use stakepool_sim::{SimError, SimNetwork};

use crate::client::{error, result};
use crate::pool::{GENERATIONS, generate, register, start, winners};

#[tokio::test]
async fn the_same_seed_gives_the_same_chain_and_another_a_different_one() {
    let tip = async |seed| SimNetwork::builder().seed(seed).start().await.unwrap().best_block().0;
    assert_eq!(tip(7).await, tip(7).await);
    assert_ne!(tip(7).await, tip(8).await);
}

#[tokio::test]
async fn a_ticket_matures_after_sixteen_blocks_and_can_win_at_once() {
    let sim = start(Generation::Today).await;
    let address = register(&sim).await;
    let [ticket] = sim.buy_tickets(address, None, crate::pool::fee(), 1).unwrap()[..] else { panic!() };
    sim.let_win(&[ticket]);
    assert_eq!(sim.ticket_state(&ticket), None);
    let mined = sim.mine(1).await.unwrap();
    for _ in 0..15 {
        assert_eq!(sim.ticket_state(&ticket), Some(TicketState::Immature));
        sim.mine(1).await.unwrap();
    }
    let matured = sim.mine(1).await.unwrap();
    assert_eq!(matured, mined.plus(16));
    assert_eq!(sim.ticket_state(&ticket), Some(TicketState::Live));
    assert!(sim.winners(matured).contains(&ticket));
}

#[tokio::test]
async fn a_ticket_that_never_wins_expires() {
    let sim = start(Generation::Today).await;
    let address = register(&sim).await;
    let [ticket] = sim.buy_tickets(address, None, crate::pool::fee(), 1).unwrap()[..] else { panic!() };
    sim.never_let_win(&[ticket]);
    let mined = sim.mine(1).await.unwrap();
    sim.mine(16 + 384 - 1).await.unwrap();
    assert_eq!(sim.ticket_state(&ticket), Some(TicketState::Live));
    assert_eq!(sim.mine(1).await.unwrap(), mined.plus(16 + 384));
    assert_eq!(sim.ticket_state(&ticket), Some(TicketState::Expired));
    sim.mine(1).await.unwrap();
    let info = result(&sim.wallet(0).endpoint(), "getstakeinfo", json!([])).await;
    assert_eq!((&info["revoked"], &info["expired"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_block_needs_three_votes_of_five() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        sim.keep_crowd_away(2);
        let height = sim.mine(2).await.unwrap();
        assert_eq!(sim.votes_in_block(height).len(), 3);
        sim.keep_crowd_away(3);
        sim.mine(1).await.unwrap();
        let refused = sim.mine(1).await;
        assert!(matches!(refused, Err(SimError::TooFewVotes { have: 2, needed: 3, .. })), "{refused:?}");
        assert_eq!(error(&sim.node().endpoint(), "generate", json!([1])).await.0, -32603);
        assert_eq!(sim.height(), height.plus(1));
    }
}

#[tokio::test]
async fn blocks_and_headers_decode_with_the_hash_by_which_they_are_named() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let node = sim.node().endpoint();
        let mut previous = None;
        for height in 140..=sim.height().0 {
            let hash: BlockHash =
                result(&node, "getblockhash", json!([height])).await.as_str().unwrap().parse().unwrap();
            let text = result(&node, "getblock", json!([hash, false])).await;
            let bytes = hex::decode(text.as_str().unwrap()).unwrap();
            let header = BlockHeader::decode(&bytes[..280]).unwrap();
            assert_eq!((header.hash, header.height), (hash, BlockHeight(height)));
            assert!(previous.is_none_or(|previous| previous == header.previous));
            previous = Some(hash);
            let mut reader = Reader::new(&bytes[280..]);
            let verbose = result(&node, "getblock", json!([hash])).await;
            for names in ["tx", "stx"] {
                let named = verbose[names].as_array().map(Vec::as_slice).unwrap_or_default();
                assert_eq!(reader.bytes(1, "count").unwrap(), [named.len() as u8]);
                for name in named {
                    assert_eq!(json!(Transaction::read(&mut reader).unwrap().hash()), *name);
                }
            }
            reader.finish().unwrap();
        }
    }
}

#[tokio::test]
async fn tickets_vanish_unmined_only_when_the_price_rises() {
    // Far more stakers than the target make the price rise at every window.
    let sim = SimNetwork::builder().crowd(900).height(200).start().await.unwrap();
    let address = register(&sim).await;
    sim.mine(8 - (sim.height().0 % 8) - 2).await.unwrap();
    let tickets = sim.buy_tickets(address, None, crate::pool::fee(), 50).unwrap();
    sim.mine(9).await.unwrap();
    let mined = tickets.iter().filter(|ticket| sim.ticket_state(ticket).is_some()).count();
    assert!(mined > 0 && mined < 50, "{mined}");
    let hash: TxHash = tickets[49].into();
    let gone = error(&sim.node().endpoint(), "getrawtransaction", json!([hash])).await;
    assert_eq!(gone, (-5, format!("No information available about transaction {hash}")));
}

#[tokio::test]
async fn a_reorganisation_revives_tickets_and_is_voted_on_like_any_block() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        let tickets = winners(&sim, address, 2).await;
        let node = sim.node().endpoint();
        let vote = generate(&sim, sim.wallet(0), &tickets[0], 1).await;
        result(&node, "sendrawtransaction", json!([vote])).await;
        let drew = sim.height();
        sim.mine(2).await.unwrap();
        assert_eq!(sim.ticket_state(&tickets[0]), Some(TicketState::Voted));
        assert_eq!(sim.ticket_state(&tickets[1]), Some(TicketState::Missed));
        let old = sim.best_block().0;

        // Everything back to before both tickets won: they are live again and may win anew.
        let height = sim.reorganise(3, Duration::from_millis(50)).await.unwrap();
        assert_eq!(height, drew.plus(3));
        assert_ne!(sim.best_block().0, old);
        for ticket in &tickets {
            let state = sim.ticket_state(ticket).unwrap();
            assert!(matches!(state, TicketState::Live | TicketState::Missed), "{state}");
        }
        let refused = sim.reorganise(11, Duration::ZERO).await;
        assert!(matches!(refused, Err(SimError::TooDeep { depth: 11, most: 10 })));
        sim.mine(5).await.unwrap();
    }
}

#[tokio::test]
async fn the_votes_of_replaced_blocks_are_mined_again() {
    let sim = start(Generation::Today).await;
    let before = sim.mine(1).await.unwrap();
    let voted = sim.votes_in_block(before);
    sim.reorganise(1, Duration::from_millis(50)).await.unwrap();
    assert_eq!(sim.votes_in_block(before), voted);
}

#[tokio::test]
async fn a_wallet_that_votes_itself_leaves_nothing_to_do() {
    let sim = start(Generation::Today).await;
    let address = register(&sim).await;
    sim.wallet(0).votes_itself(true);
    let tickets: BTreeSet<TicketHash> = winners(&sim, address, 3).await.into_iter().collect();
    assert!(sim.missing_votes().is_empty());
    assert!(sim.waiting_votes().is_superset(&tickets));
    assert_eq!(result(&sim.wallet(0).endpoint(), "walletinfo", json!([])).await["voting"], json!(true));
}

#[tokio::test]
async fn mining_waits_for_the_pools_votes_and_not_longer() {
    let sim = std::sync::Arc::new(start(Generation::Today).await);
    let address = register(&sim).await;
    let [ticket] = winners(&sim, address, 1).await[..] else { panic!() };
    let miner = std::sync::Arc::clone(&sim);
    let mining = tokio::spawn(async move { miner.mine_when_voted(Duration::from_secs(60)).await });
    let vote = generate(&sim, sim.wallet(0), &ticket, 1).await;
    assert!(!mining.is_finished());
    result(&sim.node().endpoint(), "sendrawtransaction", json!([vote])).await;
    let height = mining.await.unwrap().unwrap();
    assert!(sim.votes_in_block(height).contains(&ticket));
    assert!(sim.wait_for_votes(Duration::from_secs(1)).await);
}

#[tokio::test]
async fn a_saved_network_continues_where_it_was() {
    let folder = std::env::temp_dir().join(format!("stakepool-sim-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("network.json");
    let sim = start(Generation::Legacy).await;
    let address = register(&sim).await;
    let tickets = winners(&sim, address, 2).await;
    let (tip, drawn) = (sim.best_block(), sim.winners(sim.height()));
    sim.save(&path).await.unwrap();
    sim.shutdown().await;

    let again = SimNetwork::builder().continue_from(&path).start().await.unwrap();
    assert_eq!(again.generation(), Generation::Legacy);
    assert_eq!((again.best_block(), again.winners(tip.1)), (tip, drawn));
    assert_eq!(again.wallet(0).tickets().len(), 2);
    let vote = generate(&again, again.wallet(1), &tickets[0], 1).await;
    result(&again.node().endpoint(), "sendrawtransaction", json!([vote])).await;
    again.mine(1).await.unwrap();
    assert_eq!(again.ticket_state(&tickets[0]), Some(TicketState::Voted));
    again.mine(20).await.unwrap();

    std::fs::write(&path, "{}").unwrap();
    assert!(matches!(SimNetwork::builder().continue_from(&path).start().await, Err(SimError::Snapshot { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn live_tickets_are_told_in_both_dialects() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        let tickets = winners(&sim, address, 1).await;
        let node = sim.node().endpoint();
        let live = result(&node, "livetickets", json!([])).await;
        assert!(live["tickets"].as_array().unwrap().contains(&json!(tickets[0])));
        let unknown = TicketHash::from_bytes([1; 32]);
        let asked = [unknown, tickets[0]];
        let asked = match generation {
            Generation::Today => json!([asked]),
            Generation::Legacy => json!([asked.map(|ticket| hex::encode(ticket.as_bytes())).concat()]),
        };
        assert_eq!(result(&node, "existslivetickets", asked).await, json!("02"));
    }
}

#[tokio::test]
async fn a_running_network_mines_by_itself_until_it_is_paused() {
    let sim = start(Generation::Today).await;
    let mut socket = crate::client::Socket::open(&sim.node().endpoint()).await;
    socket.subscribe().await;
    sim.run(Duration::from_millis(5));
    assert!(sim.wait_until(Duration::from_secs(10), |sim| sim.height() >= BlockHeight(152)).await);
    let mut blocks = 0;
    while blocks < 3 {
        blocks += u32::from(socket.next().await.unwrap()["method"] == "blockconnected");
    }
    sim.pause();
    assert!(sim.height() >= BlockHeight(153));
}

#[tokio::test]
async fn waiting_for_a_ticket_ends_with_its_state_or_with_the_patience() {
    let sim = start(Generation::Today).await;
    let address = register(&sim).await;
    let [ticket] = sim.buy_tickets(address, None, crate::pool::fee(), 1).unwrap()[..] else { panic!() };
    assert!(!sim.wait_for_ticket(&ticket, TicketState::Immature, Duration::from_millis(10)).await);
    // Block by block up to the state, since a network that runs on could draw the ticket before it is looked at.
    let mine = async {
        while sim.ticket_state(&ticket) != Some(TicketState::Live) {
            sim.mine(1).await.unwrap();
        }
    };
    let (reached, ()) = tokio::join!(sim.wait_for_ticket(&ticket, TicketState::Live, Duration::from_secs(10)), mine);
    assert!(reached);
}
