//! Ordinary transactions from outside: mempool, confirmations, double spends, unknown outputs.

use serde_json::json;
use stakepool_core::chain::{
    Address, AddressKind, Amount, Generation, Network, OutPoint, OutputScript, PrivateKey, Spends, Transaction, TxHash,
    TxInput, TxOutput, sign_pubkey_hash,
};
use stakepool_sim::SimNetwork;

use crate::client::{error, result};
use crate::pool::GENERATIONS;

const COIN: i64 = 100_000_000;

fn key(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[number; 32]).unwrap()
}

fn address(key: &PrivateKey) -> Address {
    Address::new(Network::Simnet, AddressKind::PubKeyHash(key.pubkey_hash()))
}

/// A transaction of key 1 that pays so much to key 2.
fn payment(from: OutPoint, amount: i64) -> Transaction {
    let input = TxInput {
        previous: from,
        sequence: u32::MAX,
        value_in: Amount::from_atoms(COIN),
        block_height: 0,
        block_index: u32::MAX,
        signature_script: Vec::new(),
    };
    let to = OutputScript::PubKeyHash(key(2).pubkey_hash()).to_bytes();
    let output = TxOutput { value: Amount::from_atoms(amount), script_version: 0, script: to };
    let mut made = Transaction { version: 1, inputs: vec![input], outputs: vec![output], lock_time: 0, expiry: 0 };
    sign_pubkey_hash(&mut made, 0, Spends::Output, &key(1));
    made
}

/// A network on which key 1 has a coin.
async fn scene(generation: Generation) -> (SimNetwork, OutPoint) {
    let sim = SimNetwork::builder().generation(generation).seed(42).voting_wallets(1).start().await.unwrap();
    let coin = sim.pay(address(&key(1)), Amount::from_atoms(COIN)).unwrap();
    (sim, coin)
}

async fn send(sim: &SimNetwork, transaction: &Transaction) -> TxHash {
    let sent = result(&sim.node().endpoint(), "sendrawtransaction", json!([hex::encode(transaction.encode())])).await;
    sent.as_str().unwrap().parse().unwrap()
}

async fn refusal(sim: &SimNetwork, transaction: &Transaction) -> String {
    error(&sim.node().endpoint(), "sendrawtransaction", json!([hex::encode(transaction.encode())])).await.1
}

/// What a node says of an output.
async fn result_of(sim: &SimNetwork, output: OutPoint) -> serde_json::Value {
    result(&sim.node().endpoint(), "gettxout", json!([output.hash, output.index, 0, true])).await
}

#[tokio::test]
async fn a_payment_waits_is_mined_and_counts_confirmations() {
    for generation in GENERATIONS {
        let (sim, coin) = scene(generation).await;
        // The coin itself still waits: one may rest on the other.
        let there = || result_of(&sim, coin);
        assert_eq!(there().await["confirmations"], json!(0));
        let sent = send(&sim, &payment(coin, COIN - 10_000)).await;
        assert_eq!(sim.confirmation(&sent), Some(None));
        assert!(refusal(&sim, &payment(coin, COIN - 10_000)).await.contains("already have transaction"));
        let mined = sim.mine(1).await.unwrap();
        assert_eq!(sim.confirmation(&sent), Some(Some(mined)));
        assert!(there().await.is_null(), "it is spent");
        sim.mine(5).await.unwrap();
        let known = result(&sim.node().endpoint(), "getrawtransaction", json!([sent, 1])).await;
        assert_eq!((&known["confirmations"], &known["blockheight"]), (&json!(6), &json!(mined)));
        sim.shutdown().await;
    }
}

#[tokio::test]
async fn what_is_spent_twice_unknown_unsigned_or_too_much_is_refused() {
    let (sim, coin) = scene(Generation::Today).await;
    let unknown = payment(OutPoint { index: 7, ..coin }, COIN / 2);
    assert!(refusal(&sim, &unknown).await.contains("references outputs of unknown or fully-spent transaction"));
    assert!(refusal(&sim, &payment(coin, COIN + 1)).await.contains("is less than the amount spent"));
    let mut unsigned = payment(coin, COIN / 2);
    unsigned.inputs[0].signature_script.clear();
    assert!(refusal(&sim, &unsigned).await.contains("failed to validate input"));

    let first = send(&sim, &payment(coin, COIN / 2)).await;
    let second = payment(coin, COIN / 3);
    let said = refusal(&sim, &second).await;
    assert!(said.contains(&format!("transaction {first} in the pool already spends the same coins")), "{said}");
    sim.mine(1).await.unwrap();
    assert!(refusal(&sim, &second).await.contains("references outputs of unknown or fully-spent transaction"));
    sim.shutdown().await;
}

#[tokio::test]
async fn a_reorganisation_puts_a_payment_back_and_mines_it_again() {
    let (sim, coin) = scene(Generation::Today).await;
    sim.mine(3).await.unwrap();
    let sent = send(&sim, &payment(coin, COIN / 2)).await;
    sim.mine(1).await.unwrap();
    sim.reorganise(1, std::time::Duration::from_secs(5)).await.unwrap();
    assert!(matches!(sim.confirmation(&sent), Some(Some(_))), "{:?}", sim.confirmation(&sent));
    assert!(refusal(&sim, &payment(coin, COIN / 3)).await.contains("fully-spent"));
    sim.shutdown().await;
}
