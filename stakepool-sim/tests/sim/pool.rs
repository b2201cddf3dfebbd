//! What a pool does with the wallets and the node: registering, buying, voting.

use serde_json::{Value, json};
use stakepool_core::chain::{
    BlockHeight, Generation, KeyIndex, Network, PoolKey, RedeemScript, ScriptAddress, TicketHash, UserKey,
    VoteTransaction,
};
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::PoolFee;
use stakepool_sim::{Server, SimNetwork};

use crate::client::{error, result};

pub const GENERATIONS: [Generation; 2] = [Generation::Today, Generation::Legacy];

pub fn fee() -> PoolFee {
    PoolFee::from_percent(7.5).unwrap()
}

pub async fn start(generation: Generation) -> SimNetwork {
    SimNetwork::builder().generation(generation).seed(42).voting_wallets(2).start().await.unwrap()
}

/// The address of user 1's script, which all wallets make and import, and which ours agrees with.
pub async fn register(sim: &SimNetwork) -> ScriptAddress {
    let user = sim.buyer_pubkey_address().unwrap();
    let pool = sim.voting_wallet_xpub().external_branch().unwrap().address(KeyIndex(1)).unwrap();
    let ours = RedeemScript::new(PoolKey(*pool.public_key()), UserKey(*user.public_key()));
    for wallet in sim.voting_wallets() {
        let wallet = wallet.endpoint();
        result(&wallet, "accountsyncaddressindex", json!(["default", 0, 1])).await;
        let own = result(&wallet, "validateaddress", json!([pool.to_pubkey_hash()])).await;
        assert_eq!((&own["ismine"], &own["pubkeyaddr"]), (&json!(true), &json!(pool)));
        let made = result(&wallet, "createmultisig", json!([1, [pool, user]])).await;
        assert_eq!(made, json!({"address": ours.address(Network::Simnet), "redeemScript": ours}));
        result(&wallet, "importscript", json!([ours, false, 0])).await;
    }
    ours.address(Network::Simnet)
}

/// Tickets that pay the fee and win as soon as they can, mined and mature.
pub async fn winners(sim: &SimNetwork, address: ScriptAddress, count: u32) -> Vec<TicketHash> {
    let to = sim.cold_wallet_xpub().external_branch().unwrap().address(KeyIndex(1)).unwrap().to_pubkey_hash();
    let tickets = sim.buy_tickets(address, Some(to), fee(), count).unwrap();
    sim.let_win(&tickets);
    sim.mine(17).await.unwrap();
    tickets
}

/// A vote by a wallet on the best block.
pub async fn generate(sim: &SimNetwork, wallet: &Server, ticket: &TicketHash, bits: u16) -> Value {
    let (block, height) = sim.best_block();
    let extended = result(&wallet.endpoint(), "walletinfo", json!([])).await["votebitsextended"].take();
    result(&wallet.endpoint(), "generatevote", json!([block, height, ticket, bits, extended])).await["hex"].take()
}

#[tokio::test]
async fn a_vote_goes_from_the_wallet_to_the_block_in_both_generations() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        let [ticket] = winners(&sim, address, 1).await[..] else { panic!() };
        assert_eq!(sim.ticket_state(&ticket), Some(TicketState::Live));
        assert_eq!(sim.missing_votes(), [ticket]);

        let vote = generate(&sim, sim.wallet(0), &ticket, 1).await;
        assert_eq!(generate(&sim, sim.wallet(1), &ticket, 1).await, vote, "wallets of one seed sign alike");
        let read = VoteTransaction::decode_hex(vote.as_str().unwrap()).unwrap();
        assert!(read.is_signed());
        assert_eq!((read.block, read.height, read.ticket), (sim.best_block().0, sim.height(), ticket));

        let node = sim.node().endpoint();
        let hash = result(&node, "sendrawtransaction", json!([vote])).await;
        assert_eq!(hash, json!(read.transaction.hash()));
        assert!(sim.missing_votes().is_empty());
        let (code, words) = error(&node, "sendrawtransaction", json!([vote])).await;
        assert_eq!(code, if generation == Generation::Today { -40 } else { -1 });
        assert!(words.ends_with(&format!("already have transaction {}", read.transaction.hash())), "{words}");

        let mined = sim.mine(1).await.unwrap();
        assert!(sim.votes_in_block(mined).contains(&ticket));
        assert_eq!(sim.ticket_state(&ticket), Some(TicketState::Voted));
        let info = result(&sim.wallet(0).endpoint(), "stakepooluserinfo", json!([address])).await;
        assert_eq!(info["tickets"][0]["status"], json!("voted"));
        assert_eq!(info["tickets"][0]["spentbyheight"], json!(mined));
    }
}

