//! The voting wallets' key on the real programs: users are voted while every voting wallet is stopped.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use stakepool_core::ports::LedgerStore as _;
use stakepool_core::reports::{TicketState, VoteOutcome, VoteRecord};
use stakepool_core::voting::FirstSigner;

use crate::real::{RealPool, register};

/// Blocks after which enough votes of each way must be there.
const MOST_BLOCKS: u32 = 400;
/// Votes of each way that are compared.
const VOTES: usize = 12;

/// The votes of an address that a node took of this pool's daemons first, at these heights.
async fn sent(pool: &RealPool, address: &str, heights: std::ops::RangeInclusive<u32>) -> Vec<VoteRecord> {
    let votes = pool.database.votes(None, 1000).await.unwrap();
    let sent = votes.into_iter().map(|vote| vote.record).filter(|vote| vote.outcome == VoteOutcome::Sent);
    // The wallets may hold scripts of an earlier run's users, whom this database does not know: they alone vote for those.
    let sent = sent.filter(|vote| vote.address.to_string() == address);
    sent.filter(|vote| heights.contains(&vote.height.0)).collect()
}

/// Buys tickets and mines until so many votes came; answers the heights.
async fn mine_until_voted(pool: &RealPool, buy: (&str, &str, f64)) -> std::ops::RangeInclusive<u32> {
    let (address, fee_address, percent) = buy;
    let first = pool.net.height().await as u32;
    for block in 0..MOST_BLOCKS {
        if block % 20 == 0 {
            pool.buy(address, 10, Some((fee_address, percent))).await;
        }
        pool.net.mine().await;
        let last = pool.net.height().await as u32;
        if sent(pool, address, first..=last).await.len() >= VOTES {
            return first..=last;
        }
    }
    panic!("too few votes in {MOST_BLOCKS} blocks");
}

/// Medians: from the notification until the vote leaves for the node, of that signing, and the node's answer.
fn medians(votes: &[VoteRecord]) -> [Duration; 3] {
    let median = |time: fn(&VoteRecord) -> Duration| {
        let mut times: Vec<_> = votes.iter().map(time).collect();
        times.sort();
        times[times.len() / 2]
    };
    [
        median(|vote| vote.timings.total.saturating_sub(vote.timings.sending)),
        median(|vote| vote.timings.signing),
        median(|vote| vote.timings.sending),
    ]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network of the real programs, whose voting wallets it stops: STAKEPOOL_SIMNET names its simnet.json"]
async fn real_users_are_voted_by_the_wallets_key_while_every_wallet_is_stopped() {
    // The wallets sign first, so that both ways are seen in one run.
    let pool = RealPool::start_with(Some(FirstSigner::Wallet)).await;
    let (_, info) = register(&pool.net, &pool.url).await;
    let text = |key: &str| info[key].as_str().unwrap();
    pool.net.call("buyer", "importscript", json!([text("Script")])).await;
    let buy = (text("TicketAddress"), text("PoolAddress"), info["PoolFees"].as_f64().unwrap());

    let by_wallets = mine_until_voted(&pool, buy).await;
    let by_wallets = sent(&pool, buy.0, by_wallets).await;

    // The same with the key first: the wallets are asked no more.
    let pool = pool.with_signer(FirstSigner::Key).await;
    let by_key = mine_until_voted(&pool, buy).await;
    let by_key = sent(&pool, buy.0, by_key).await;

    for wallet in ["voter1", "voter2", "voter3"] {
        let pid = pool.net.state["servers"][wallet]["pid"].to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success(), "{wallet} has no process {pid}");
        pool.until(&format!("{wallet} is stopped"), async || {
            pool.net.try_call(wallet, "walletinfo", json!([])).await.is_err()
        })
        .await;
    }
    let without = mine_until_voted(&pool, buy).await;
    let without_wallets = sent(&pool, buy.0, without).await;
    let tickets = pool.tickets().await;
    let missed: BTreeSet<_> =
        tickets.values().filter(|report| report.state == TicketState::Missed).map(|report| report.ticket).collect();
    assert!(missed.is_empty(), "{missed:?}");
    let is_users = |vote: &VoteRecord| vote.address.to_string() == buy.0;
    let votes = pool.database.votes(None, 1000).await.unwrap().into_iter().map(|vote| vote.record);
    let failed: Vec<_> = votes.filter(|vote| is_users(vote) && !vote.outcome.is_cast()).collect();
    assert!(failed.is_empty(), "{failed:#?}");

    println!(
        "medians from notification until the vote leaves, of that signing, and the node's answer; no ticket was missed:"
    );
    for (way, votes) in [("wallets", &by_wallets), ("key", &by_key), ("key, all wallets stopped", &without_wallets)] {
        println!("{way}: {:?} of {} votes", medians(votes), votes.len());
    }
    let [[wallets, ..], [key, ..], [alone, ..]] = [&by_wallets, &by_key, &without_wallets].map(|votes| medians(votes));
    assert!(alone * 3 <= wallets && key * 3 <= wallets, "the key takes more than a third of the wallets' time");
    pool.stop().await;
}
