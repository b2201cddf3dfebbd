//! What the user's page says that tickets cost and earned is what the real wallet of the buyer has.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stakepool_core::chain::{Amount, TicketHash, TicketOutputs, Transaction, VoteTransaction};

use crate::browser::Browser;
use crate::simnet::Simnet;

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
        let ticket: TicketHash = shown["ticket"].as_str().unwrap().parse().unwrap();
        let outputs = TicketOutputs::from_transaction(&transaction(net, &ticket.to_string()).await.0).unwrap();
        let paid = listed
            .iter()
            .find(|entry| entry["txid"] == shown["ticket"] && entry["vout"] == 0 && entry["category"] == "send");
        let paid = Amount::from_coins(-paid.unwrap()["amount"].as_f64().unwrap()).unwrap();
        assert_eq!((amount(&shown["price_excc"]), paid), (Some(outputs.price), outputs.price), "{shown}");
        assert_eq!(amount(&shown["fee_paid_excc"]), Some(outputs.commitments[0].amount), "{shown}");
        let paid = votes.get(&ticket).map(|vote| reward(vote, &outputs));
        let shown_reward = amount(&shown["reward_excc"]);
        assert_eq!(shown_reward.is_some(), paid.is_some(), "{shown}");
        let lost = shown_reward.zip(paid).map(|(shown, paid)| shown.atoms() - paid.atoms());
        // The simulation network of 2018 has another subsidy than the one that rewards are told by.
        let is_other = net.text("generation") == "legacy";
        assert!(is_other || lost.is_none_or(|lost| is_rounding(lost, &outputs)), "{shown} {paid:?}");
        rewards += usize::from(paid.is_some());
    }
    rewards
}

/// The votes that the wallet knows, by their tickets.
async fn votes(net: &Simnet, listed: &[Value]) -> BTreeMap<TicketHash, VoteTransaction> {
    let mut votes = BTreeMap::new();
    for entry in listed.iter().filter(|entry| entry["txtype"] == "vote" && entry["vout"] == 0) {
        let (vote, confirmations) = transaction(net, entry["txid"].as_str().unwrap()).await;
        let vote = VoteTransaction::from_transaction(vote).unwrap();
        if confirmations > 0 {
            votes.insert(vote.ticket, vote);
        }
    }
    votes
}

/// A transaction of the wallet's, and how many blocks have confirmed it.
async fn transaction(net: &Simnet, hash: &str) -> (Transaction, i64) {
    let known = net.call("buyer", "gettransaction", json!([hash])).await;
    let transaction = Transaction::decode_hex(known["hex"].as_str().unwrap()).unwrap();
    (transaction, known["confirmations"].as_i64().unwrap())
}

/// What a vote pays beyond the price, which is what the block brought in with it, less what is lost by rounding.
fn reward(vote: &VoteTransaction, ticket: &TicketOutputs) -> Amount {
    let paid = Amount::checked_sum(vote.transaction.outputs.iter().map(|output| output.value)).unwrap();
    let reward = paid.checked_sub(ticket.price).unwrap();
    let lost = vote.transaction.inputs[0].value_in.atoms() - reward.atoms();
    assert!(is_rounding(lost, ticket), "{lost}");
    reward
}

/// Whether so many atoms are lost because each commitment's share is rounded down.
fn is_rounding(lost: i64, ticket: &TicketOutputs) -> bool {
    (0..ticket.commitments.len() as i64).contains(&lost)
}

fn amount(text: &Value) -> Option<Amount> {
    text.as_str().map(|text| text.parse().unwrap())
}
