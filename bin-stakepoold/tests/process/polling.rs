//! A daemon that no web reaches, and that looks for users in the database.

use std::fs;

use rustix::process::Signal;
use stakepool_sim::SimNetwork;

use crate::daemon::{Home, configuration, monitored, stops_cleanly_at, until};

/// A port at which nobody listens.
fn nobody() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_norpclisten_it_serves_nobody_and_runs_without_its_database_which_is_told() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let monitors = format!("127.0.0.1:{}", nobody());
    let home = Home::on(&network);
    let database = format!("norpclisten=1\ndbhost=127.0.0.1\ndbport={}\ndbpassword=hunter2\n", nobody());
    let text = format!("{}{database}monitorlisten={monitors}\n", configuration(&network));
    fs::write(home.path().join("stakepoold.conf"), text).unwrap();
    let checked = tokio::task::block_in_place(|| home.command().arg("--check-config").output().unwrap());
    assert!(checked.status.success());
    let mut daemon = home.start();
    tokio::task::block_in_place(|| {
        daemon.until_it_says("norpclisten is on");
        daemon.until_it_says("no effect: rpclisten, rpctoken");
        daemon.until_it_says("the database is polled, and no gRPC is served");
        daemon.until_it_says("cannot be read: it cannot be reached; check dbhost, dbport or dbsocket");
    });
    // Its own part is well: the wallet's tickets are voted.
    let answer = until(|| monitored(&monitors, "/readyz"), |answer| answer.starts_with("HTTP/1.1 200")).await;
    assert!(!answer.contains("hunter2"), "{answer}");
    assert!(!home.path().join("rpc.cert").exists(), "a service that is not offered needs no certificate");
    tokio::task::block_in_place(|| {
        daemon.send(Signal::HUP);
        daemon.until_it_says("the configuration was read again");
        stops_cleanly_at(&mut daemon, &home, Signal::TERM);
    });
    network.shutdown().await;
}
