//! The simulated network says the same in process and over the wire, read by the clients of the real programs.

use std::time::Duration;

use stakepool_core::chain::{BlockHash, BlockHeight, Generation, KeyIndex, Network, RedeemScript, TxHash, VoteBits};
use stakepool_core::ports::{
    AgendaSource, Node, NodeError, NodeEvent, PoolWallet, ScriptWallet, TransactionSource, VoteRequest, VoteSigner,
    VoteSubmission,
};
use stakepool_examples::server_config;
use stakepool_rpc::json::{NodeClient, Wallet};
use stakepool_sim::SimNetwork;
use tokio::time::timeout;

use crate::scene::{PATIENCE, fee};

/// Of one kind; names and words differ, since over the wire a node is named by its address.
fn same<T: std::fmt::Debug>(one: Result<T, NodeError>, other: Result<T, NodeError>) -> bool {
    std::mem::discriminant(&one.unwrap_err()) == std::mem::discriminant(&other.unwrap_err())
}

async fn nodes_agree(one: &dyn Node, other: &dyn Node, tip: BlockHeight, vote: &TxHash) {
    let (info, other_info) = (one.info().await.unwrap(), other.info().await.unwrap());
    assert_eq!((info.generation, info.network), (other_info.generation, other_info.network));
    assert_eq!(one.best_block().await, other.best_block().await);
    let hash = one.block_hash(tip).await;
    assert_eq!(hash, other.block_hash(tip).await);
    let hash = hash.unwrap();
    assert_eq!(one.block(&hash).await, other.block(&hash).await);
    assert_eq!(one.live_tickets().await, other.live_tickets().await);
    assert_eq!(one.transaction(vote).await, other.transaction(vote).await);
    assert!(same(one.block_hash(tip.plus(9)).await, other.block_hash(tip.plus(9)).await));
    let unknown = BlockHash::from_bytes([9; 32]);
    assert!(same(one.block(&unknown).await, other.block(&unknown).await));
    let unknown = TxHash::from_bytes([9; 32]);
    assert!(same(one.transaction(&unknown).await, other.transaction(&unknown).await));
}

async fn wallets_agree(one: &dyn PoolWallet, other: &dyn PoolWallet, script: &RedeemScript, request: &VoteRequest) {
    let (mut info, other_info) = (one.info().await.unwrap(), other.info().await.unwrap());
    info.version.clone_from(&other_info.version);
    assert_eq!(info, other_info);
    assert_eq!(one.master_pubkey().await, other.master_pubkey().await);
    let (pool, user) = (script.pool_address(Network::Simnet), script.user_address(Network::Simnet));
    let hash = pool.to_pubkey_hash();
    assert_eq!(one.own_pubkey(&hash).await, Ok(Some(pool)));
    assert_eq!(other.own_pubkey(&hash).await, Ok(Some(pool)));
    let theirs = user.to_pubkey_hash();
    assert_eq!(one.own_pubkey(&theirs).await, other.own_pubkey(&theirs).await);
    let address = script.address(Network::Simnet);
    assert_eq!(one.has_script(&address).await, other.has_script(&address).await);
    assert_eq!(one.create_multisig(&pool, &user).await, other.create_multisig(&pool, &user).await);
    assert_eq!(one.best_block().await, other.best_block().await);
    assert_eq!(one.stake_info().await, other.stake_info().await);
    assert_eq!(one.tickets().await, other.tickets().await);
    assert_eq!(one.user_tickets(&address).await, other.user_tickets(&address).await);
    assert_eq!(one.generate_vote(request).await, other.generate_vote(request).await);
}

/// The next events up to the winners of a block.
async fn until_winners(mut next: impl AsyncFnMut() -> Option<NodeEvent>) -> Vec<NodeEvent> {
    let mut heard = Vec::new();
    while !matches!(heard.last(), Some(NodeEvent::WinningTickets { .. })) {
        heard.push(timeout(PATIENCE, next()).await.unwrap().unwrap());
    }
    heard
}

#[tokio::test]
async fn nodes_wallets_and_events_are_the_same_in_process_and_over_the_wire() {
    for generation in [Generation::Today, Generation::Legacy] {
        let sim = SimNetwork::builder().generation(generation).seed(7).start().await.unwrap();
        let (node, mut heard) = NodeClient::connect(&server_config(&sim.node().endpoint())).unwrap();
        let wallet = Wallet::connect(&server_config(&sim.wallet(0).endpoint())).unwrap();
        let (near_node, near_wallet) = (sim.node().in_process(), sim.wallet(0).in_process());
        assert_eq!(timeout(PATIENCE, heard.recv()).await.unwrap(), Some(NodeEvent::Connected));
        let mut near = near_node.events();
        assert_eq!(near.recv().await, Some(NodeEvent::Connected));

        let branch = sim.voting_wallet_xpub().external_branch().unwrap();
        let user = sim.buyer_pubkey_address().unwrap();
        let script = RedeemScript::for_user(&branch, KeyIndex(1), &user).unwrap();
        near_wallet.sync_address_index(KeyIndex(1)).await.unwrap();
        near_wallet.import_script(&script).await.unwrap();
        let cold = sim.cold_wallet_xpub().external_branch().unwrap().address(KeyIndex(1)).unwrap();
        let address = script.address(Network::Simnet);
        let paid = sim.buy_tickets(address, Some(cold.to_pubkey_hash()), fee(), 3).unwrap();
        sim.buy_tickets(address, None, fee(), 2).unwrap();
        sim.let_win(&paid);
        for _ in 0..17 {
            sim.mine(1).await.unwrap();
            assert_eq!(
                until_winners(async || near.recv().await).await,
                until_winners(async || heard.recv().await).await
            );
        }

        let (block, height) = sim.best_block();
        let bits_extended = near_wallet.info().await.unwrap().vote_bits_extended;
        let request = VoteRequest { block, height, ticket: paid[0], bits: VoteBits(1), bits_extended };
        let vote = near_wallet.generate_vote(&request).await.unwrap();
        assert_eq!(near_node.send_vote(&vote).await, Ok(VoteSubmission::Accepted));
        assert_eq!(node.send_vote(&vote).await, Ok(VoteSubmission::AlreadyKnown));
        assert_eq!(node.call_figures()["sendrawtransaction"].errors, 0, "another daemon's vote is no error");
        let hash = vote.transaction.hash();
        for _ in 0..3 {
            nodes_agree(near_node.as_ref(), &node, sim.height(), &hash).await;
            wallets_agree(near_wallet.as_ref(), &wallet, &script, &request).await;
            assert_eq!(near_wallet.transaction(&hash).await, wallet.transaction(&hash).await);
            sim.mine(1).await.unwrap();
            assert_eq!(
                until_winners(async || near.recv().await).await,
                until_winners(async || heard.recv().await).await
            );
        }
        let version = near_wallet.info().await.unwrap().vote_version;
        assert_eq!(near_wallet.agendas(version).await, wallet.agendas(version).await);

        sim.reorganise(2, Duration::from_millis(20)).await.unwrap();
        sim.mine(1).await.unwrap();
        for _ in 0..4 {
            assert_eq!(
                until_winners(async || near.recv().await).await,
                until_winners(async || heard.recv().await).await
            );
        }
    }
}
