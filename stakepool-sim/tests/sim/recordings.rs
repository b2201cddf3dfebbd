//! Compares what the simulator says with what the real programs said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use stakepool_core::chain::{Generation, KeyIndex, TicketHash};
use stakepool_core::ticket::PoolFee;
use stakepool_sim::{Endpoint, SimNetwork};

use crate::client::{Socket, answer, result};
use crate::pool::{GENERATIONS, fee, generate, register, start, winners};

/// What all recorded answers to a call have in common.
#[derive(Debug, Default)]
struct Shape {
    kinds: BTreeSet<&'static str>,
    objects: usize,
    fields: BTreeMap<String, (usize, Shape)>,
    items: Option<Box<Shape>>,
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "truth",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

impl Shape {
    fn learn(&mut self, value: &Value) {
        self.kinds.insert(kind(value));
        match value {
            Value::Array(items) => {
                let shape = self.items.get_or_insert_default();
                items.iter().for_each(|item| shape.learn(item));
            }
            Value::Object(fields) => {
                self.objects += 1;
                let mut counted = BTreeSet::new();
                for (name, value) in fields {
                    // Keys that are hashes are content; all of them are alike.
                    let name = if is_hash(name) { "a hash" } else { name };
                    let (count, shape) = self.fields.entry(name.to_owned()).or_default();
                    *count += usize::from(counted.insert(name));
                    shape.learn(value);
                }
            }
            _ => {}
        }
    }

    fn differences(&self, value: &Value, place: &str, found: &mut Vec<String>) {
        if !self.kinds.contains(kind(value)) {
            found.push(format!("{place}: {} where only {:?} was recorded", kind(value), self.kinds));
            return;
        }
        match (value, &self.items) {
            (Value::Array(items), Some(shape)) if !shape.kinds.is_empty() => {
                items.iter().for_each(|item| shape.differences(item, &format!("{place}[]"), found));
            }
            (Value::Object(fields), _) => self.field_differences(fields, place, found),
            _ => {}
        }
    }

    fn field_differences(&self, fields: &serde_json::Map<String, Value>, place: &str, found: &mut Vec<String>) {
        for (name, value) in fields {
            let name = if is_hash(name) { "a hash" } else { name.as_str() };
            match self.fields.get(name) {
                Some((_, shape)) => shape.differences(value, &format!("{place}.{name}"), found),
                None => found.push(format!("{place}.{name} was never recorded")),
            }
        }
        for (name, (count, _)) in &self.fields {
            if *count == self.objects && !fields.contains_key(name) && name != "a hash" {
                found.push(format!("{place}.{name} is missing"));
            }
        }
    }
}

/// The recorded answers to one method of one kind of server.
#[derive(Default)]
struct Recorded {
    results: Shape,
    errors: BTreeSet<(i64, String)>,
}

/// An error's words without the hashes and numbers in them.
fn words(message: &str) -> String {
    let plain: Vec<&str> = message
        .split_inclusive(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| if is_hash(word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric())) { "# " } else { word })
        .collect();
    plain.concat().chars().filter(|c| !c.is_ascii_digit()).collect()
}

