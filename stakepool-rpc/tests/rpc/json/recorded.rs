//! The traits of the pool's logic, served with what real programs of both generations answered.

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use stakepool_core::chain::{
    Amount, BlockHeader, BlockHeight, Generation, Inclusion, Network, OutPoint, ScriptAddress, Transaction, VoteBits,
    VoteTransaction, VoteVersion,
};
use stakepool_core::ports::{
    Agenda, AgendaChoice, AgendaSource, ChainWallet, Node, NodeError, NodeEvent, PoolWallet, TicketWallet,
    TransactionSubmission, UnspentOutput, VoteRequest, VoteSubmission, VspNode, WalletError,
};
use stakepool_rpc::json::{NodeClient, Wallet};

use super::server::{Server, error, node_greeting, result};

struct Recording(Vec<Value>);

impl Recording {
    fn load(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rpc").join(name);
        let text = std::fs::read_to_string(path).unwrap();
        Self(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// All parameters with which a method was answered without an error.
    fn calls(&self, method: &str) -> Vec<Vec<Value>> {
        let answered = |record: &&Value| record["method"] == method && record["response"]["error"].is_null();
        self.0.iter().filter(answered).map(|record| record["params"].as_array().unwrap().clone()).collect()
    }

    /// A server that answers what was answered to the same method and parameters, the last time that it was asked.
    async fn serve(self) -> Server {
        let mut known: HashMap<String, Value> = HashMap::new();
        for record in self.0 {
            known.insert(format!("{} {}", record["method"], record["params"]), record["response"].clone());
        }
        Server::start(move |id, method, params| {
            let Some(response) = known.get(&format!("{} {params}", json!(method))) else {
                return node_greeting(id, method).or_else(|| result(id, &Value::Null));
            };
            let mut response = response.clone();
            response["id"] = json!(id);
            Some(response.to_string())
        })
        .await
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn check_wallet(wallet: &dyn PoolWallet, recording: &Recording, generation: Generation) {
    let info = wallet.info().await.unwrap();
    let extended = if generation == Generation::Legacy { "06000000" } else { "0b000000" };
    assert_eq!((info.generation, info.vote_bits_extended.as_str()), (generation, extended));
    assert!(info.unlocked && info.connected && !info.votes_itself, "{info:?}");
    assert_eq!(wallet.master_pubkey().await.unwrap().network(), Network::Simnet);
    for params in recording.calls("validateaddress") {
        if let Ok(script) = ScriptAddress::parse_for(text(&params[0]), Network::Simnet) {
            assert!(wallet.has_script(&script).await.unwrap());
        } else if let Ok(address) = text(&params[0]).parse() {
            let key = wallet.own_pubkey(&address).await.unwrap().unwrap();
            assert_eq!(key.to_pubkey_hash(), address);
        }
    }
    let params = &recording.calls("createmultisig")[0][1];
    let (pool, user) = (text(&params[0]).parse().unwrap(), text(&params[1]).parse().unwrap());
    let (address, script) = wallet.create_multisig(&pool, &user).await.unwrap();
    assert_eq!((script.address(Network::Simnet), script.user_address(Network::Simnet)), (address, user));
    wallet.import_script(&script).await.unwrap();
    wallet.rescan(BlockHeight(100)).await.unwrap();
    wallet.revoke_tickets().await.unwrap();
    assert!(wallet.best_block().await.unwrap().1 > BlockHeight(100));
    let stake = wallet.stake_info().await.unwrap();
    assert!(stake.height > BlockHeight(100) && stake.pool_size > 100, "{stake:?}");
    assert!(!wallet.tickets().await.unwrap().is_empty());
    for params in recording.calls("stakepooluserinfo") {
        // Another kind of address was recorded, too; the pool cannot even ask for that.
        if let Ok(address) = text(&params[0]).parse() {
            wallet.user_tickets(&address).await.unwrap();
        }
    }
    let params = &recording.calls("generatevote")[0];
    let request = VoteRequest {
        block: text(&params[0]).parse().unwrap(),
        height: BlockHeight(params[1].as_u64().unwrap().try_into().unwrap()),
        ticket: text(&params[2]).parse().unwrap(),
        bits: VoteBits(1),
        bits_extended: String::new(),
    };
    let vote = wallet.generate_vote(&request).await.unwrap();
    assert_eq!((vote.block, vote.height, vote.ticket), (request.block, request.height, request.ticket));
    assert!(vote.is_signed());
}

#[tokio::test]
async fn wallets_of_both_generations_are_understood() {
    for (name, generation) in
        [("exccwallet-2.2.0.jsonl", Generation::Legacy), ("exccwallet-2.8.5.jsonl", Generation::Today)]
    {
        let server = Recording::load(name).serve().await;
        let wallet = Wallet::connect(&server.config).unwrap();
        check_wallet(&wallet, &Recording::load(name), generation).await;
    }
}

#[tokio::test]
async fn figures_that_a_wallet_leaves_out_are_zero_and_without_a_node_unspent_tickets_count_as_live() {
    let answers = |id: u64, method: &str, _: &Value| match method {
        "walletinfo" => result(id, &json!({})),
        "getstakeinfo" => {
            let answer = json!({"blockheight": 5, "difficulty": 0.5, "totalsubsidy": 1.1, "ownmempooltix": 1, "immature": 2,
                "unspent": 3, "voted": 4, "revoked": 5, "unspentexpired": 6});
            result(id, &answer)
        }
        _ => result(id, &json!({"exccwalletjsonrpcapi": {"versionstring": "8.9.0", "major": 8}})),
    };
    let server = Server::start(answers).await;
    let stake = Wallet::connect(&server.config).unwrap().stake_info().await.unwrap();
    assert_eq!((stake.live, stake.expired, stake.missed, stake.pool_size), (3, 6, 0, 0));
    assert_eq!(stake.total_subsidy, Amount::from_atoms(110_000_000));
}

#[tokio::test]
async fn a_legacy_wallet_without_the_pools_features_has_no_tickets_and_todays_says_so() {
    let address = "Scd15xynf1cJCYMKFrmdJZiCXCXSFUZDj9M".parse().unwrap();
    let server = Recording::load("exccwallet-2.2.0.rare.jsonl").serve_as_wallet().await;
    let legacy = Wallet::connect(&server.config).unwrap();
    assert_eq!(legacy.user_tickets(&address).await, Ok(Default::default()));
    let address = "ScttpW1vW2a5n8cXDCYMdtxSiGVQ7DkB3v5".parse().unwrap();
    let server = Recording::load("exccwallet-2.8.5.rare.jsonl").serve_as_wallet().await;
    let today = Wallet::connect(&server.config).unwrap();
    assert!(matches!(today.user_tickets(&address).await, Err(WalletError::PoolFeaturesDisabled { .. })));
}

impl Recording {
    /// As [`Recording::serve`], for recordings without the answers that a connection begins with.
    async fn serve_as_wallet(mut self) -> Server {
        let response = json!({"result": {"ticketpurchasing": false}, "error": null});
        self.0.push(json!({"method": "walletinfo", "params": [], "response": response}));
        self.serve().await
    }
}

#[tokio::test]
async fn nodes_of_both_generations_are_understood() {
    for (version, generation) in [("2.2.0", Generation::Legacy), ("2.7.6", Generation::Today)] {
        let mut recording = Recording::load(&format!("exccd-{version}.jsonl"));
        recording.0.extend(Recording::load(&format!("exccd-{version}.blocks.jsonl")).0);
        let (transactions, blocks) = (recording.calls("getrawtransaction"), recording.calls("getblock"));
        let server = recording.serve().await;
        let (node, mut events) = NodeClient::connect(&server.config).unwrap();
        assert_eq!(events.recv().await, Some(NodeEvent::Connected));
        let info = node.info().await.unwrap();
        assert_eq!((info.generation, info.network), (generation, Network::Simnet));
        assert!(info.version.contains(version), "{}", info.version);
        assert!(node.best_block().await.unwrap().1 > BlockHeight(100));
        assert!(node.live_tickets().await.unwrap().len() > 100);
        for params in transactions.iter().filter(|params| params.get(1) == Some(&json!(1))) {
            let hash = text(&params[0]).parse().unwrap();
            assert_eq!(node.transaction(&hash).await.unwrap().transaction.hash(), hash);
        }
        let mut votes = 0;
        for params in blocks {
            let hash = text(&params[0]).parse().unwrap();
            let block = node.block(&hash).await.unwrap();
            assert_eq!(block.header.hash, hash);
            let is_vote = |transaction: &_| VoteTransaction::from_transaction(Clone::clone(transaction)).is_ok();
            let in_block = block.stake_transactions.iter().filter(|transaction| is_vote(transaction)).count();
            assert_eq!(in_block, usize::from(block.header.voters));
            votes += in_block;
            let raw = node.raw_block(&hash).await.unwrap();
            for held in &block.stake_transactions {
                assert_eq!(Inclusion::of(&raw, held).unwrap().unwrap().check(held).unwrap().hash, hash);
            }
        }
        assert!(votes >= 5);
        let unknown = "00".repeat(32);
        let error = node.transaction(&unknown.parse().unwrap()).await.unwrap_err();
        assert!(matches!(&error, NodeError::NotFound { .. }) && error.to_string().contains("--txindex"), "{error}");
        assert!(matches!(node.block(&unknown.parse().unwrap()).await, Err(NodeError::NotFound { .. })));
        assert!(matches!(node.block_hash(BlockHeight(99_999)).await, Err(NodeError::NotFound { .. })));
        assert_eq!(node.rebroadcast_winners().await, Ok(()));
    }
}

#[tokio::test]
async fn a_vote_that_the_node_has_already_and_a_rival_vote_are_no_errors() {
    for (name, expected) in [
        ("exccd-2.2.0.rare.jsonl", [VoteSubmission::AlreadyKnown, VoteSubmission::Accepted]),
        ("exccd-2.7.6.rare.jsonl", [VoteSubmission::AlreadyKnown, VoteSubmission::RivalVote]),
    ] {
        let recording = Recording::load(name);
        let votes: Vec<_> = recording.0.iter().map(|record| record["params"][0].clone()).collect();
        let server = recording.serve().await;
        let (node, _events) = NodeClient::connect(&server.config).unwrap();
        for (vote, expected) in votes.iter().zip(expected.into_iter().cycle()) {
            let vote = VoteTransaction::decode_hex(text(vote)).unwrap();
            assert_eq!(node.send_vote(&vote).await, Ok(expected), "{name}");
        }
    }
}

#[tokio::test]
async fn a_node_of_today_tells_of_outputs_tickets_and_its_index_of_transactions() {
    let server = Recording::load("exccd-2.7.6.jsonl").serve().await;
    let node = NodeClient::for_calls(&server.config).unwrap();
    let ticket = "a74153a78a49bbddaf5acdc6c3921a76bfa8df704c1c81300080f614583cd821";
    let output = OutPoint { hash: ticket.parse().unwrap(), index: 0, tree: 1 };
    let unspent = UnspentOutput { value: Amount::from_atoms(9_369_427_779), confirmations: 0, locked: None };
    assert_eq!(node.unspent_output(&output).await, Ok(Some(unspent)));
    assert_eq!(node.unspent_output(&OutPoint { index: 9, ..output }).await, Ok(None));
    assert_eq!(node.is_live(&ticket.parse().unwrap()).await, Ok(false));
    assert_eq!(node.has_transaction_index().await, Ok(true));
}

#[tokio::test]
async fn the_header_of_the_best_block_is_the_one_that_was_asked_for() {
    let recording = Recording::load("exccd-2.7.6.blocks.jsonl");
    let block = recording.0.iter().find(|record| record["method"] == "getblock").unwrap();
    let (hash, block) = (block["params"][0].clone(), text(&block["response"]["result"]).to_owned());
    for (header, is_taken) in
        [(block[..2 * BlockHeader::LENGTH].to_owned(), true), ("00".repeat(BlockHeader::LENGTH), false)]
    {
        let hash = hash.clone();
        let server = Server::start(move |id, method, _: &Value| match method {
            "getbestblockhash" => result(id, &hash),
            "getblockheader" => result(id, &json!(header)),
            _ => node_greeting(id, method),
        })
        .await;
        let node = NodeClient::for_calls(&server.config).unwrap();
        assert_eq!(node.best_header().await.is_ok(), is_taken);
    }
}

#[tokio::test]
async fn a_transaction_that_the_node_has_or_cannot_take_is_told_apart_from_one_that_it_refuses() {
    let vote = &Recording::load("exccd-2.7.6.rare.jsonl").0[0]["params"][0];
    let transaction = Transaction::decode_hex(text(vote)).unwrap();
    let refused = "rejected transaction 00: transaction 00 has insufficient priority";
    for (words, expected) in [
        ("rejected transaction 00: already have transaction 00", TransactionSubmission::AlreadyKnown),
        ("rejected transaction 00: transaction already exists", TransactionSubmission::AlreadyKnown),
        (
            "rejected transaction 00: orphan transaction 00 references outputs of unknown or fully-spent transaction 01",
            TransactionSubmission::UnknownOutputs,
        ),
        (refused, TransactionSubmission::Refused(refused.to_owned())),
    ] {
        let answers = move |id: u64, method: &str, _: &Value| match method {
            "sendrawtransaction" => error(id, -40, words),
            _ => node_greeting(id, method),
        };
        let server = Server::start(answers).await;
        let node = NodeClient::for_calls(&server.config).unwrap();
        assert_eq!(node.send_transaction(&transaction).await, Ok(expected));
    }
}

async fn refused_with(words: &'static str) -> Result<VoteSubmission, NodeError> {
    let answers = move |id: u64, method: &str, _: &Value| match method {
        "sendrawtransaction" => error(id, -40, words),
        _ => node_greeting(id, method),
    };
    let vote = &Recording::load("exccd-2.7.6.rare.jsonl").0[0]["params"][0];
    let vote = VoteTransaction::decode_hex(text(vote)).unwrap();
    let server = Server::start(answers).await;
    let (node, _events) = NodeClient::connect(&server.config).unwrap();
    node.send_vote(&vote).await
}

#[tokio::test]
async fn a_vote_that_is_mined_already_was_sent_by_another_daemon() {
    let answer = refused_with("rejected transaction 00: transaction already exists").await;
    assert_eq!(answer, Ok(VoteSubmission::AlreadyKnown));
}

#[tokio::test]
async fn other_refusals_of_a_vote_are_errors_with_the_nodes_words() {
    let error = refused_with("rejected transaction 00: an input is spent already").await.unwrap_err();
    assert!(matches!(&error, NodeError::Rpc { code: -40, message, .. } if message.contains("spent")), "{error}");
}

#[tokio::test]
async fn a_vote_version_that_the_node_does_not_know_has_no_agendas() {
    for (name, version) in [("exccwallet-2.2.0", 6), ("exccwallet-2.8.5", 11)] {
        let mut recording = Recording::load(&format!("{name}.jsonl"));
        recording.0.extend(Recording::load(&format!("{name}.agendas.jsonl")).0);
        let server = recording.serve().await;
        let wallet = Wallet::connect(&server.config).unwrap();
        assert_eq!(wallet.agendas(VoteVersion(version)).await, Ok(Vec::new()), "{name}");
    }
}

#[tokio::test]
async fn agendas_are_read_and_other_refusals_are_errors() {
    let recorded = Recording::load("exccwallet-2.8.5.jsonl").0;
    let greeting =
        |method: &str| recorded.iter().find(|record| record["method"] == method).unwrap()["response"]["result"].clone();
    let (version, info) = (greeting("version"), greeting("walletinfo"));
    let server = Server::start(move |id, method, params| match (method, params[0].as_u64()) {
        ("version", _) => result(id, &version),
        ("walletinfo", _) => result(id, &info),
        ("getvoteinfo", Some(1)) => result(id, &json!({"currentheight": 9, "voteversion": 1})),
        ("getvoteinfo", Some(2)) => result(
            id,
            &json!({"currentheight": 9, "voteversion": 2, "agendas": [
                {"id": "size", "description": "Larger blocks?", "mask": 6, "starttime": 1, "expiretime": 2,
                 "status": "started", "quorumprogress": 0.5, "choices": [
                    {"id": "abstain", "description": "no opinion", "bits": 0, "isabstain": true, "isno": false,
                     "count": 0, "progress": 0.0},
                    {"id": "yes", "description": "yes", "bits": 4, "isabstain": false, "isno": false, "count": 1,
                     "progress": 1.0}]}]}),
        ),
        ("getvoteinfo", _) => error(id, -32603, "could not count voter versions"),
        _ => result(id, &Value::Null),
    })
    .await;
    let wallet = Wallet::connect(&server.config).unwrap();
    assert_eq!(wallet.agendas(VoteVersion(1)).await, Ok(Vec::new()));
    let choice =
        |id: &str, description: &str, bits| AgendaChoice { id: id.into(), description: description.into(), bits };
    let expected = Agenda {
        id: "size".into(),
        description: "Larger blocks?".into(),
        status: "started".into(),
        mask: 6,
        choices: vec![choice("abstain", "no opinion", 0), choice("yes", "yes", 4)],
    };
    assert_eq!(wallet.agendas(VoteVersion(2)).await, Ok(vec![expected]));
    let error = wallet.agendas(VoteVersion(3)).await.unwrap_err();
    assert!(matches!(error, WalletError::Rpc { code: -32603, .. }), "{error}");
}
