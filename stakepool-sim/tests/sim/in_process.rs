//! The network within this process: engines and groups of wallets on it, without servers.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{
    Generation, KeyIndex, Network, RedeemScript, ScriptAddress, TicketHash, TxHash, VoteBits, VoteVersion,
};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::{
    ChainWallet, EventCursor, Node, NodeError, NodeEvent, PoolWallet, ScriptWallet, TicketWallet, TransactionSource,
    VoteRequest, VoteSigner, VoteSubmission, WalletError,
};
use stakepool_core::reports::{DaemonEventKind, VoteOutcome, VoteRecord};
use stakepool_core::testkit::{MemoryFile, MemoryStore};
use stakepool_core::ticket::{Evaluator, FeeAddresses};
use stakepool_core::voting::{Engine, EngineParts};
use stakepool_core::wallets::{Agreement, GroupError, Health, WalletGroup};
use stakepool_sim::{SimNetwork, SimNetworkBuilder, SimWallet};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::pool::{GENERATIONS, fee};

pub const PATIENCE: Duration = Duration::from_secs(5);

pub fn network() -> SimNetworkBuilder {
    SimNetwork::builder().seed(42).without_servers()
}

/// User 1's script, which the pool makes.
pub fn script(sim: &SimNetwork) -> RedeemScript {
    let pool = sim.voting_wallet_xpub().external_branch().unwrap();
    RedeemScript::for_user(&pool, KeyIndex(1), &sim.buyer_pubkey_address().unwrap()).unwrap()
}

pub async fn register(sim: &SimNetwork) -> ScriptAddress {
    let script = script(sim);
    for wallet in sim.voting_wallets() {
        let wallet = wallet.in_process();
        wallet.sync_address_index(KeyIndex(1)).await.unwrap();
        wallet.import_script(&script).await.unwrap();
    }
    script.address(Network::Simnet)
}

/// Tickets that pay the fee and win with the best block.
async fn winners(sim: &SimNetwork, address: ScriptAddress, count: u32) -> Vec<TicketHash> {
    crate::pool::winners(sim, address, count).await
}

async fn vote(sim: &SimNetwork, wallet: &SimWallet, ticket: TicketHash) -> VoteRequest {
    let (block, height) = sim.best_block();
    let bits_extended = wallet.info().await.unwrap().vote_bits_extended;
    VoteRequest { block, height, ticket, bits: VoteBits(1), bits_extended }
}

fn engine(sim: &SimNetwork, address: ScriptAddress) -> Arc<Engine> {
    Engine::new(parts(sim).desired(desired(sim, address))).unwrap()
}

/// User 1, who has the address.
pub fn desired(sim: &SimNetwork, address: ScriptAddress) -> DesiredState {
    let version = if sim.generation() == Generation::Today { VoteVersion(11) } else { VoteVersion(6) };
    let voting = VotingPreference { bits: VoteBits(5), version };
    DesiredState::new([DesiredUser { user: UserId(1), address, voting }], [])
}

/// An engine on the network, without users.
pub fn parts(sim: &SimNetwork) -> EngineParts {
    let cold = sim.cold_wallet_xpub().external_branch().unwrap();
    let addresses = FeeAddresses::derive(&cold, KeyIndex(10)).unwrap();
    let evaluator = Evaluator::new(Network::Simnet, Network::Simnet.params(sim.generation()), fee(), addresses);
    let wallets = sim.voting_wallets().iter().map(|wallet| wallet.in_process() as _).collect();
    let nodes = sim.nodes().iter().map(|node| node.in_process() as _).collect();
    EngineParts::new(evaluator, wallets, nodes, Arc::<MemoryFile>::default())
}

pub fn votes(engine: &Engine) -> Vec<VoteRecord> {
    let events = engine.events(EventCursor { epoch: engine.epoch(), seq: 0 }).events.into_iter();
    let votes = events.map(|event| if let DaemonEventKind::Vote(vote) = event.kind { Some(vote) } else { None });
    votes.flatten().collect()
}

