//! The protocol over the wire.

use serde_json::json;
use stakepool_sim::SimNetwork;

use crate::client::{Socket, answer, error, post, result};

#[tokio::test]
async fn a_node_answers_over_https_and_websockets() {
    let sim = SimNetwork::builder().height(10).start().await.unwrap();
    let node = sim.node().endpoint();
    let (hash, height) = sim.best_block();
    assert_eq!(result(&node, "getbestblock", json!([])).await, json!({"hash": hash, "height": height}));
    let mut socket = Socket::open(&node).await;
    socket.send(7, "getblockcount", json!([])).await;
    assert_eq!(socket.next().await.unwrap(), json!({"jsonrpc": "1.0", "result": 10, "error": null, "id": 7}));
    assert_eq!(error(&node, "nosuch", json!([])).await, (-32601, "Method not found".to_owned()));
    assert_eq!(sim.node().calls("getbestblock"), 1);
}

#[tokio::test]
async fn only_the_right_credentials_are_let_in() {
    let sim = SimNetwork::builder().height(0).start().await.unwrap();
    let node = sim.node().endpoint();
    let mut wrong = node.clone();
    wrong.password.push('x');
    let (status, body) = post(&wrong, "getblockcount", json!([])).await.unwrap();
    assert_eq!((status.as_u16(), body.as_str()), (401, "401 Unauthorized.\n"));

    let mut stranger = Socket::open_as_stranger(&node).await;
    stranger.send(1, "getblockcount", json!([])).await;
    assert_eq!(stranger.next().await, None);

    let mut guest = Socket::open_as_stranger(&node).await;
    guest.send(1, "authenticate", json!([node.user, node.password])).await;
    assert_eq!(guest.next().await.unwrap()["error"], json!(null));
    guest.send(2, "getblockcount", json!([])).await;
    assert_eq!(guest.next().await.unwrap()["result"], json!(0));
}

#[tokio::test]
async fn answers_can_overtake_each_other() {
    let sim = SimNetwork::builder().height(0).start().await.unwrap();
    sim.node().slow("getbestblock", std::time::Duration::from_millis(200));
    let mut socket = Socket::open(&sim.node().endpoint()).await;
    socket.send(1, "getbestblock", json!([])).await;
    socket.send(2, "getblockcount", json!([])).await;
    assert_eq!(socket.next().await.unwrap()["id"], json!(2));
    assert_eq!(socket.next().await.unwrap()["id"], json!(1));
}

#[tokio::test]
async fn garbage_gets_an_error_and_nothing_breaks() {
    let sim = SimNetwork::builder().height(0).start().await.unwrap();
    let node = sim.node().endpoint();
    assert_eq!(
        error(&node, "sendrawtransaction", json!(["00"])).await,
        (-22, "Could not decode Tx: unexpected EOF".to_owned())
    );
    for params in [json!([]), json!([1]), json!(["zz"]), json!(["00", {}]), json!({"a": 1}), json!(null)] {
        for method in ["getblock", "getrawtransaction", "existslivetickets", "getblockhash", "getvoteinfo"] {
            let _ = answer(&node, method, params.clone()).await;
        }
        for method in ["generatevote", "importscript", "createmultisig", "purchaseticket", "stakepooluserinfo"] {
            let _ = answer(&sim.wallet(0).endpoint(), method, params.clone()).await;
        }
    }
    for params in [json!([u32::MAX, u32::MAX]), json!([u32::MAX])] {
        for method in ["getblocksubsidy", "getblockhash", "getvoteinfo", "generate"] {
            let _ = answer(&node, method, params.clone()).await;
        }
    }
    let huge = "00".repeat(5 << 20);
    assert_eq!(post(&node, "sendrawtransaction", json!([huge])).await.map_or(413, |(status, _)| status.as_u16()), 413);
    assert_eq!(result(&node, "getblockcount", json!([])).await, json!(0));
}

#[tokio::test]
async fn winners_are_repeated_over_websockets_and_by_legacy_nodes_over_https_too() {
    for generation in crate::pool::GENERATIONS {
        let sim = crate::pool::start(generation).await;
        let node = sim.node().endpoint();
        let asked = answer(&node, "rebroadcastwinners", json!([])).await;
        let refused = generation == stakepool_core::chain::Generation::Today;
        assert_eq!(asked["error"]["code"] == json!(-32601), refused);
        let mut socket = Socket::open(&node).await;
        socket.send(1, "notifywinningtickets", json!([])).await;
        socket.next().await.unwrap();
        socket.send(2, "rebroadcastwinners", json!([])).await;
        let told = [socket.next().await.unwrap(), socket.next().await.unwrap()];
        assert!(told.iter().any(|message| message["method"] == "winningtickets"));
    }
}
