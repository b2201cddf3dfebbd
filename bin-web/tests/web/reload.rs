//! The program as an operator runs it: a configuration that is read again, and the stop.

use std::fs;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use stakepool_sim::SimNetwork;
use tokio::time::sleep;

use crate::http::send;
use crate::instances::{free_port, start_web, until_ready};

const PATIENCE: Duration = Duration::from_secs(60);

fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits for a text in the program's log.
async fn says(log: &std::path::Path, text: &str) {
    let began = Instant::now();
    loop {
        let said = fs::read_to_string(log).unwrap();
        if said.contains(text) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{text} is missing in: {said}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_closes_the_pool_and_names_administrators_and_a_bad_file_changes_nothing() {
    let network = SimNetwork::builder().voting_wallets(2).start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let listen = free_port();
    let mut web = start_web(&network, folder.path(), listen);
    until_ready(listen, folder.path()).await;
    let file = folder.path().join(format!("{}.conf", listen.port()));
    let log = folder.path().join(format!("{}.log", listen.port()));
    let started = fs::read_to_string(&file).unwrap();
    let stats = async || send(listen, "GET", "/api/v2/stats", &[], b"").await.text();
    assert!(stats().await.contains("\"PoolStatus\":\"Open\""));

    fs::write(&file, format!("{started}\nclosepool=1\nclosepoolmsg=moving house\nadminuserids=7\nmaxusers=60"))
        .unwrap();
    signal(&web.0, "HUP");
    says(&log, "need a restart: maxusers").await;
    let began = Instant::now();
    while !stats().await.contains("\"PoolStatus\":\"Closed\"") {
        assert!(began.elapsed() < PATIENCE, "it stays open");
        sleep(Duration::from_millis(100)).await;
    }
    says(&log, "adminuserids").await;

    fs::write(&file, format!("{started}\npoolfees=much")).unwrap();
    signal(&web.0, "HUP");
    says(&log, "is not used; the old one is kept").await;
    assert!(stats().await.contains("\"PoolStatus\":\"Closed\""));

    signal(&web.0, "TERM");
    let code = tokio::task::block_in_place(|| web.0.wait()).unwrap().code();
    assert_eq!(code, Some(0));
    says(&log, "stopped").await;
    network.shutdown().await;
}