type Recordings = BTreeMap<(&'static str, String), Recorded>;

fn text(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../stakepool-rpc/tests/fixtures/rpc/");
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

fn versions(generation: Generation) -> [&'static str; 2] {
    match generation {
        Generation::Today => ["exccd-2.7.6", "exccwallet-2.8.5"],
        Generation::Legacy => ["exccd-2.2.0", "exccwallet-2.2.0"],
    }
}

fn recordings(generation: Generation) -> Recordings {
    let mut all = Recordings::new();
    for program in versions(generation) {
        for file in [format!("{program}.jsonl"), format!("{program}.rare.jsonl")] {
            for line in text(&file).lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                let server = match line["server"].as_str().unwrap() {
                    "exccd" => "node",
                    "userwallet" => "buyer",
                    _ => "wallet",
                };
                let recorded = all.entry((server, line["method"].as_str().unwrap().to_owned())).or_default();
                let response = &line["response"];
                match response["error"]["code"].as_i64() {
                    Some(code) => {
                        recorded.errors.insert((code, words(response["error"]["message"].as_str().unwrap())));
                    }
                    None => recorded.results.learn(&response["result"]),
                }
            }
        }
    }
    all
}

/// Recorded calls that a pool never makes and the simulator does not serve.
const NOT_SERVED: [(&str, &str); 9] = [
    ("node", "ticketfeeinfo"),
    ("node", "getcoinsupply"),
    ("node", "estimatestakediff"),
    ("buyer", "getbalance"),
    // The buyer's view of a purchase, with its own inputs.
    ("buyer", "gettransaction"),
    // The call that can silence a real wallet for good.
    ("wallet", "ticketinfo"),
    ("wallet", "processunmanagedticket"),
    // Passed on to the node, which is asked itself.
    ("wallet", "ticketsforaddress"),
    ("wallet", "getticketmaxprice"),
];

/// A network with tickets in every state, and the calls to compare.
struct Scene {
    sim: SimNetwork,
    calls: Vec<(&'static str, &'static str, Value)>,
}

async fn scene(generation: Generation) -> Scene {
    let sim = start(generation).await;
    let address = register(&sim).await;
    let branch = sim.cold_wallet_xpub().external_branch().unwrap();
    let cold = branch.address(KeyIndex(1)).unwrap().to_pubkey_hash();
    let voted = winners(&sim, address, 2).await;
    let node = sim.node().endpoint();
    let vote = generate(&sim, sim.wallet(0), &voted[0], 1).await;
    result(&node, "sendrawtransaction", json!([vote])).await;
    sim.mine(3).await.unwrap();
    // No ticket with a small fee was recorded of a legacy wallet.
    let small = if generation == Generation::Today { PoolFee::from_percent(0.5).unwrap() } else { fee() };
    let low = sim.buy_tickets(address, Some(cold), small, 1).unwrap()[0];
    sim.mine(1).await.unwrap();
    let [live] = winners(&sim, address, 1).await[..] else { panic!() };
    let vote = generate(&sim, sim.wallet(0), &live, 1).await;
    let rival = generate(&sim, sim.wallet(0), &live, 5).await;
    sim.buy_tickets(address, Some(cold), fee(), 2).unwrap();

    let (block, height) = sim.best_block();
    let own = sim.voting_wallet_xpub().external_branch().unwrap().address(KeyIndex(1)).unwrap();
    let user = sim.buyer_pubkey_address().unwrap();
    let unknown = TicketHash::from_bytes([0; 32]);
    let script = result(&sim.wallet(0).endpoint(), "validateaddress", json!([address])).await["hex"].take();
    let ticket = result(&node, "getrawtransaction", json!([low, 0])).await;
    let mut calls = vec![
        ("node", "version", json!([])),
        ("node", "getinfo", json!([])),
        ("node", "getbestblock", json!([])),
        ("node", "getblockchaininfo", json!([])),
        ("node", "getstakedifficulty", json!([])),
        ("node", "livetickets", json!([])),
        ("node", "getrawtransaction", json!([live, 1])),
        ("node", "sendrawtransaction", json!([vote])),
        ("node", "sendrawtransaction", json!([vote])),
        ("node", "sendrawtransaction", json!([rival])),
        ("wallet", "version", json!([])),
        ("wallet", "getinfo", json!([])),
        ("wallet", "getbestblock", json!([])),
        ("wallet", "walletinfo", json!([])),
        ("wallet", "getstakeinfo", json!([])),
        ("wallet", "getmasterpubkey", json!(["default"])),
        ("wallet", "gettickets", json!([true])),
        ("wallet", "accountsyncaddressindex", json!(["default", 0, 30])),
        ("wallet", "validateaddress", json!([own.to_pubkey_hash()])),
        ("wallet", "validateaddress", json!([address])),
        ("wallet", "createmultisig", json!([1, [own, user]])),
        ("wallet", "importscript", json!([script, false, 0])),
        ("wallet", "stakepooluserinfo", json!([address])),
        ("wallet", "stakepooluserinfo", json!(["garbage"])),
        ("wallet", "gettransaction", json!([live])),
        ("wallet", "generatevote", json!([block, height, live, 1, ""])),
        ("wallet", "generatevote", json!([block, height, unknown, 1, ""])),
        ("wallet", "rescanwallet", json!([0])),
        ("wallet", "walletpassphrase", json!(["password", 0])),
        ("wallet", "listscripts", json!([])),
        ("buyer", "getnewaddress", json!(["default"])),
        ("buyer", "validateaddress", json!([user.to_pubkey_hash()])),
    ];
    calls.extend(match generation {
        Generation::Today => vec![
            ("node", "sendrawtransaction", json!([vote])),
            ("node", "getbestblockhash", json!([])),
            ("node", "gettxout", json!([live, 0, 1, true])),
            ("node", "getnetworkinfo", json!([])),
            ("node", "getblocksubsidy", json!([200, 5])),
            ("node", "getvoteinfo", json!([11])),
            ("node", "getstakeversions", json!([block, 2])),
            ("node", "getpeerinfo", json!([])),
            ("node", "getcurrentnet", json!([])),
            ("node", "nosuch", json!([])),
            ("node", "validateaddress", json!(["bogus"])),
            ("node", "getrawtransaction", json!([unknown, 1])),
            ("node", "getrawmempool", json!([false, "all"])),
            ("node", "getblockhash", json!([100])),
            ("node", "ticketsforaddress", json!([address])),
            ("node", "existsliveticket", json!([live])),
            ("node", "existslivetickets", json!([[live, low]])),
            ("node", "existsmissedtickets", json!([[live, low]])),
            ("node", "existsexpiredtickets", json!([[live, low]])),
            ("node", "getticketpoolvalue", json!([])),
            ("node", "getmempoolinfo", json!([])),
            ("node", "getblockcount", json!([])),
            ("wallet", "addtransaction", json!([])),
            ("wallet", "gettransaction", json!([unknown])),
            ("wallet", "walletlock", json!([])),
            ("wallet", "walletpassphrase", json!(["wrong", 0])),
            ("wallet", "generatevote", json!([block, height, live, 1, ""])),
            ("buyer", "importscript", json!([script])),
            ("buyer", "purchaseticket", json!(["default", 100, 1, address, 1, cold, 7.5])),
        ],
        Generation::Legacy => vec![
            ("node", "getrawtransaction", json!([live, 0])),
            ("node", "sendrawtransaction", json!(["00"])),
            ("wallet", "validateaddress", json!(["garbage"])),
            ("wallet", "getticketfee", json!([])),
            ("wallet", "nosuch", json!([])),
            ("wallet", "addticket", json!([ticket])),
        ],
    });
    Scene { sim, calls }
}

impl Scene {
    fn endpoint(&self, server: &str) -> Endpoint {
        match server {
            "node" => self.sim.node().endpoint(),
            "buyer" => self.sim.buyer().endpoint(),
            _ => self.sim.wallet(0).endpoint(),
        }
    }
}

/// An answer without the fields that real wallets write only where they are not 0, and were 0 when recorded.
fn without_unrecorded(generation: Generation, method: &str, answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let (Generation::Today, "getstakeinfo", Some(fields)) = (generation, method, answer.as_object_mut()) {
        for name in ["missed", "proportionmissed", "expired"] {
            fields.remove(name);
        }
    }
    answer
}

#[tokio::test]
async fn every_answer_has_the_shape_of_the_recorded_ones() {
    for generation in GENERATIONS {
        let recorded = recordings(generation);
        let scene = scene(generation).await;
        let asked: BTreeSet<_> = scene.calls.iter().map(|(server, method, _)| (*server, *method)).collect();
        let mut wrong: Vec<String> = recorded
            .keys()
            .filter(|(server, method)| !asked.contains(&(*server, method.as_str())))
            .filter(|(server, method)| !NOT_SERVED.contains(&(*server, method.as_str())))
            .map(|(server, method)| format!("{method} of the {server} was recorded and is not compared"))
            .collect();
        for (server, method, params) in &scene.calls {
            let place = format!("{server} {method} {params}");
            let Some(expected) = recorded.get(&(*server, (*method).to_owned())) else {
                wrong.push(format!("{place} was never recorded"));
                continue;
            };
            let answer = answer(&scene.endpoint(server), method, params.clone()).await;
            let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["error", "id", "jsonrpc", "result"]);
            match answer["error"]["code"].as_i64() {
                Some(code) => {
                    let said = (code, words(answer["error"]["message"].as_str().unwrap()));
                    if !expected.errors.contains(&said) {
                        wrong.push(format!("{place}: {said:?}, recorded {:?}", expected.errors));
                    }
                }
                None => expected.results.differences(
                    &without_unrecorded(generation, method, &answer["result"]),
                    &place,
                    &mut wrong,
                ),
            }
        }
        assert!(wrong.is_empty(), "{generation:?}:\n{}", wrong.join("\n"));
    }
}

