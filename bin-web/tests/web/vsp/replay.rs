//! What a real server of the predecessor answered to real wallets and to probes: the web answers the same.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use stakepool_core::chain::{Amount, OutPoint, Transaction, TxHash, TxInput, TxOutput};
use stakepool_core::ports::TransactionSubmission;
use stakepool_core::testkit::VspChain;
use stakepool_core::time::UnixMillis;

use super::scene::Scene;

#[derive(Deserialize)]
pub(super) struct Exchange {
    n: u32,
    world: Said,
    time: f64,
    method: String,
    pub(super) path: String,
    pub(super) request_headers: BTreeMap<String, String>,
    pub(super) request_body: String,
    status: u16,
    response_body: String,
}

/// What the node said, and what the operator had configured.
#[derive(Deserialize)]
struct Said {
    height: u32,
    stake_difficulty_atoms: i64,
    fee_percent: f64,
    closed: bool,
    #[serde(default)]
    closed_message: String,
}

/// Where the three tickets were mined: the two of the real wallet as recorded, the probe's some time before it came.
const MINED: [(&str, u32); 3] = [("f6d93bd5", 164), ("38d8c9fb", 164), ("20390085", 200)];
/// Where the two fees of the wallet's tickets were.
const FEES_MINED: u32 = 170;
/// Where the first ticket voted.
const VOTED: (&str, u32) = ("f6d93bd5", 264);

pub(super) fn exchanges() -> Vec<Exchange> {
    let lines = include_str!("../../../../stakepool-core/tests/vectors/vsp.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn transaction_in(exchange: &Exchange, field: &str) -> Option<Transaction> {
    let body: Value = serde_json::from_str(&exchange.request_body).ok()?;
    Transaction::decode_hex(body[field].as_str()?).ok()
}

/// A transaction of the form of a vote with a ticket.
fn vote(ticket: TxHash) -> Transaction {
    let input = |hash, index, tree| TxInput {
        previous: OutPoint { hash, index, tree },
        sequence: u32::MAX,
        value_in: Amount::ZERO,
        block_height: 0,
        block_index: 0,
        signature_script: Vec::new(),
    };
    let output = |first: u8| TxOutput { value: Amount::ZERO, script_version: 0, script: vec![first; 38] };
    Transaction {
        version: 1,
        inputs: vec![input(TxHash::from_bytes([0; 32]), u32::MAX, 0), input(ticket, 0, 1)],
        outputs: vec![output(0x6a), output(0x6a), output(0xbb)],
        lock_time: 0,
        expiry: 0,
    }
}

/// Brings the node to where it was at an exchange.
fn follow(chain: &mut VspChain, said: &Said) {
    chain.height = said.height;
    chain.stake_difficulty = Amount::from_atoms(said.stake_difficulty_atoms);
    let fees = chain.sent.clone();
    for hash in fees {
        if let Some((_, mined_at @ None)) = chain.transactions.get_mut(&hash)
            && said.height >= FEES_MINED
            && said.height < 258
        {
            *mined_at = Some(FEES_MINED);
        }
    }
}

/// Takes out what may differ, and why it may.
fn comparable(mut answer: Value) -> Value {
    let fields = answer.as_object_mut().unwrap();
    // Key and version are the server's own; tickets of its later life were counted; two fields were added.
    for field in
        ["pubkey", "vspdversion", "voting", "voted", "revoked", "expired", "missed", "estimatednetworkproportion"]
    {
        fields.remove(field);
    }
    if let Some(percent) = fields.get_mut("feepercentage") {
        *percent = percent.as_f64().unwrap().into();
    }
    // The predecessor stored an invalid policy for want of a `return`.
    if let Some(policies) = fields.get_mut("treasurypolicy") {
        policies.as_object_mut().unwrap().remove("zz");
    }
    answer
}

async fn answered(scene: &Scene, exchange: &Exchange) -> (u16, Value) {
    let said = &exchange.world;
    scene.clock.set(UnixMillis((exchange.time * 1000.0) as i64));
    scene.vsp.terms().closed.set_configured(said.closed.then(|| said.closed_message.clone()));
    follow(&mut scene.node.chain(), said);
    scene.look().await;
    scene.vsp.pass().await.unwrap();
    let headers: Vec<_> = exchange
        .request_headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("vsp-client-signature"))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let body = exchange.request_body.as_bytes();
    scene.read(&scene.world.send(&exchange.method, &exchange.path, &headers, body).await)
}

#[tokio::test]
async fn the_web_answers_as_a_real_server_answered_real_wallets() {
    let exchanges = exchanges();
    assert_eq!(exchanges.len(), 53);
    let scene = Scene::set().await;
    {
        let mut chain = scene.node.chain();
        for ticket in exchanges.iter().filter_map(|exchange| transaction_in(exchange, "tickethex")) {
            let hash = ticket.hash().to_string();
            let mined = MINED.iter().find(|(begin, _)| hash.starts_with(begin)).unwrap();
            chain.add(&ticket, Some(mined.1));
            if hash.starts_with(VOTED.0) {
                chain.blocks.insert(VOTED.1, vec![vote(ticket.hash())]);
            }
        }
        let rejected = exchanges.iter().find(|exchange| exchange.n == 58).unwrap();
        let rejected = transaction_in(rejected, "feetx").unwrap().hash();
        chain.refused.insert(rejected, TransactionSubmission::UnknownOutputs);
    }
    for exchange in &exchanges {
        let n = exchange.n;
        assert_eq!(exchange.world.fee_percent, 5.0);
        let (status, answer) = answered(&scene, exchange).await;
        match n {
            // An unknown ticket was an internal error, which stops a wallet that recovers its tickets.
            12 => assert_eq!((status, &answer["code"]), (400, &6.into())),
            // Two answers in one, the second of which the signature fits.
            36 => assert_eq!((status, &answer["code"]), (400, &9.into())),
            _ => {
                let recorded: Value = serde_json::from_str(&exchange.response_body).unwrap();
                assert_eq!(status, exchange.status, "#{n}: {answer} for {recorded}");
                if status == 200 {
                    assert_eq!(comparable(answer), comparable(recorded), "#{n}");
                } else {
                    assert_eq!(answer["code"], recorded["code"], "#{n}");
                    // Texts of the JSON decoder, of addresses and of agendas (the predecessor knows none, and calls their
                    // version 0) are our own.
                    if !matches!(n, 10 | 35 | 39) {
                        assert_eq!(answer["message"], recorded["message"], "#{n}");
                    }
                }
            }
        }
    }
    no_key_lies_open(&scene, &exchanges);
}

/// The voting keys that were handed over stand in no file of the database, in no form in which they came.
fn no_key_lies_open(scene: &Scene, exchanges: &[Exchange]) {
    let keys: Vec<String> = exchanges
        .iter()
        .filter(|exchange| exchange.status == 200)
        .filter_map(|exchange| serde_json::from_str::<Value>(&exchange.request_body).ok())
        .filter_map(|body| Some(body["votingkey"].as_str()?.to_owned()))
        .collect();
    assert!(keys.len() >= 3);
    for file in std::fs::read_dir(scene.world.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for key in &keys {
            let base64 = data_encoding::BASE64.encode(format!("xx{key}").as_bytes());
            for form in [key.as_bytes(), &base64.as_bytes()[8..40], b"votingkey"] {
                assert!(!bytes.windows(form.len()).any(|window| window == form), "a key lies open");
            }
        }
    }
}
