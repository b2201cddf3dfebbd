//! Tests on the simulated network: luck and faults are switches, and a test waits for what it wants to see.
//!
//! `cargo test -p stakepool-examples --example simulated` runs them as tests; the program tells what they do.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{KeyIndex, Network, RedeemScript, TicketHash, VoteBits};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::{ScriptWallet as _, VoteSigner as _};
use stakepool_core::reports::TicketState;
use stakepool_core::testkit::MemoryFile;
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};
use stakepool_core::voting::{Engine, EngineParts};
use stakepool_sim::{SimNetwork, SimNetworkBuilder};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const PATIENCE: Duration = Duration::from_secs(5);
const USER: KeyIndex = KeyIndex(1);

/// Without servers nothing is listened on, and tokio's clock may be paused; the seed makes every run the same.
fn network() -> SimNetworkBuilder {
    SimNetwork::builder().seed(42).voting_wallets(2).without_servers()
}

/// Has both wallets take in the user's script, and an engine vote for the user until the runtime ends.
async fn start_voting(network: &SimNetwork) -> Result<RedeemScript> {
    let branch = network.voting_wallet_xpub().external_branch()?;
    let script = RedeemScript::for_user(&branch, USER, &network.buyer_pubkey_address()?)?;
    for wallet in network.voting_wallets() {
        wallet.in_process().sync_address_index(USER).await?;
        wallet.in_process().import_script(&script).await?;
    }
    let addresses = FeeAddresses::derive(&network.cold_wallet_xpub().external_branch()?, USER)?;
    let params = Network::Simnet.params(network.generation());
    let evaluator = Evaluator::new(Network::Simnet, params, PoolFee::from_percent(7.5)?, addresses);
    let version = network.wallet(0).in_process().info().await?.vote_version;
    let voting = VotingPreference { bits: VoteBits::APPROVE, version };
    let user = DesiredUser { user: UserId(1), address: script.address(Network::Simnet), voting };
    let wallets = network.voting_wallets().iter().map(|wallet| wallet.in_process() as _).collect();
    let nodes = network.nodes().iter().map(|node| node.in_process() as _).collect();
    let parts = EngineParts::new(evaluator, wallets, nodes, Arc::<MemoryFile>::default());
    tokio::spawn(Engine::new(parts.desired(DesiredState::new([user], [])))?.run(network.events(), pending()));
    Ok(script)
}

/// A ticket of the user that the best block draws.
async fn winner(network: &SimNetwork, script: &RedeemScript) -> Result<TicketHash> {
    let fee_address = network.cold_wallet_xpub().external_branch()?.address(USER)?.to_pubkey_hash();
    let fee = PoolFee::from_percent(7.5)?;
    let ticket = network.buy_tickets(script.address(Network::Simnet), Some(fee_address), fee, 1)?[0];
    // It is mined with the next block, and drawn by the first that may draw it.
    network.let_win(&[ticket]);
    network.mine(17).await?;
    Ok(ticket)
}

/// A winner votes, and the next block holds its vote.
async fn a_winner_votes() -> Result {
    let network = network().start().await?;
    let script = start_voting(&network).await?;
    let ticket = winner(&network, &script).await?;
    assert!(network.wait_for_vote(&ticket, PATIENCE).await);
    let height = network.mine(1).await?;
    assert!(network.votes_in_block(height).contains(&ticket));
    assert_eq!(network.ticket_state(&ticket), Some(TicketState::Voted));
    Ok(())
}

/// The second wallet signs what the first, which is locked, does not.
async fn a_second_wallet_votes_for_a_locked_one() -> Result {
    let network = network().start().await?;
    let script = start_voting(&network).await?;
    network.wallet(0).lock();
    let ticket = winner(&network, &script).await?;
    assert!(network.wait_for_vote(&ticket, PATIENCE).await);
    Ok(())
}

/// While no wallet signs there is no vote; it comes as soon as one does.
async fn a_vote_is_made_up_for_while_its_block_is_the_best() -> Result {
    let network = network().start().await?;
    let script = start_voting(&network).await?;
    network.voting_wallets().iter().for_each(|wallet| wallet.lock());
    let ticket = winner(&network, &script).await?;
    assert!(!network.wait_for_vote(&ticket, Duration::from_secs(1)).await);
    network.wallet(1).unlock();
    assert!(network.wait_for_vote(&ticket, PATIENCE).await);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    a_winner_votes().await?;
    println!("a winner votes, and the next block holds its vote");
    a_second_wallet_votes_for_a_locked_one().await?;
    println!("the second wallet signs what the first, which is locked, does not");
    a_vote_is_made_up_for_while_its_block_is_the_best().await?;
    println!("while no wallet signs there is no vote; it comes as soon as one does");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[tokio::test(start_paused = true)]
    async fn a_winner_votes() {
        super::a_winner_votes().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_wallet_votes_for_a_locked_one() {
        super::a_second_wallet_votes_for_a_locked_one().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_vote_is_made_up_for_while_its_block_is_the_best() {
        super::a_vote_is_made_up_for_while_its_block_is_the_best().await.unwrap();
    }
}
