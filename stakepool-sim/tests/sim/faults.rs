//! What can be wrong with a server.

use std::time::Duration;

use serde_json::{Value, json};
use stakepool_core::chain::Generation;
use stakepool_sim::SimNetwork;

use crate::client::{Socket, error, post, result};
use crate::pool::{generate, register, start, winners};

async fn quick() -> SimNetwork {
    SimNetwork::builder().height(0).start().await.unwrap()
}

#[tokio::test]
async fn a_stopped_server_refuses_connections_and_comes_back_on_its_port() {
    let sim = quick().await;
    let node = sim.node().endpoint();
    let mut socket = Socket::open(&node).await;
    sim.node().stop().await;
    assert_eq!(socket.next().await, None);
    assert!(post(&node, "getblockcount", json!([])).await.is_err());
    sim.node().start().await.unwrap();
    sim.node().start().await.unwrap();
    assert_eq!(result(&sim.node().endpoint(), "getblockcount", json!([])).await, json!(0));
    assert_eq!(sim.node().endpoint(), node);
}

#[tokio::test]
async fn the_last_node_that_stops_loses_the_votes_that_wait() {
    let sim = SimNetwork::builder().seed(42).nodes(2).start().await.unwrap();
    let address = register(&sim).await;
    let [ticket] = winners(&sim, address, 1).await[..] else { panic!() };
    let vote = generate(&sim, sim.wallet(0), &ticket, 1).await;
    result(&sim.node().endpoint(), "sendrawtransaction", json!([vote])).await;
    sim.nodes()[1].stop().await;
    assert!(sim.missing_votes().is_empty(), "the other node has it");
    sim.node().stop().await;
    assert_eq!(sim.missing_votes(), [ticket]);
    assert_eq!(sim.waiting_votes().len(), 4, "the other stakers send theirs again");
    sim.node().start().await.unwrap();
    assert_eq!(sim.missing_votes(), [ticket]);
    result(&sim.node().endpoint(), "sendrawtransaction", json!([vote])).await;
    let mined = sim.mine(1).await.unwrap();
    assert!(sim.votes_in_block(mined).contains(&ticket));
}

#[tokio::test]
async fn a_deaf_server_takes_requests_and_never_answers() {
    let sim = quick().await;
    let wallet = sim.wallet(0);
    wallet.deaf(true);
    let endpoint = wallet.endpoint();
    let asked = tokio::time::timeout(Duration::from_millis(100), post(&endpoint, "walletinfo", json!([]))).await;
    assert!(asked.is_err());
    assert_eq!(wallet.calls("walletinfo"), 1);
    wallet.deaf(false);
    result(&endpoint, "walletinfo", json!([])).await;
}

#[tokio::test]
async fn a_deaf_node_tells_nothing_until_it_hears_again() {
    let sim = start(Generation::Today).await;
    let mut socket = Socket::open(&sim.node().endpoint()).await;
    socket.subscribe().await;
    sim.node().deaf(true);
    sim.mine(1).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(100), socket.next()).await.is_err());
    sim.node().deaf(false);
    assert_eq!(methods(&mut socket, 1).await, ["blockconnected"]);
}

#[tokio::test]
async fn a_wallet_says_when_it_has_lost_its_node() {
    let sim = quick().await;
    sim.wallet(0).connected(false);
    let info = result(&sim.wallet(0).endpoint(), "walletinfo", json!([])).await;
    assert_eq!(info["daemonconnected"], json!(false));
}

#[tokio::test]
async fn a_server_can_be_slow_for_one_method_or_all() {
    let sim = quick().await;
    let node = sim.node().endpoint();
    sim.node().slow("*", Duration::from_millis(60));
    sim.node().slow("getblockcount", Duration::ZERO);
    let timed = async |method| {
        let before = tokio::time::Instant::now();
        result(&node, method, json!([])).await;
        before.elapsed()
    };
    assert!(timed("getbestblock").await >= Duration::from_millis(60));
    sim.node().fast();
    timed("getblockcount").await;
}

