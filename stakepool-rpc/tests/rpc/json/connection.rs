//! Connections as they are in the field: certificates, passwords, losses, sizes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P521_SHA512, PKCS_ED25519};
use serde_json::{Value, json};
use stakepool_core::chain::{BlockHash, BlockHeight, Network, ScriptAddress};
use stakepool_core::ports::{
    ChainWallet, Node, NodeError, NodeEvent, ScriptWallet, TicketWallet, VoteSigner, WalletError,
};
use stakepool_rpc::json::{ConfigError, NO_PARAMS, NodeClient, RpcError, ServerConfig, ServerKind, Wallet, identify};
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::server::{Server, error, node_greeting, result};
use crate::tls::made_with;

const HASH: &str = "006c53b9bea9ef5dba1d1d695f3894dfac9beb520b6901402cb58cbf53602e48";

fn node(id: u64, method: &str, _params: &Value) -> Option<String> {
    match method {
        "getbestblock" => result(id, &json!({"hash": HASH, "height": 209})),
        _ => node_greeting(id, method),
    }
}

fn wallet(id: u64, method: &str, _params: &Value) -> Option<String> {
    match method {
        "walletinfo" => result(id, &json!({"ticketpurchasing": false})),
        "getbestblock" => result(id, &json!({"hash": HASH, "height": 209})),
        _ => None,
    }
}

fn best() -> (BlockHash, BlockHeight) {
    (HASH.parse().unwrap(), BlockHeight(209))
}

async fn next(events: &mut Receiver<NodeEvent>) -> NodeEvent {
    timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap()
}

