//! A client of a voting daemon: gives it a user, and asks for its status and its live tickets by gRPC.

use std::time::Duration;

use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{KeyIndex, Network, RedeemScript, VoteBits};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::{ScriptWallet as _, VoteSigner as _, VotingDaemon as _};
use stakepool_core::ticket::PoolFee;
use stakepool_examples::{PoolDaemon, server_config};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
use stakepool_rpc::grpc::server::Access;
use stakepool_sim::SimNetwork;
use stakepoold::DaemonOptions;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A network with a daemon beside its wallet; elsewhere a daemon is a process of its own.
    let (network, folder) = (SimNetwork::builder().voting_wallets(1).start().await?, tempfile::tempdir()?);
    let (fee, token) = (PoolFee::from_percent(7.5)?, RpcToken::new(hex::encode(rand::random::<[u8; 32]>()))?);
    let cold = network.cold_wallet_xpub();
    let options = DaemonOptions::new(Network::Simnet, cold, fee, folder.path().to_owned())
        .with_max_users(100)
        .with_peers(vec![server_config(&network.wallet(0).endpoint())], vec![server_config(&network.node().endpoint())])
        .with_access(Access::default().with_token(token.clone()));
    let daemon = PoolDaemon::start_new(options).await?;

    // A user, whose script the wallet has, buys three tickets, which are live after 17 blocks.
    let (index, wallet) = (KeyIndex(1), network.wallet(0).in_process());
    let user = network.buyer_pubkey_address()?;
    let script = RedeemScript::for_user(&network.voting_wallet_xpub().external_branch()?, index, &user)?;
    wallet.sync_address_index(index).await?;
    wallet.import_script(&script).await?;
    let (address, fee_address) = (script.address(Network::Simnet), cold.external_branch()?.address(index)?);
    let tickets = network.buy_tickets(address, Some(fee_address.to_pubkey_hash()), fee, 3)?;
    network.never_let_win(&tickets);
    network.mine(17).await?;

    // The client knows the daemon by its certificate, and the daemon the client by the token that they share.
    let certificate = std::fs::read(&daemon.options().certificate)?;
    let client = DaemonClient::new(ClientOptions::new(daemon.address().to_string(), certificate).with_token(token))?;
    let voting = VotingPreference { bits: VoteBits::APPROVE, version: wallet.info().await?.vote_version };
    client.put_desired(&DesiredState::new([DesiredUser { user: UserId(1), address, voting }], [])).await?;
    let mut status = client.status().await?;
    for _ in 0..200 {
        if status.live_tickets == 3 && status.synced_height.is_some() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
        status = client.status().await?;
    }
    let height = status.synced_height.ok_or_else(|| status.problems.join("; "))?;
    println!("daemon {} has {} user and is at block {height}", client.name(), status.users);
    for wallet in &status.wallets {
        println!("its wallet {} answers: {}, is unlocked: {}", wallet.name, wallet.reachable, wallet.unlocked);
    }
    let live = client.live_tickets().await?;
    for ticket in &live {
        println!("live: {} of {}", ticket.ticket, ticket.address);
    }
    daemon.stop().await?;
    network.shutdown().await;
    if live.len() == tickets.len() { Ok(()) } else { Err("the daemon does not know the tickets".into()) }
}