#[tokio::test]
async fn a_busy_server_answers_503_and_refused_credentials_401() {
    let sim = quick().await;
    let node = sim.node();
    node.unavailable(true);
    assert_eq!(post(&node.endpoint(), "getblockcount", json!([])).await.unwrap().0, 503);
    node.unavailable(false);
    node.refuse_credentials(true);
    assert_eq!(post(&node.endpoint(), "getblockcount", json!([])).await.unwrap().0, 401);
    node.refuse_credentials(false);
    node.fail("getblockcount", -1, "a fault");
    assert_eq!(error(&node.endpoint(), "getblockcount", json!([])).await, (-1, "a fault".to_owned()));
    node.heal();
    result(&node.endpoint(), "getblockcount", json!([])).await;
}

#[tokio::test]
async fn a_limited_user_hears_of_blocks_but_not_of_tickets() {
    let sim = quick().await;
    sim.node().limited_user(true);
    let mut socket = Socket::open(&sim.node().endpoint()).await;
    socket.send(1, "notifyblocks", json!([])).await;
    assert_eq!(socket.next().await.unwrap()["error"], Value::Null);
    socket.send(2, "notifywinningtickets", json!([])).await;
    assert_eq!(socket.next().await.unwrap()["error"]["code"], json!(-32602));
}

#[tokio::test]
async fn a_wallet_takes_subscriptions_and_tells_nothing() {
    let sim = start(Generation::Today).await;
    let mut socket = Socket::open(&sim.wallet(0).endpoint()).await;
    socket.subscribe().await;
    sim.mine(1).await.unwrap();
    socket.send(9, "getblockcount", json!([])).await;
    assert_eq!(socket.next().await.unwrap()["result"], json!(151));
}

#[tokio::test]
async fn subscriptions_end_with_the_connection() {
    let sim = start(Generation::Today).await;
    let mut socket = Socket::open(&sim.node().endpoint()).await;
    socket.subscribe().await;
    sim.node().drop_connections();
    assert_eq!(socket.next().await, None);
    let mut socket = Socket::open(&sim.node().endpoint()).await;
    sim.mine(1).await.unwrap();
    socket.subscribe().await;
    socket.send(9, "rebroadcastwinners", json!([])).await;
    let (first, second) = (socket.next().await.unwrap(), socket.next().await.unwrap());
    let told = [&first, &second].into_iter().find(|message| message["method"] == "winningtickets").unwrap();
    assert_eq!(told["params"][0], json!(sim.best_block().0));
    assert_eq!(told["params"][2].as_object().unwrap().len(), 5);
}

async fn methods(socket: &mut Socket, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..count {
        found.push(socket.next().await.unwrap()["method"].as_str().unwrap().to_owned());
    }
    found
}

#[tokio::test]
async fn notifications_can_come_twice_and_in_disorder() {
    let sim = start(Generation::Today).await;
    let mut socket = Socket::open(&sim.node().endpoint()).await;
    socket.subscribe().await;
    sim.node().duplicate_notifications(true);
    sim.mine(1).await.unwrap();
    let twice = methods(&mut socket, 8).await;
    assert_eq!(twice[..4], ["blockconnected", "blockconnected", "spentandmissedtickets", "spentandmissedtickets"]);
    sim.node().duplicate_notifications(false);
    sim.node().disorder_notifications(true);
    sim.mine(1).await.unwrap();
    assert_eq!(
        methods(&mut socket, 4).await,
        ["winningtickets", "newtickets", "spentandmissedtickets", "blockconnected"]
    );
}

#[tokio::test]
async fn a_wallet_without_the_pools_features_knows_no_users() {
    for generation in crate::pool::GENERATIONS {
        let sim = start(generation).await;
        let address = register(&sim).await;
        sim.wallet(0).pool_features(false);
        winners(&sim, address, 1).await;
        let wallet = sim.wallet(0).endpoint();
        if generation == Generation::Legacy {
            let info = result(&wallet, "stakepooluserinfo", json!([address])).await;
            assert_eq!(info, json!({"tickets": null, "invalid": null}));
        } else {
            let message = "wallet.StakePoolUserInfo: invalid operation: VSP features are disabled".to_owned();
            assert_eq!(error(&wallet, "stakepooluserinfo", json!([address])).await, (-4, message));
        }
    }
}

#[tokio::test]
async fn nodes_share_a_chain_and_not_their_faults() {
    let sim = SimNetwork::builder().height(20).nodes(2).start().await.unwrap();
    sim.nodes()[0].unavailable(true);
    assert_eq!(result(&sim.nodes()[1].endpoint(), "getblockcount", json!([])).await, json!(20));
}
