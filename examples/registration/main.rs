//! Registration over three wallets: a wallet with other keys stops it, and once it agrees the same request succeeds.

use std::sync::Arc;

use rand::random;
use stakepool::{Pool, PoolSettings, PoolTerms, SiteIdentity};
use stakepool_core::accounts::{Actor, Email, PasswordHashes};
use stakepool_core::chain::Network;
use stakepool_core::secret::Secret;
use stakepool_core::testkit::MemoryStore;
use stakepool_core::ticket::PoolFee;
use stakepool_sim::SimNetwork;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Wallets within this process; on a real network they are `stakepool_rpc::json::Wallet`s.
    let network = SimNetwork::builder().voting_wallets(3).without_servers().start().await?;
    let wallets = network.voting_wallets().iter().map(|wallet| wallet.in_process() as _);

    let (voting, cold) = (network.voting_wallet_xpub(), network.cold_wallet_xpub());
    let terms = PoolTerms::new(Network::Simnet, voting, cold, PoolFee::from_percent(7.5)?).min_servers(3);
    let secret = || Secret::new(hex::encode(random::<[u8; 32]>()));
    let settings = PoolSettings::new(SiteIdentity::new("https://pool.example.org"), secret(), secret());
    let pool = Pool::builder(terms, settings).store(Arc::new(MemoryStore::default())).wallets(wallets).build()?;
    let group = &pool.parts().wallets.as_ref().ok_or("the pool keeps no wallets")?.group;
    // What a pool that runs (`Pool::run`) does all the time.
    group.recover_all().await;

    let user = pool
        .create_user(Actor::CommandLine, Email::parse("user@example.org")?, PasswordHashes::default(), false)
        .await?;
    let key = network.buyer_pubkey_address()?.to_string();
    network.wallet(2).disagree(true);
    match pool.register(user, &key).await {
        Err(error) => println!("refused: {error}"),
        Ok(_) => return Err("a wallet with other keys was not noticed".into()),
    }

    network.wallet(2).disagree(false);
    group.recover_all().await;
    let registration = pool.register(user, &key).await?;
    println!("registered with key index {}: {}", registration.key_index, registration.address);
    println!("fees go to {}", registration.fee_address);
    let script = registration.address.hash();
    for (number, wallet) in network.voting_wallets().iter().enumerate() {
        println!("wallet {number} has the script: {}", wallet.scripts().contains(&script));
    }
    match pool.register(user, &key).await {
        Err(error) => println!("refused: {error}"),
        Ok(_) => return Err("a user was registered twice".into()),
    }
    Ok(())
}
