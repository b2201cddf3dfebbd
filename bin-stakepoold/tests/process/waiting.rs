//! A daemon that waits for its node at the start.

use std::fs;

use rustix::process::Signal;
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{DaemonError, VotingDaemon as _};
use stakepool_sim::SimNetwork;

use crate::daemon::{Home, configuration, monitored, stops_cleanly_at, until};

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_cleanly_while_it_still_waits_for_its_node() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    network.node().stop().await;
    tokio::task::block_in_place(|| {
        let mut daemon = home.start();
        daemon.until_it_says("waiting for a node");
        daemon.send(Signal::TERM);
        assert_eq!(daemon.end().code(), Some(0));
    });
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn monitors_are_answered_while_it_still_waits_for_its_node() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let home = Home::on(&network);
    fs::write(home.path().join("stakepoold.conf"), format!("{}monitorlisten={listen}\n", configuration(&network)))
        .unwrap();
    network.node().stop().await;
    let mut daemon = home.start();
    tokio::task::block_in_place(|| daemon.until_it_says("waiting for a node"));
    assert!(monitored(&listen, "/healthz").await.starts_with("HTTP/1.1 200"));
    let answer = monitored(&listen, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("starting: no node has answered yet\n"), "{answer}");
    let answer = monitored(&listen, "/metrics").await;
    assert!(answer.contains("stakepoold_info{") && !answer.contains("stakepoold_node_up"), "{answer}");
    network.node().start().await.unwrap();
    tokio::task::block_in_place(|| daemon.until_it_says("gRPC is served"));
    until(|| monitored(&listen, "/readyz"), |answer| answer.starts_with("HTTP/1.1 200")).await;
    let answer = monitored(&listen, "/metrics").await;
    assert_eq!(answer.matches("stakepoold_info{").count(), 1, "{answer}");
    assert!(answer.contains("stakepoold_node_up 1"), "{answer}");
    tokio::task::block_in_place(|| stops_cleanly_at(&mut daemon, &home, Signal::TERM));
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_hears_from_the_start_on_that_it_waits_for_its_node() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    let listen = home.listen();
    network.node().stop().await;
    let mut daemon = home.start();
    tokio::task::block_in_place(|| daemon.until_it_says("waiting for a node"));
    let client = home.client(&listen);
    let refusal = client.status().await.unwrap_err();
    let DaemonError::NotReady { reason, .. } = &refusal else { panic!("{refusal}") };
    let node = network.node().endpoint().host.to_string();
    assert!(reason.starts_with("it waits for its node: ") && reason.contains(&node), "{reason}");
    assert!(matches!(client.put_desired(&DesiredState::default()).await, Err(DaemonError::NotReady { .. })));
    network.node().start().await.unwrap();
    let status = until(|| client.status(), Result::is_ok).await.unwrap();
    assert!(status.node_height.is_some() || !status.problems.is_empty());
    tokio::task::block_in_place(|| stops_cleanly_at(&mut daemon, &home, Signal::TERM));
    network.shutdown().await;
}