/// The error of a wallet with this configuration once an attempt has failed.
async fn failure(config: &ServerConfig) -> WalletError {
    let wallet = Wallet::connect(config).unwrap();
    timeout(Duration::from_secs(10), async {
        loop {
            if let Some(error) = wallet.last_error() {
                return error;
            }
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn certificates_with_keys_of_all_programs_are_accepted_when_pinned() {
    for algorithm in [&PKCS_ECDSA_P521_SHA512, &PKCS_ECDSA_P256_SHA256, &PKCS_ED25519] {
        let server = Server::with_key(algorithm, None, wallet).await;
        let wallet = Wallet::connect(&server.config).unwrap();
        assert_eq!(wallet.best_block().await, Ok(best()), "{algorithm:?}");
    }
}

#[tokio::test]
async fn another_certificate_is_refused_with_advice() {
    let mut server = Server::start(wallet).await;
    server.config.certificate_pem = made_with(&PKCS_ECDSA_P256_SHA256).0.into_bytes();
    let error = failure(&server.config).await.to_string();
    assert!(error.contains("another certificate") && error.contains("rpc.cert"), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_server_that_is_away() {
    let mut server = Server::start(wallet).await;
    server.config.password = "wrong".into();
    assert!(matches!(failure(&server.config).await, WalletError::Unauthorized { .. }));
    let (node, _events) = NodeClient::connect(&server.config).unwrap();
    assert!(matches!(node.best_block().await, Err(NodeError::Unauthorized { .. })));
    // Nobody listens where a listener was.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    server.config.host = free.to_string();
    let error = failure(&server.config).await;
    assert!(error.is_transient() && error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_server_with_too_many_clients_says_so() {
    let server = Server::with_key(&PKCS_ECDSA_P256_SHA256, Some(StatusCode::SERVICE_UNAVAILABLE), wallet).await;
    let error = failure(&server.config).await;
    assert!(error.is_transient() && error.to_string().contains("503"), "{error}");
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_any_attempt() {
    let config = ServerConfig::new("nonsense", "user", "pass", "");
    assert!(matches!(Wallet::connect(&config), Err(ConfigError::Host(_))));
    let config = ServerConfig::new("127.0.0.1:1", "user", "pass", "");
    assert!(matches!(NodeClient::connect(&config), Err(ConfigError::Certificate { .. })));
}

#[tokio::test]
async fn a_client_starts_while_its_server_is_away_and_finds_it_when_it_comes_back() {
    let server = Server::start(node).await;
    let (client, mut events) = NodeClient::connect(&server.config).unwrap();
    for connection in 1..=3 {
        assert_eq!(next(&mut events).await, NodeEvent::Connected);
        server.heard("notifyspentandmissedtickets", connection).await;
        server.say(json!({"method": "winningtickets", "params": [HASH, 209, {}], "id": null}).to_string());
        assert!(matches!(next(&mut events).await, NodeEvent::WinningTickets { .. }));
        assert_eq!(client.best_block().await, Ok(best()));
        assert_eq!(client.info().await.unwrap().network, Network::Simnet);
        server.hang_up();
        let NodeEvent::Disconnected { reason } = next(&mut events).await else { panic!("disconnected") };
        assert!(!reason.is_empty());
    }
}

#[tokio::test]
async fn an_oversized_message_costs_the_connection_and_nothing_else() {
    let answers = |id: u64, method: &str, params: &Value| match method {
        "livetickets" => result(id, &json!({"tickets": ["x".repeat(40_000)]})),
        _ => node(id, method, params),
    };
    let mut server = Server::start(answers).await;
    server.config.limits.message_bytes = 20_000;
    let (client, mut events) = NodeClient::connect(&server.config).unwrap();
    assert_eq!(next(&mut events).await, NodeEvent::Connected);
    let error = client.live_tickets().await.unwrap_err().to_string();
    assert!(error.contains("more than the 20000"), "{error}");
    assert!(matches!(next(&mut events).await, NodeEvent::Disconnected { .. }));
    assert_eq!(next(&mut events).await, NodeEvent::Connected);
    assert_eq!(client.best_block().await, Ok(best()));
}

#[tokio::test]
async fn malformed_messages_are_skipped() {
    let server = Server::start(node).await;
    let (client, mut events) = NodeClient::connect(&server.config).unwrap();
    assert_eq!(next(&mut events).await, NodeEvent::Connected);
    for text in ["", "{", r#"{"method":"blockconnected","params":["00"],"id":null}"#, r#"{"id":7000,"result":1}"#] {
        server.say(text);
    }
    server.say(json!({"method": "newtickets", "params": [HASH, 209, 1, null], "id": null}).to_string());
    assert!(matches!(next(&mut events).await, NodeEvent::NewTickets { .. }));
    assert_eq!(client.best_block().await, Ok(best()));
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_method_without_an_answer_ends_at_its_own_limit() {
    let mut server = Server::start(wallet).await;
    server.config.limits.slow_call = Duration::from_millis(100);
    let wallet = Wallet::connect(&server.config).unwrap();
    wallet.best_block().await.unwrap();
    let error = wallet.tickets().await.unwrap_err();
    assert_eq!(error.to_string(), format!("wallet {} did not answer `gettickets` within 100 ms", wallet.name()));
    assert_eq!(wallet.best_block().await, Ok(best()));
}

#[tokio::test]
async fn many_callers_share_one_connection() {
    let server = Server::start(wallet).await;
    let wallet = Arc::new(Wallet::connect(&server.config).unwrap());
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let wallet = Arc::clone(&wallet);
            tokio::spawn(async move { wallet.best_block().await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(best()));
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_can_be_identified_without_a_client() {
    let server = Server::start(node).await;
    let identity = identify(&server.config).await.unwrap();
    assert_eq!((identity.kind, identity.network), (ServerKind::Node, Some(Network::Simnet)));
    let mut server = Server::start(wallet).await;
    assert_eq!(identify(&server.config).await.unwrap().kind, ServerKind::Wallet);
    server.config.password = "wrong".into();
    assert_eq!(identify(&server.config).await, Err(RpcError::Unauthorized));
}

#[tokio::test]
async fn any_other_method_of_a_server_can_be_called_with_its_refusals_and_figures() {
    let answers = |id: u64, method: &str, params: &Value| match method {
        "getbalance" if params == &json!(["default", 2]) => result(id, &json!({"spendable": 1.5})),
        "getbalance" => error(id, -8, "no such account"),
        "walletlock" if params == &json!([]) => result(id, &Value::Null),
        _ => wallet(id, method, params),
    };
    let server = Server::start(answers).await;
    let wallet = Wallet::connect(&server.config).unwrap();
    let balance: Value = wallet.call("getbalance", ("default", 2)).await.unwrap();
    assert_eq!(balance, json!({"spendable": 1.5}));
    wallet.call::<()>("walletlock", NO_PARAMS).await.unwrap();
    let refused = wallet.call::<Value>("getbalance", ("unknown",)).await;
    assert!(matches!(refused, Err(WalletError::Rpc { code: -8, .. })), "{refused:?}");
    let shapeless = wallet.call::<u32>("getbalance", ("default", 2)).await;
    assert!(matches!(shapeless, Err(WalletError::Unexpected { .. })), "{shapeless:?}");
    assert_eq!(wallet.call_figures()["getbalance"].calls, 3);
}

#[tokio::test]
async fn every_new_connection_to_a_wallet_is_counted_before_the_first_call_over_it() {
    let server = Server::start(wallet).await;
    let wallet = Wallet::connect(&server.config).unwrap();
    assert_eq!(wallet.best_block().await, Ok(best()));
    assert_eq!(wallet.connections(), 1);
    server.hang_up();
    timeout(Duration::from_secs(10), wallet.connected_again(1)).await.unwrap();
    assert_eq!(wallet.best_block().await, Ok(best()));
    assert_eq!(wallet.connections(), 2);
}

#[tokio::test]
async fn wallets_of_both_generations_list_their_scripts() {
    const SCRIPT: &str = "512102dd92e6be105116abec57499d1e42af356a66aeac37e2963e09eb4e4746a3d1652103a5c88031cdce3c9bd86d0c84318\
                          ecf32b3233cee21fa594f6925022dc9174a0b52ae";
    const ADDRESS: &str = "Scbz11YUYtveft4KhYPxA3Y6y4tiQMjaZXp";
    fn today(id: u64, method: &str, params: &Value) -> Option<String> {
        match method {
            "walletinfo" => result(id, &json!({"spv": false})),
            "version" => result(id, &json!({"exccwalletjsonrpcapi": {"versionstring": "8.9.0", "major": 8}})),
            // As exccwallet 2.8.5 answers, with an imported key added.
            "getaddressesbyaccount" if params == &json!(["imported"]) => {
                result(id, &json!([ADDRESS, "Ssf47Y3AiUpeX3ZzYGezLbnwTzWuymULn4u"]))
            }
            "validateaddress" => result(
                id,
                &json!({"isvalid": true, "ismine": true, "isscript": true, "account": "imported", "hex": SCRIPT}),
            ),
            _ => None,
        }
    }
    fn legacy(id: u64, method: &str, _: &Value) -> Option<String> {
        match method {
            "walletinfo" => result(id, &json!({"ticketpurchasing": false})),
            "listscripts" => {
                let listed = json!({"hash160": "3134159cc5e3136bbbd6a1598486b56bf888afff", "address": ADDRESS, "redeemscript": SCRIPT});
                result(id, &json!({"scripts": [listed]}))
            }
            "validateaddress" => result(id, &json!({"isvalid": true})),
            _ => None,
        }
    }
    let address: ScriptAddress = ADDRESS.parse().unwrap();
    let server = Server::start(today).await;
    let wallet = Wallet::connect(&server.config).unwrap();
    assert_eq!(wallet.script_addresses().await, Ok(Some(vec![address])));
    assert_eq!(wallet.script(&address).await.unwrap().unwrap().to_string(), SCRIPT);
    let server = Server::start(legacy).await;
    let wallet = Wallet::connect(&server.config).unwrap();
    assert_eq!(wallet.script_addresses().await, Ok(Some(vec![address])));
    assert_eq!(wallet.script(&address).await, Ok(None));
}