#[tokio::test(start_paused = true)]
async fn an_engine_votes_the_winners_of_the_simulated_network() {
    for generation in GENERATIONS {
        let sim = network().generation(generation).nodes(2).start().await.unwrap();
        let address = register(&sim).await;
        let engine = engine(&sim, address);
        let running = tokio::spawn(Arc::clone(&engine).run(sim.events(), pending()));
        let tickets = winners(&sim, address, 3).await;
        for ticket in &tickets {
            assert!(sim.wait_for_vote(ticket, PATIENCE).await);
        }
        let height = sim.mine(1).await.unwrap();
        assert!(sim.votes_in_block(height).is_superset(&tickets.iter().copied().collect()));
        let cast = votes(&engine);
        assert_eq!(cast.len(), 3);
        assert!(cast.iter().all(|vote| vote.outcome == VoteOutcome::Sent && vote.bits == VoteBits(5)), "{cast:?}");
        running.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_goes_on_when_its_wallet_and_its_node_come_back() {
    let sim = network().voting_wallets(2).start().await.unwrap();
    let address = register(&sim).await;
    let engine = engine(&sim, address);
    let running = tokio::spawn(Arc::clone(&engine).run(sim.events(), pending()));
    sim.wallet(0).stop().await;
    sim.node().stop().await;
    let tickets = winners(&sim, address, 1).await;
    assert!(!sim.wait_for_votes(PATIENCE).await, "nobody told the engine");
    sim.node().start().await.unwrap();
    assert!(sim.wait_for_votes(PATIENCE).await, "the second wallet signs");
    let height = sim.mine(1).await.unwrap();
    assert!(sim.votes_in_block(height).contains(&tickets[0]));
    running.abort();
}

fn group(sim: &SimNetwork) -> WalletGroup {
    let wallets = sim.voting_wallets().iter().map(|wallet| wallet.in_process() as Arc<dyn PoolWallet>);
    let users = Arc::new(MemoryStore::default());
    WalletGroup::new(Network::Simnet, sim.voting_wallet_xpub(), 2, wallets.collect(), users)
}

#[tokio::test(start_paused = true)]
async fn three_wallets_agree_on_a_registration() {
    let sim = network().voting_wallets(3).start().await.unwrap();
    let (group, script) = (group(&sim), script(&sim));
    let agreement = Agreement { index: KeyIndex(1), script };
    group.recover_all().await;
    let mut agreed = group.agree(&agreement).await.unwrap();
    agreed.sort();
    assert_eq!(agreed, ["wallet0", "wallet1", "wallet2"]);
    for wallet in sim.voting_wallets() {
        assert!(wallet.in_process().has_script(&script.address(Network::Simnet)).await.unwrap());
    }
    // The tickets of the registered address are theirs.
    let tickets = winners(&sim, script.address(Network::Simnet), 2).await;
    let listed = group.user_tickets(&script.address(Network::Simnet)).await.unwrap();
    assert_eq!(listed.tickets.len(), tickets.len());
    assert_eq!(group.stake_info().await.unwrap().live, 2);
}

#[tokio::test(start_paused = true)]
async fn a_registration_needs_a_quorum_and_no_wallet_of_another_seed() {
    let sim = network().voting_wallets(3).start().await.unwrap();
    let (group, script) = (group(&sim), script(&sim));
    let agreement = Agreement { index: KeyIndex(1), script };
    sim.wallet(2).stop().await;
    group.recover_all().await;
    assert_eq!(group.agree(&agreement).await.unwrap().len(), 2);
    sim.wallet(1).stop().await;
    let refused = group.agree(&agreement).await;
    assert!(matches!(refused, Err(GroupError::NoQuorum { agreeing: 1, quorum: 2, .. })), "{refused:?}");
    sim.wallet(1).start().await.unwrap();
    sim.wallet(2).start().await.unwrap();
    sim.wallet(2).disagree(true);
    group.recover_all().await;
    assert!(matches!(group.status()[2].health, Health::Disagrees { .. }));
    let refused = group.agree(&agreement).await;
    assert!(matches!(&refused, Err(GroupError::Disagreement { wallet, .. }) if wallet == "wallet2"), "{refused:?}");
    sim.wallet(2).disagree(false);
    group.recover_all().await;
    assert_eq!(group.agree(&agreement).await.unwrap().len(), 3);
}

fn heard(events: &mut UnboundedReceiver<NodeEvent>) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    while let Ok(event) = events.try_recv() {
        kinds.push(match event {
            NodeEvent::Connected => "connected",
            NodeEvent::Disconnected { .. } => "disconnected",
            NodeEvent::BlockConnected(_) => "block",
            NodeEvent::BlockDisconnected(_) => "block gone",
            NodeEvent::NewTickets { .. } => "new",
            NodeEvent::WinningTickets { .. } => "winners",
            NodeEvent::SpentAndMissed { .. } => "spent",
            _ => "unknown",
        });
    }
    kinds
}

#[tokio::test(start_paused = true)]
async fn events_come_in_the_order_of_the_generation_and_with_the_faults_of_the_node() {
    for (generation, order) in [
        (Generation::Today, ["block", "spent", "new", "winners"]),
        (Generation::Legacy, ["spent", "new", "block", "winners"]),
    ] {
        let sim = network().generation(generation).start().await.unwrap();
        let mut events = sim.node().in_process().events();
        sim.mine(1).await.unwrap();
        assert_eq!(heard(&mut events), [&["connected"][..], &order].concat());
        sim.node().disorder_notifications(true);
        sim.mine(1).await.unwrap();
        let reversed: Vec<_> = order.into_iter().rev().collect();
        assert_eq!(heard(&mut events), reversed);
        sim.node().disorder_notifications(false);
        sim.node().duplicate_notifications(true);
        sim.mine(1).await.unwrap();
        assert_eq!(heard(&mut events)[..4], [order[0], order[0], order[1], order[1]]);
    }
}

#[tokio::test(start_paused = true)]
async fn events_end_and_begin_with_the_connection() {
    let sim = network().start().await.unwrap();
    let mut events = sim.node().in_process().events();
    sim.node().stop().await;
    sim.mine(1).await.unwrap();
    sim.node().start().await.unwrap();
    assert_eq!(heard(&mut events), ["connected", "disconnected", "connected"]);
    sim.node().drop_connections();
    assert_eq!(heard(&mut events), ["disconnected", "connected"]);
    sim.node().limited_user(true);
    sim.node().drop_connections();
    assert_eq!(heard(&mut events), ["disconnected"]);
    sim.node().limited_user(false);
    assert_eq!(heard(&mut events), ["connected"]);
    sim.node().deaf(true);
    sim.mine(1).await.unwrap();
    assert!(heard(&mut events).is_empty());
    sim.node().deaf(false);
    assert_eq!(heard(&mut events), ["block", "spent", "new", "winners"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_fails_as_its_server_does() {
    let sim = network().start().await.unwrap();
    let (server, node) = (sim.node(), sim.node().in_process());
    let best = || node.best_block();
    server.stop().await;
    assert!(matches!(best().await, Err(NodeError::Unreachable { .. })));
    server.start().await.unwrap();
    server.unavailable(true);
    assert!(matches!(best().await, Err(NodeError::Unreachable { .. })));
    server.unavailable(false);
    server.refuse_credentials(true);
    assert!(matches!(best().await, Err(NodeError::Unauthorized { .. })));
    server.refuse_credentials(false);
    server.limited_user(true);
    assert!(matches!(best().await, Err(NodeError::LimitedUser { .. })));
    server.limited_user(false);
    server.fail("getbestblock", -1, "a fault");
    let (name, method) = ("node0".to_owned(), "getbestblock".to_owned());
    let fault = NodeError::Rpc { node: name.clone(), method: method.clone(), code: -1, message: "a fault".to_owned() };
    assert_eq!(best().await, Err(fault));
    server.heal();
    server.slow("*", Duration::from_secs(11));
    assert_eq!(best().await, Err(NodeError::Timeout { node: name, method, millis: 10_000 }));
    server.fast();
    assert_eq!(best().await, Ok(sim.best_block()));
    assert_eq!(server.calls("getbestblock"), 3, "calls that reached the node");
    let unknown = TxHash::from_bytes([1; 32]);
    assert!(matches!(node.transaction(&unknown).await, Err(NodeError::NotFound { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_call_under_way_ends_with_the_node_and_waits_for_one_that_is_deaf() {
    let sim = network().start().await.unwrap();
    let node = sim.node().in_process();
    sim.node().deaf(true);
    let waiting = tokio::spawn(async move { node.best_block().await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());
    sim.node().stop().await;
    assert!(matches!(waiting.await.unwrap(), Err(NodeError::Unreachable { .. })));
    sim.node().start().await.unwrap();
    let node = sim.node().in_process();
    let waiting = tokio::spawn(async move { node.best_block().await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    sim.node().deaf(false);
    assert_eq!(waiting.await.unwrap(), Ok(sim.best_block()));
}

#[tokio::test(start_paused = true)]
async fn votes_are_taken_known_already_or_rivals() {
    let sim = network().start().await.unwrap();
    let address = register(&sim).await;
    let [ticket] = winners(&sim, address, 1).await[..] else { panic!() };
    let (node, wallet) = (sim.node().in_process(), sim.wallet(0).in_process());
    let request = vote(&sim, &wallet, ticket).await;
    let signed = wallet.generate_vote(&request).await.unwrap();
    assert_eq!(node.send_vote(&signed).await, Ok(VoteSubmission::Accepted));
    assert_eq!(node.send_vote(&signed).await, Ok(VoteSubmission::AlreadyKnown));
    let rival = wallet.generate_vote(&VoteRequest { bits: VoteBits(5), ..request }).await.unwrap();
    assert_eq!(node.send_vote(&rival).await, Ok(VoteSubmission::RivalVote));
    let mined = sim.mine(1).await.unwrap();
    assert!(sim.votes_in_block(mined).contains(&ticket));
    assert_eq!(node.send_vote(&signed).await, Ok(VoteSubmission::AlreadyKnown));
    let hash = signed.transaction.hash();
    assert_eq!(wallet.transaction(&hash).await.unwrap().mined_at, Some(mined));
}

#[tokio::test(start_paused = true)]
async fn a_wallet_fails_as_its_server_does() {
    for generation in GENERATIONS {
        let sim = network().generation(generation).start().await.unwrap();
        let address = register(&sim).await;
        let [ticket] = winners(&sim, address, 1).await[..] else { panic!() };
        let (server, wallet) = (sim.wallet(0), sim.wallet(0).in_process());
        let request = vote(&sim, &wallet, ticket).await;
        server.lock();
        assert!(!wallet.info().await.unwrap().unlocked);
        let made = wallet.generate_vote(&request).await;
        match generation {
            Generation::Today => assert!(!made.unwrap().is_signed()),
            Generation::Legacy => assert_eq!(made, Err(WalletError::Locked { wallet: "wallet0".to_owned() })),
        }
        server.unlock();
        assert!(wallet.generate_vote(&request).await.unwrap().is_signed());
        server.pool_features(false);
        let listed = wallet.user_tickets(&address).await;
        match generation {
            Generation::Today => assert!(matches!(listed, Err(WalletError::PoolFeaturesDisabled { .. }))),
            Generation::Legacy => assert_eq!(listed, Ok(Default::default())),
        }
        server.lose_scripts();
        assert!(!wallet.has_script(&address).await.unwrap());
        assert!(wallet.tickets().await.unwrap().is_empty());
        server.stop().await;
        assert!(matches!(wallet.best_block().await, Err(WalletError::Unreachable { .. })));
    }
}

#[tokio::test]
#[should_panic(expected = "the network was made without servers")]
async fn a_network_without_servers_has_no_addresses() {
    network().start().await.unwrap().node().endpoint();
}
