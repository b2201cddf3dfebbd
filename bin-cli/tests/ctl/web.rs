//! The pool as the web runs it, on the configuration of a scene.

use std::ffi::OsString;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stakepool::Pool;
use stakepool::status::{DaemonCondition, PoolStatus, WalletCondition};
use stakepool::wallets::VotingWallet;
use stakepool_config::{Invocation, WebConfig, load_web};
use stakepool_core::ports::VotingDaemon;
use stakepool_rpc::grpc::client::DaemonClient;
use stakepool_rpc::json::Wallet;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::scene::Scene;

/// A pool that runs.
pub struct Web {
    pool: Arc<Pool>,
    running: JoinHandle<()>,
}

impl Web {
    pub async fn run(scene: &Scene) -> Self {
        let config = config(scene);
        let wallets = config.wallet_servers().into_iter().map(|server| Arc::new(Wallet::connect(&server).unwrap()));
        let daemons = config.daemon_clients().unwrap().into_iter();
        let daemons = daemons.map(|options| Arc::new(DaemonClient::new(options).unwrap()));
        let pool = Pool::builder(config.pool_terms(), config.pool_settings())
            .store(Arc::new(scene.database().await))
            .wallets(wallets.map(|wallet| wallet as Arc<dyn VotingWallet>))
            .daemons(daemons.map(|daemon| daemon as Arc<dyn VotingDaemon>))
            .build();
        let pool = Arc::new(pool.unwrap());
        let runs = pool.clone();
        let running = tokio::spawn(async move { runs.run(std::future::pending()).await.unwrap() });
        Self { pool, running }
    }

    /// What `/status.json` shows, once every wallet and daemon was heard of.
    pub async fn status(&self) -> Value {
        for _ in 0..1000 {
            let status = self.pool.status().await;
            if all_heard_of(&status) {
                return serde_json::to_value(&status).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not all were heard of: {:?}", self.pool.status().await);
    }

    /// The failure with these words, which it must know of within five seconds.
    pub async fn failure(&self, words: &str) -> String {
        let began = Instant::now();
        loop {
            let failures = self.pool.status().await.failures;
            if let Some(failure) = failures.iter().find(|failure| failure.contains(words)) {
                return failure.clone();
            }
            assert!(began.elapsed() < Duration::from_secs(5), "it does not say `{words}`: {failures:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn stop(self) {
        self.running.abort();
        let _ = self.running.await;
    }
}

fn all_heard_of(status: &PoolStatus) -> bool {
    let passing = [WalletCondition::Unknown, WalletCondition::BeingRepaired];
    status.wallets.iter().all(|wallet| !passing.contains(&wallet.state))
        && status.daemons.iter().all(|daemon| daemon.state != DaemonCondition::Unknown)
}

pub fn config(scene: &Scene) -> WebConfig {
    let mut file = OsString::from("--configfile=");
    file.push(scene.config_file());
    let home = scene.home.path().display().to_string();
    let variable = |name: &str| (name == "HOME").then(|| home.clone());
    match load_web([file].into_iter(), &variable, &|path| fs::read(path)).unwrap() {
        Invocation::Run(config) => *config,
        other => panic!("{other:?}"),
    }
}