/// What was recorded of each notification, and the order within a block.
fn recorded_notifications(generation: Generation) -> (BTreeMap<String, Shape>, Vec<String>) {
    let [program, _] = versions(generation);
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    let mut order = Vec::new();
    for (file, regular) in [("notifications", true), ("notifications-rare", false)] {
        for line in text(&format!("{program}.{file}.jsonl")).lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let Some(method) = line["method"].as_str() else { continue };
            shapes.entry(method.to_owned()).or_default().learn(&by_place(&line["params"]));
            if regular && order.len() < 4 {
                order.push(method.to_owned());
            }
        }
    }
    (shapes, order)
}

/// A list of parameters as an object, since each has a shape of its own.
fn by_place(params: &Value) -> Value {
    params.as_array().unwrap().iter().enumerate().map(|(place, value)| (format!("#{place}"), value.clone())).collect()
}

#[tokio::test]
async fn notifications_have_the_recorded_shape_and_order() {
    for generation in GENERATIONS {
        let (shapes, order) = recorded_notifications(generation);
        let sim = start(generation).await;
        let mut socket = Socket::open(&sim.node().endpoint()).await;
        socket.subscribe().await;
        // Once with a missed winner, once without new tickets after a while.
        sim.keep_crowd_away(1);
        let mut wrong = Vec::new();
        for _ in 0..20 {
            sim.mine(1).await.unwrap();
            let mut methods = Vec::new();
            for _ in 0..order.len() {
                let told = socket.next().await.unwrap();
                let keys: Vec<&String> = told.as_object().unwrap().keys().collect();
                assert_eq!(keys, ["id", "jsonrpc", "method", "params"]);
                let method = told["method"].as_str().unwrap();
                shapes[method].differences(&by_place(&told["params"]), method, &mut wrong);
                methods.push(method.to_owned());
            }
            assert_eq!(methods, order);
        }
        assert!(wrong.is_empty(), "{generation:?}:\n{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn a_reorganisation_is_told_in_the_order_of_the_generation() {
    for generation in GENERATIONS {
        let (shapes, order) = recorded_notifications(generation);
        let sim = start(generation).await;
        sim.mine(2).await.unwrap();
        let mut socket = Socket::open(&sim.node().endpoint()).await;
        socket.subscribe().await;
        sim.reorganise(2, Duration::ZERO).await.unwrap();
        let mut told = Vec::new();
        let mut wrong = Vec::new();
        for _ in 0..2 + 1 + 2 + 3 * 3 + 1 {
            let message = socket.next().await.unwrap();
            let method = message["method"].as_str().unwrap().to_owned();
            if let Some(shape) = shapes.get(&method) {
                shape.differences(&by_place(&message["params"]), &method, &mut wrong);
            }
            told.push(method);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let joined: Vec<String> = order.iter().filter(|method| *method != "winningtickets").cloned().collect();
        let (gone, changed, won) =
            ("blockdisconnected".to_owned(), "reorganization".to_owned(), "winningtickets".to_owned());
        // The winners of the first two new blocks are told while these are still beside the best chain.
        let mut expected = vec![won.clone(), won.clone()];
        let blocks = [vec![gone; 2], vec![joined; 3].concat()].concat();
        match generation {
            Generation::Today => expected.extend(blocks.into_iter().chain([changed])),
            Generation::Legacy => expected.extend([changed].into_iter().chain(blocks)),
        }
        expected.push(won);
        assert_eq!(told, expected);
    }
}