#[tokio::test]
async fn a_rival_vote_is_refused_today_and_taken_before() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        let [ticket] = winners(&sim, address, 1).await[..] else { panic!() };
        let node = sim.node().endpoint();
        let (first, rival) =
            (generate(&sim, sim.wallet(0), &ticket, 1).await, generate(&sim, sim.wallet(0), &ticket, 5).await);
        result(&node, "sendrawtransaction", json!([first])).await;
        if generation == Generation::Legacy {
            result(&node, "sendrawtransaction", json!([rival])).await;
            continue;
        }
        let hash = VoteTransaction::decode_hex(rival.as_str().unwrap()).unwrap().transaction.hash();
        let (block, height) = sim.best_block();
        let words = format!(
            "rejected transaction {hash}: vote {hash} spending ticket {ticket} already votes on block {block} (height {height})"
        );
        assert_eq!(error(&node, "sendrawtransaction", json!([rival])).await, (-1, words));
    }
}

#[tokio::test]
async fn a_locked_wallet_makes_an_unsigned_vote_today_and_none_before() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        let [ticket] = winners(&sim, address, 1).await[..] else { panic!() };
        let wallet = sim.wallet(0);
        wallet.lock();
        assert_eq!(result(&wallet.endpoint(), "walletinfo", json!([])).await["unlocked"], json!(false));
        if generation == Generation::Legacy {
            let (block, height) = sim.best_block();
            let refused = error(&wallet.endpoint(), "generatevote", json!([block, height, ticket, 1, ""])).await;
            assert_eq!(refused, (-4, "address manager is locked".to_owned()));
        } else {
            let vote = generate(&sim, wallet, &ticket, 1).await;
            assert!(!VoteTransaction::decode_hex(vote.as_str().unwrap()).unwrap().is_signed());
            let (code, _) = error(&sim.node().endpoint(), "sendrawtransaction", json!([vote])).await;
            assert_eq!(code, -1);
        }
        assert_eq!(error(&wallet.endpoint(), "walletpassphrase", json!(["wrong", 0])).await.0, -14);
        result(&wallet.endpoint(), "walletpassphrase", json!(["password", 0])).await;
        let vote = generate(&sim, wallet, &ticket, 1).await;
        assert!(VoteTransaction::decode_hex(vote.as_str().unwrap()).unwrap().is_signed());
    }
}

#[tokio::test]
async fn wallets_judge_the_fee_of_a_ticket_when_it_is_mined() {
    let sim = start(Generation::Today).await;
    let address = register(&sim).await;
    let branch = sim.cold_wallet_xpub().external_branch().unwrap();
    let pool = branch.address(KeyIndex(1)).unwrap().to_pubkey_hash();
    let other = sim.buyer_pubkey_address().unwrap().to_pubkey_hash();
    let small = PoolFee::from_percent(0.5).unwrap();
    let good = sim.buy_tickets(address, Some(pool), fee(), 1).unwrap()[0];
    let low = sim.buy_tickets(address, Some(pool), small, 1).unwrap()[0];
    let foreign = sim.buy_tickets(address, Some(other), fee(), 1).unwrap()[0];
    sim.mine(1).await.unwrap();
    let info = result(&sim.wallet(1).endpoint(), "stakepooluserinfo", json!([address])).await;
    assert_eq!(info["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(info["tickets"][0]["ticket"], json!(good));
    assert_eq!(info["tickets"][0]["status"], json!("immature"));
    let mut invalid = [low, foreign];
    invalid.sort_unstable();
    assert_eq!(info["invalid"], json!(invalid));
}

#[tokio::test]
async fn a_wallet_knows_no_tickets_of_a_script_that_came_late_until_it_looks_again() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        let tickets = winners(&sim, address, 2).await;
        let wallet = sim.wallet(0);
        assert_eq!(wallet.tickets().len(), 2);
        let script = result(&wallet.endpoint(), "validateaddress", json!([address])).await["hex"].take();
        wallet.lose_scripts();
        let gone = result(&wallet.endpoint(), "validateaddress", json!([address])).await;
        assert_eq!(gone.get("ismine"), None);
        result(&wallet.endpoint(), "importscript", json!([script, false, 0])).await;
        let known = result(&wallet.endpoint(), "gettickets", json!([true])).await;
        assert_eq!(known["hashes"], json!([]));
        result(&wallet.endpoint(), "rescanwallet", json!([sim.height().0 - 3])).await;
        assert!(wallet.tickets().is_empty(), "mined before the height looked at");
        result(&wallet.endpoint(), "rescanwallet", json!([0])).await;
        assert_eq!(wallet.tickets().len(), tickets.len());
        // The keys are within reach again too, since the first twenty always are.
        let vote = generate(&sim, wallet, &tickets[0], 1).await;
        assert!(VoteTransaction::decode_hex(vote.as_str().unwrap()).unwrap().is_signed());
    }
}

