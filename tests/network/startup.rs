//! Programs that were put together wrongly: they end, or say so, with both values.

use std::time::Duration;

use stakepool_core::chain::Network;
use stakepool_examples::{SmallPool, SmallWeb, server_config, web_options};
use stakepool_rpc::daemon::PeerError;
use stakepool_rpc::grpc::server::Access;
use stakepool_sim::SimNetwork;
use stakepoold::{DaemonOptions, StakepooldError};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::browser::{Browser, between};
use crate::scene::{PATIENCE, fee, options};

async fn network() -> SimNetwork {
    SimNetwork::builder().seed(7).voting_wallets(3).height(150).start().await.unwrap()
}

/// A daemon for the first two wallets.
fn daemon(network: &SimNetwork, folder: &TempDir) -> DaemonOptions {
    let wallets = network.voting_wallets()[..2].iter().map(|wallet| server_config(&wallet.endpoint())).collect();
    DaemonOptions::new(Network::Simnet, network.cold_wallet_xpub(), fee(), folder.path().join("data"))
        .with_max_users(20)
        .with_peers(wallets, vec![server_config(&network.node().endpoint())])
        .with_access(Access::default().with_old_clients(true))
        .with_check_every(Duration::from_secs(30))
}

/// How a daemon ends that nobody stops.
async fn ends(options: DaemonOptions) -> StakepooldError {
    let run = stakepoold::run(options, |_| {}, std::future::pending());
    timeout(PATIENCE * 3, run).await.expect("it goes on").unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_of_another_network_ends_and_names_both() {
    let (network, folder) = (network().await, tempfile::tempdir().unwrap());
    let mut options = daemon(&network, &folder);
    options.network = Network::Testnet;
    let error = ends(options).await;
    let StakepooldError::Peer(PeerError::WrongNetwork { peer, found, expected }) = &error else { panic!("{error}") };
    assert_eq!((found, expected), (&Network::Simnet, &Network::Testnet));
    assert_eq!(*peer, network.node().endpoint().host.to_string());
    let text = error.to_string();
    assert!(text.contains("runs on simnet") && text.contains("configured for testnet"), "{text}");
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_wallets_of_two_seeds_ends_and_names_both_keys() {
    let (network, folder) = (network().await, tempfile::tempdir().unwrap());
    let ours = network.voting_wallet_xpub().to_string();
    network.wallet(1).disagree(true);
    let error = ends(daemon(&network, &folder)).await;
    let StakepooldError::Peer(PeerError::OtherKeys { expected, found, .. }) = &error else { panic!("{error}") };
    let keys = [expected.to_string(), found.to_string()];
    assert!(keys[0] != keys[1] && keys.contains(&ours), "{error}");
    let text = error.to_string();
    for wallet in &network.voting_wallets()[..2] {
        let host = wallet.endpoint().host.to_string();
        assert!(text.contains(&host) && keys.iter().all(|key| text.contains(key)), "{text}");
    }
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_whose_only_wallet_is_of_another_seed_is_told_by_the_web_with_both_keys() {
    let (network, folder) = (network().await, tempfile::tempdir().unwrap());
    let ours = network.voting_wallet_xpub().to_string();
    network.wallet(2).disagree(true);
    let pool = SmallPool::start(&network, &options(&folder)).await.unwrap();
    pool.user("admin@example.org", "battery staple 42", true).await.unwrap();
    let web = SmallWeb::start(&pool, web_options("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let mut browser = Browser::new(web.url());
    browser.submit("/signin", &[("email", "admin@example.org"), ("password", "battery staple 42")]).await;
    let began = Instant::now();
    let told = loop {
        pool.pool.daemons().changed();
        let page = browser.get("/status").await.body;
        let told = between(&page, "has the account key ", "restore the wallet").to_owned();
        if !told.is_empty() {
            break told;
        }
        assert!(began.elapsed() < PATIENCE * 3, "not told: {page}");
        sleep(Duration::from_millis(100)).await;
    };
    let (theirs, rest) = told.split_once(", but votingwalletextpub is ").unwrap();
    assert!(theirs.starts_with("spub") && theirs != ours && rest.starts_with(&ours), "{told}");
    web.stop().await.unwrap();
    pool.stop().await.unwrap();
    network.shutdown().await;
}
