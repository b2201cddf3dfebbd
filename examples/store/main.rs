//! A store of one's own in the place of one of a pool's: what a wallet owes stands in a file, and outlasts the pool.

mod rescan_file;

use std::path::Path;
use std::sync::Arc;

use stakepool::{Pool, PoolSettings, PoolTerms, SiteIdentity, Stores};
use stakepool_core::accounts::{Actor, Email, PasswordHashes};
use stakepool_core::chain::Network;
use stakepool_core::ports::RescanStore as _;
use stakepool_core::secret::Secret;
use stakepool_core::testkit::MemoryStore;
use stakepool_core::ticket::PoolFee;
use stakepool_sim::SimNetwork;

use rescan_file::RescanFile;

/// The stores of a pool: all in memory, but for what wallets owe.
fn stores(memory: MemoryStore, file: &Path) -> Stores {
    Stores { rescans: Arc::new(RescanFile::at(file)), ..Arc::new(memory).into() }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (network, folder) = (SimNetwork::builder().without_servers().start().await?, tempfile::tempdir()?);
    let file = folder.path().join("rescans.json");
    let (voting, cold) = (network.voting_wallet_xpub(), network.cold_wallet_xpub());
    let terms = PoolTerms::new(Network::Simnet, voting, cold, PoolFee::from_percent(7.5)?);
    let secret = || Secret::new(hex::encode(rand::random::<[u8; 32]>()));
    let settings = PoolSettings::new(SiteIdentity::new("https://pool.example.org"), secret(), secret());
    let wallets = network.voting_wallets().iter().map(|wallet| wallet.in_process() as _);
    let pool = Pool::builder(terms, settings).store(stores(MemoryStore::default(), &file)).wallets(wallets).build()?;
    let group = &pool.parts().wallets.as_ref().ok_or("the pool keeps no wallets")?.group;
    group.recover_all().await;

    // A user registers. Then a wallet comes back without its scripts: it gets them again, and must look through the
    // chain for their tickets; but that fails, so that it stays owed.
    let user = pool
        .create_user(Actor::CommandLine, Email::parse("user@example.org")?, PasswordHashes::default(), false)
        .await?;
    pool.register(user, &network.buyer_pubkey_address()?.to_string()).await?;
    network.wallet(1).lose_scripts();
    network.wallet(1).fail("rescanwallet", -1, "the disk is full");
    group.recover_all().await;
    println!("in {}: {}", file.display(), std::fs::read_to_string(&file)?);
    let another = RescanFile::at(&file);
    let name = network.wallet(1).in_process();
    let owed = another.owed_rescan(stakepool_core::ports::VoteSigner::name(&*name)).await?;
    println!("after a restart the wallet owes a rescan from block {}", owed.ok_or("nothing is owed")?);

    network.wallet(1).heal();
    group.recover_all().await;
    println!("once it is done: {}", std::fs::read_to_string(&file)?);
    Ok(())
}

/// The stores with one's own among them pass the tests that every store must pass.
#[cfg(test)]
mod tests {
    use stakepool::Stores;
    use stakepool_core::testkit::MemoryStore;
    use stakepool_core::testkit::store_tests::Fixture;
    use tempfile::TempDir;

    struct WithRescanFile {
        memory: MemoryStore,
        folder: TempDir,
    }

    impl Fixture for WithRescanFile {
        type Stores = Stores;

        async fn empty() -> Self {
            Self { memory: MemoryStore::default(), folder: tempfile::tempdir().unwrap() }
        }

        async fn open(&self) -> Stores {
            super::stores(self.memory.clone(), &self.folder.path().join("rescans.json"))
        }

        async fn close(&self, _: Stores) {}
    }

    stakepool_core::store_tests!(WithRescanFile);
}