#[tokio::test]
async fn a_missed_ticket_is_revoked_by_consensus_today_and_by_wallets_before() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        let [ticket] = winners(&sim, address, 1).await[..] else { panic!() };
        for wallet in sim.voting_wallets() {
            wallet.lock();
        }
        let wallet = sim.wallet(0).endpoint();
        let status =
            async || result(&wallet, "stakepooluserinfo", json!([address])).await["tickets"][0]["status"].take();
        sim.mine(1).await.unwrap();
        assert_eq!(sim.ticket_state(&ticket), Some(TicketState::Missed));
        assert!(!sim.is_revoked(&ticket));
        assert_eq!(status().await, json!("live"), "only the revocation tells the wallet");
        sim.mine(1).await.unwrap();
        if generation == Generation::Legacy {
            assert_eq!(status().await, json!("live"), "locked wallets do not revoke");
            assert_eq!(error(&wallet, "revoketickets", json!([])).await.0, -4);
            sim.wallet(0).unlock();
            result(&wallet, "revoketickets", json!([])).await;
            sim.mine(1).await.unwrap();
        }
        assert_eq!(status().await, json!("missed"));
        assert!(sim.is_revoked(&ticket));
    }
}

#[tokio::test]
async fn a_buyer_can_be_asked_over_the_wire() {
    for generation in GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        let buyer = sim.buyer().endpoint();
        let own = result(&buyer, "getnewaddress", json!([])).await;
        let valid = result(&buyer, "validateaddress", json!([own])).await;
        assert_eq!(valid["ismine"], json!(true));
        assert!(valid["pubkeyaddr"].as_str().unwrap().starts_with("Sk"));
        let to = sim.cold_wallet_xpub().external_branch().unwrap().address(KeyIndex(1)).unwrap().to_pubkey_hash();
        let bought = result(&buyer, "purchaseticket", json!(["default", 100, 1, address, 3, to, 7.5])).await;
        assert_eq!(bought.as_array().unwrap().len(), 3);
        assert_eq!(error(&buyer, "purchaseticket", json!(["default", 0.00000001])).await.0, -4);
        sim.mine(1).await.unwrap();
        let ticket: TicketHash = bought[0].as_str().unwrap().parse().unwrap();
        assert_eq!(sim.ticket_state(&ticket), Some(TicketState::Immature));
        assert_eq!(sim.wallet(0).tickets().len(), 3);
    }
}

#[tokio::test]
async fn the_indexes_of_ten_thousand_users_are_watched() {
    let sim = start(Generation::Today).await;
    let wallet = sim.wallet(0).endpoint();
    let far = sim.voting_wallet_xpub().external_branch().unwrap().address(KeyIndex(1000)).unwrap().to_pubkey_hash();
    assert_eq!(result(&wallet, "validateaddress", json!([far])).await.get("ismine"), None);
    result(&wallet, "accountsyncaddressindex", json!(["default", 0, 1000])).await;
    let own = result(&wallet, "validateaddress", json!([far])).await;
    assert_eq!((&own["ismine"], &own["index"]), (&json!(true), &json!(1000)));
    assert_eq!(error(&wallet, "accountsyncaddressindex", json!(["default", 0, 4_000_000_000_u32])).await.0, -8);
}

#[tokio::test]
async fn every_wallet_shows_the_account_key() {
    let sim = start(Generation::Today).await;
    for wallet in sim.voting_wallets() {
        let key = result(&wallet.endpoint(), "getmasterpubkey", json!(["default"])).await;
        assert_eq!(key, json!(sim.voting_wallet_xpub().to_string()));
    }
    sim.wallet(1).disagree(true);
    let key = result(&sim.wallet(1).endpoint(), "getmasterpubkey", json!(["default"])).await;
    assert_ne!(key, json!(sim.voting_wallet_xpub().to_string()));
    assert_eq!(sim.height(), BlockHeight(150));
}
