//! Against real programs: the network that the `simnet.json` in `STAKEPOOL_SIMNET` describes.
//!
//! Mines a few blocks, changes nothing that other users of the network would notice.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use stakepool_core::chain::{
    BlockHash, BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, PoolKey, RedeemScript, TicketHash, TxHash,
    UserKey, VoteTransaction,
};
use stakepool_core::ports::{
    ChainWallet, Node, NodeError, NodeEvent, PoolWallet, ScriptWallet, TicketWallet, VoteRequest, VoteSigner,
    VoteSubmission, WalletError,
};
use stakepool_rpc::json::{NodeClient, ServerConfig, ServerKind, Wallet, identify};
use stakepool_rpc::tls::pinned_client_config;
use tokio::net::TcpStream;
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;

struct Simnet(Value);

impl Simnet {
    fn load() -> Self {
        let path = std::env::var("STAKEPOOL_SIMNET").expect("STAKEPOOL_SIMNET names a simnet.json");
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    fn server(&self, name: &str) -> ServerConfig {
        let server = &self.0["servers"][name];
        let text = |key: &str| server[key].as_str().unwrap();
        let mut config =
            ServerConfig::new(text("host"), text("user"), text("password"), std::fs::read(text("cert")).unwrap());
        config.limits.wait_for_connection = Duration::from_secs(10);
        config
    }

    fn generation(&self) -> Generation {
        if self.0["generation"] == "legacy" { Generation::Legacy } else { Generation::Today }
    }

    fn key(&self, name: &str) -> ExtendedPubKey {
        ExtendedPubKey::parse_for(self.0[name].as_str().unwrap(), Network::Simnet).unwrap()
    }

    /// A call that the product has no use for: mining.
    async fn generate(&self) -> BlockHash {
        let server = &self.0["servers"]["node"];
        let host = server["host"].as_str().unwrap();
        let tls = pinned_client_config(&std::fs::read(server["cert"].as_str().unwrap()).unwrap()).unwrap();
        let tcp = TcpStream::connect(host).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let tls = TlsConnector::from(Arc::new(tls)).connect(name, tcp).await.unwrap();
        let (mut socket, _) = tokio_tungstenite::client_async(format!("wss://{host}/ws"), tls).await.unwrap();
        let sign_in = json!({"jsonrpc": "1.0", "id": 1, "method": "authenticate",
            "params": [server["user"], server["password"]]});
        // Votes on the tip may still be on their way.
        for attempt in 2..100 {
            let generate = json!({"jsonrpc": "1.0", "id": attempt, "method": "generate", "params": [1]});
            let requests = if attempt == 2 { vec![&sign_in, &generate] } else { vec![&generate] };
            let mut answer = Value::Null;
            for request in requests {
                socket.send(Message::text(request.to_string())).await.unwrap();
                let text = socket.next().await.unwrap().unwrap().into_text().unwrap();
                answer = serde_json::from_str(&text).unwrap();
            }
            if let Some(hash) = answer["result"][0].as_str() {
                return hash.parse().unwrap();
            }
            sleep(Duration::from_millis(250)).await;
        }
        panic!("cannot mine");
    }
}

/// Events until all four kinds of a block have come: its height, its winners, the tickets that matured with it.
async fn events_of(
    block: BlockHash,
    events: &mut Receiver<NodeEvent>,
) -> (BlockHeight, Vec<TicketHash>, Vec<TicketHash>) {
    let (mut at, mut winners, mut matured, mut spent) = (None, None, None, false);
    while at.is_none() || winners.is_none() || matured.is_none() || !spent {
        match timeout(Duration::from_secs(20), events.recv()).await.unwrap().unwrap() {
            NodeEvent::BlockConnected(header) if header.hash == block => at = Some(header.height),
            NodeEvent::WinningTickets { block: of, tickets, .. } if of == block => winners = Some(tickets),
            NodeEvent::NewTickets { block: of, tickets, .. } if of == block => matured = Some(tickets),
            NodeEvent::SpentAndMissed { block: of, .. } if of == block => spent = true,
            NodeEvent::Disconnected { reason } => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
    (at.unwrap(), winners.unwrap(), matured.unwrap())
}

#[tokio::test]
#[ignore = "needs STAKEPOOL_SIMNET"]
async fn real_node_tells_of_blocks_and_answers_every_call() {
    let simnet = Simnet::load();
    let (node, mut events) = NodeClient::connect(&simnet.server("node")).unwrap();
    let miner = Wallet::connect(&simnet.server("miner")).unwrap();
    assert_eq!(events.recv().await, Some(NodeEvent::Connected));
    let info = node.info().await.unwrap();
    assert_eq!((info.generation, info.network), (simnet.generation(), Network::Simnet));
    let (before, _) = node.best_block().await.unwrap();

    let hash = simnet.generate().await;
    let (height, winners, matured) = events_of(hash, &mut events).await;
    assert_eq!(winners.len(), 5);
    assert_eq!(node.block_hash(height).await, Ok(hash));
    let block = node.block(&hash).await.unwrap();
    assert_eq!((block.header.hash, block.header.height), (hash, height));
    let is_vote = |transaction: &_| VoteTransaction::from_transaction(Clone::clone(transaction)).is_ok();
    let votes = block.stake_transactions.iter().filter(|transaction| is_vote(transaction)).count();
    assert_eq!(votes, usize::from(block.header.voters));
    assert_eq!(block.header.previous, before);

    let live = node.live_tickets().await.unwrap();
    assert!(winners.iter().all(|winner| live.contains(winner)));
    let ticket = matured.first().copied().unwrap_or(winners[0]);
    let mined = node.transaction(&ticket.into()).await.unwrap();
    let maturity = Network::Simnet.params(simnet.generation()).ticket_maturity;
    assert!(mined.mined_at.unwrap() <= height.minus(maturity), "{:?} {height}", mined.mined_at);
    let unknown = node.transaction(&TxHash::from_bytes([7; 32])).await.unwrap_err();
    assert!(matches!(unknown, NodeError::NotFound { .. }), "{unknown}");
    assert!(matches!(node.block_hash(BlockHeight(u32::MAX)).await, Err(NodeError::NotFound { .. })));

    vote_again(&simnet, &node, &miner, hash, height, &winners).await;
    node.rebroadcast_winners().await.unwrap();
    let again = timeout(Duration::from_secs(20), async {
        loop {
            if let NodeEvent::WinningTickets { block, tickets, .. } = events.recv().await.unwrap() {
                return (block, tickets);
            }
        }
    });
    assert_eq!(again.await.unwrap(), (hash, winners));
    // The node answers our pings.
    sleep(Duration::from_secs(20)).await;
    assert_eq!(node.last_error(), None);
    assert!(!matches!(events.try_recv(), Ok(NodeEvent::Disconnected { .. })));
}

/// The miner's wallet has voted; the same votes, made once more, are known to the node.
async fn vote_again(
    simnet: &Simnet,
    node: &NodeClient,
    miner: &Wallet,
    block: BlockHash,
    height: BlockHeight,
    winners: &[TicketHash],
) {
    sleep(Duration::from_millis(500)).await;
    let info = miner.info().await.unwrap();
    assert_eq!((info.generation, info.votes_itself), (simnet.generation(), true));
    let mut sent = 0;
    for &ticket in winners {
        let (bits, bits_extended) = (info.vote_bits, info.vote_bits_extended.clone());
        let request = VoteRequest { block, height, ticket, bits, bits_extended };
        // Others may hold tickets on this network, too.
        let Ok(vote) = miner.generate_vote(&request).await else { continue };
        if vote.is_signed() {
            assert_eq!((vote.block, vote.height, vote.ticket, vote.bits), (block, height, ticket, bits));
            assert_eq!(node.send_vote(&vote).await, Ok(VoteSubmission::AlreadyKnown));
            sent += 1;
        }
    }
    assert!(sent > 0, "the miner has no winner among {winners:?}");
}

#[tokio::test]
#[ignore = "needs STAKEPOOL_SIMNET"]
async fn real_wallet_answers_every_call() {
    let simnet = Simnet::load();
    let wallet = Wallet::connect(&simnet.server("voter3")).unwrap();
    let info = wallet.info().await.unwrap();
    assert_eq!(info.generation, simnet.generation());
    assert!(info.unlocked && info.connected && !info.votes_itself, "{info:?}");
    check_keys_and_scripts(&simnet, &wallet).await;

    let (hash, height) = wallet.best_block().await.unwrap();
    wallet.rescan(height.minus(3)).await.unwrap();
    let stake = wallet.stake_info().await.unwrap();
    assert!(stake.height >= height && stake.pool_size > 100, "{stake:?}");
    wallet.tickets().await.unwrap();
    match wallet.revoke_tickets().await {
        // Of a ticket at the network's lowest price, which another test has left behind, wallets of 2018 can pay no fee.
        Err(WalletError::Rpc { message, .. }) if info.generation == Generation::Legacy => {
            assert_eq!(message, "no suitable revocation outputs to pay relay fee");
        }
        revoked => revoked.unwrap(),
    }
    let ticket = TicketHash::from_bytes([9; 32]);
    let request =
        VoteRequest { block: hash, height, ticket, bits: info.vote_bits, bits_extended: info.vote_bits_extended };
    let error = wallet.generate_vote(&request).await.unwrap_err();
    assert!(matches!(error, WalletError::UnknownTicket { .. }), "{error}");
    // The wallet answers our pings.
    sleep(Duration::from_secs(20)).await;
    assert_eq!(wallet.last_error(), None);
}

async fn check_keys_and_scripts(simnet: &Simnet, wallet: &dyn PoolWallet) {
    let (voting, cold) = (simnet.key("votingwalletextpub"), simnet.key("coldwalletextpub"));
    assert_eq!(wallet.master_pubkey().await, Ok(voting));
    wallet.sync_address_index(KeyIndex(30)).await.unwrap();
    let pool = voting.external_branch().unwrap().address(KeyIndex(7)).unwrap();
    let user = cold.external_branch().unwrap().address(KeyIndex(7)).unwrap();
    assert_eq!(wallet.own_pubkey(&pool.to_pubkey_hash()).await, Ok(Some(pool)));
    assert_eq!(wallet.own_pubkey(&user.to_pubkey_hash()).await, Ok(None));
    let script = RedeemScript::new(PoolKey(*pool.public_key()), UserKey(*user.public_key()));
    let address = script.address(Network::Simnet);
    assert_eq!(wallet.create_multisig(&pool, &user).await, Ok((address, script)));
    for _ in 0..2 {
        wallet.import_script(&script).await.unwrap();
    }
    assert_eq!(wallet.has_script(&address).await, Ok(true));
    let other = RedeemScript::new(PoolKey(*user.public_key()), UserKey(*pool.public_key()));
    assert_eq!(wallet.has_script(&other.address(Network::Simnet)).await, Ok(false));
    assert_eq!(wallet.user_tickets(&address).await, Ok(Default::default()));
}

#[tokio::test]
#[ignore = "needs STAKEPOOL_SIMNET"]
async fn real_servers_refuse_a_wrong_password_and_tell_what_they_are() {
    let simnet = Simnet::load();
    for (name, kind) in [("node", ServerKind::Node), ("voter3", ServerKind::Wallet)] {
        let mut config = simnet.server(name);
        let identity = identify(&config).await.unwrap();
        assert_eq!((identity.kind, identity.generation), (kind, simnet.generation()));
        config.password = "wrong".into();
        let wallet = Wallet::connect(&config).unwrap();
        assert!(matches!(wallet.info().await, Err(WalletError::Unauthorized { .. })), "{name}");
    }
    let (node, _events) = NodeClient::connect(&simnet.server("voter3")).unwrap();
    assert!(node.info().await.unwrap_err().to_string().contains("exccdhost"));
    let wallet = Wallet::connect(&simnet.server("node")).unwrap();
    assert!(wallet.info().await.unwrap_err().to_string().contains("wallethost"));
}
