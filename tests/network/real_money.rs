//! What the user's page says that tickets cost and earned, and when, is what the real wallet of the buyer has.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stakepool_core::chain::{Amount, TicketHash, TicketOutputs, Transaction, VoteTransaction};
use stakepool_core::time::UnixTime;

use crate::browser::Browser;
use crate::simnet::Simnet;

/// The outputs of a vote before its payments: the block that it is on, and its bits.
const BEFORE_PAYMENTS: usize = 2;
/// More transactions than the wallet has.
const ALL: u32 = 1_000_000;

/// Compares the user's download with the buyer's wallet, ticket by ticket, and answers how many votes there were.
pub async fn compare(net: &Simnet, browser: &mut Browser) -> usize {
    let download: Value = serde_json::from_str(&browser.get("/tickets.json").await.body).unwrap();
    let listed = net.call("buyer", "listtransactions", json!(["*", ALL, 0])).await;
    let listed = listed.as_array().unwrap();
    let votes = votes(net, listed).await;
    let mut rewards = 0;
    for shown in download["tickets"].as_array().unwrap() {
        let bought = Known::of(net, shown["ticket"].as_str().unwrap()).await;
        let outputs = TicketOutputs::from_transaction(&bought.transaction).unwrap();
        let paid = listed
            .iter()
            .find(|entry| entry["txid"] == shown["ticket"] && entry["vout"] == 0 && entry["category"] == "send");
        let paid = Amount::from_coins(-paid.unwrap()["amount"].as_f64().unwrap()).unwrap();
        assert_eq!((amount(&shown["price_excc"]), paid), (Some(outputs.price), outputs.price), "{shown}");
        assert_eq!(amount(&shown["fee_paid_excc"]), Some(outputs.commitments[0].amount), "{shown}");
        assert_eq!(shown["mined_time"], json!(bought.time), "{shown}");
        match votes.get(&outputs.ticket) {
            Some((hash, vote)) => {
                check_vote(shown, &outputs, hash, vote);
                rewards += 1;
            }
            None => assert_eq!(amount(&shown["reward_excc"]), None, "{shown}"),
        }
    }
    rewards
}

/// A vote pays the price and the reward, of which its first payment goes to the pool where the ticket commits it a fee.
fn check_vote(shown: &Value, ticket: &TicketOutputs, hash: &str, vote: &Known) {
    let payments = vote.transaction.outputs.iter().map(|output| output.value);
    let reward = Amount::checked_sum(payments.clone()).unwrap().checked_sub(ticket.price).unwrap();
    let first = payments.clone().nth(BEFORE_PAYMENTS).unwrap();
    let to_pool = if shown["reason"] == "unknown fee address" { Amount::ZERO } else { first };
    assert_eq!((&shown["spent_by"], &shown["reward_by_rule"]), (&json!(hash), &json!(false)), "{shown}");
    assert_eq!((&shown["spent_time"], &shown["ended_time"]), (&json!(vote.time), &json!(vote.time)), "{shown}");
    assert_eq!(amount(&shown["reward_excc"]), Some(reward), "{shown}");
    assert_eq!(amount(&shown["fee_of_reward_excc"]), Some(to_pool), "{shown}");
    assert_eq!(amount(&shown["net_reward_excc"]), reward.checked_sub(to_pool), "{shown}");
}

/// The mined votes that the wallet knows, with their hashes, by their tickets.
async fn votes(net: &Simnet, listed: &[Value]) -> BTreeMap<TicketHash, (String, Known)> {
    let mut votes = BTreeMap::new();
    for entry in listed.iter().filter(|entry| entry["txtype"] == "vote" && entry["vout"] == 0) {
        let hash = entry["txid"].as_str().unwrap();
        let known = Known::of(net, hash).await;
        let vote = VoteTransaction::from_transaction(known.transaction.clone()).unwrap();
        if known.confirmations > 0 {
            votes.insert(vote.ticket, (hash.to_owned(), known));
        }
    }
    votes
}

/// A transaction as the buyer's wallet knows it.
struct Known {
    transaction: Transaction,
    confirmations: i64,
    /// The time of its block.
    time: String,
}

impl Known {
    async fn of(net: &Simnet, hash: &str) -> Self {
        let known = net.call("buyer", "gettransaction", json!([hash])).await;
        Self {
            transaction: Transaction::decode_hex(known["hex"].as_str().unwrap()).unwrap(),
            confirmations: known["confirmations"].as_i64().unwrap(),
            time: UnixTime(known["blocktime"].as_i64().unwrap()).iso(),
        }
    }
}

fn amount(text: &Value) -> Option<Amount> {
    text.as_str().map(|text| text.parse().unwrap())
}
