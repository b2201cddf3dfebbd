//! From the start of a daemon to its end: signals, states, certificates, a wrong configuration.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use rustix::process::Signal;
use stakepool_core::ports::VotingDaemon as _;
use stakepool_rpc::grpc::RpcToken;
use stakepool_sim::SimNetwork;

use crate::daemon::{Home, TOKEN, stops_cleanly_at, until};

#[tokio::test(flavor = "multi_thread")]
async fn every_signal_that_asks_for_a_stop_leaves_a_saved_state() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    for signal in [Signal::INT, Signal::TERM, Signal::QUIT, Signal::ALARM, Signal::USR2] {
        tokio::task::block_in_place(|| {
            let mut daemon = home.start();
            daemon.until_it_says("gRPC is served");
            stops_cleanly_at(&mut daemon, &home, signal);
        });
    }
    let data = fs::read_dir(home.state_file().parent().unwrap()).unwrap();
    let names: Vec<_> = data.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(
        names.iter().all(|name| !name.contains("unreadable")),
        "the second start read what the first saved: {names:?}"
    );
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_written_is_told_at_the_start_and_by_the_exit_code() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    tokio::task::block_in_place(|| {
        // Nothing can be renamed to it, whoever runs the test.
        fs::create_dir_all(home.state_file().join("in the way")).unwrap();
        let mut daemon = home.start();
        daemon.until_it_says("stakepoold.state cannot be");
        daemon.send(Signal::TERM);
        assert_eq!(daemon.end().code(), Some(1));

        fs::remove_dir_all(home.state_file()).unwrap();
        let mut daemon = home.start();
        daemon.until_it_says("gRPC is served");
        let folder = home.state_file().parent().unwrap().to_owned();
        // It may be saving, and make the folder again.
        let mut away = (1..).map(|n| folder.with_extension(n.to_string()));
        while fs::write(&folder, "no folder").is_err() {
            let _ = fs::rename(&folder, away.next().unwrap());
        }
        daemon.send(Signal::TERM);
        daemon.until_it_says("stakepoold.state cannot be written");
        assert_eq!(daemon.end().code(), Some(1), "the state of the stop is lost");

        // A data directory that cannot be used from the first start on costs no votes, either.
        let mut daemon = home.start();
        daemon.until_it_says("simnet cannot be used");
        daemon.until_it_says("gRPC is served");
        daemon.send(Signal::TERM);
        assert_eq!(daemon.end().code(), Some(1));
    });
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_closes_does_not_end_it() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    tokio::task::block_in_place(|| {
        let mut daemon = home.start();
        daemon.until_it_says("gRPC is served");
        for (signal, name) in [(Signal::HUP, "SIGHUP"), (Signal::USR1, "SIGUSR1"), (Signal::HUP, "SIGHUP")] {
            daemon.send(signal);
            daemon.until_it_says(&format!("{name}: the configuration was read again"));
        }
        assert!(daemon.process.try_wait().unwrap().is_none());
        stops_cleanly_at(&mut daemon, &home, Signal::TERM);
    });
    network.shutdown().await;
}

/// The certificate that the daemon's service shows.
async fn shown_by(address: &str) -> String {
    let shown = tokio::process::Command::new("openssl")
        .args(["s_client", "-connect", address, "-alpn", "h2"])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("openssl is needed");
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    let from = text.find("-----BEGIN CERTIFICATE").expect("no certificate is shown");
    text[from..text.find("-----END CERTIFICATE").unwrap()].replace('\n', "")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs openssl"]
async fn a_renewed_certificate_is_shown_after_a_hangup_and_a_bad_one_is_not() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    let listen = home.listen();
    let mut daemon = home.start();
    daemon.until_it_says("gRPC is served");
    let first = shown_by(&listen).await;
    for name in ["rpc.cert", "rpc.key"] {
        fs::rename(home.path().join(name), home.path().join(format!("old.{name}"))).unwrap();
    }
    // As another daemon would make it.
    let (cert, key) = (home.path().join("rpc.cert"), home.path().join("rpc.key"));
    stakepool_rpc::tls::ensure_server_pair(&cert, &key, &[], std::time::SystemTime::now()).unwrap();
    daemon.send(Signal::HUP);
    daemon.until_it_says("was read again");
    let renewed = until(|| shown_by(&listen), |shown| *shown != first).await;
    fs::write(&key, "no key").unwrap();
    daemon.send(Signal::HUP);
    daemon.until_it_says("the old certificate is shown");
    assert_eq!(shown_by(&listen).await, renewed);
    tokio::task::block_in_place(|| stops_cleanly_at(&mut daemon, &home, Signal::TERM));
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_changed_by_hangups_and_no_call_with_a_right_one_is_refused() {
    const NEXT: &str = "the-token-of-tomorrow-for-this-process";
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    let listen = home.listen();
    let mut daemon = home.start();
    daemon.until_it_says("gRPC is served");
    let client = home.client(&listen);
    let [first, next] = [TOKEN, NEXT].map(|token| RpcToken::new(token).unwrap());
    let takes = async |token: &RpcToken| {
        client.show_token(Some(token));
        client.status().await.is_ok()
    };
    let reads = |from: &str, to: &str| {
        let file = home.path().join("stakepoold.conf");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(file, text.replace(from, to)).unwrap();
        daemon.send(Signal::HUP);
        daemon.until_it_says("was read again");
    };
    assert!(takes(&first).await && !takes(&next).await);
    reads(&format!("rpctoken={TOKEN}\n"), &format!("rpctoken={TOKEN}\nrpctokennext={NEXT}\n"));
    until(|| takes(&next), |taken| *taken).await;
    assert!(takes(&first).await, "the old token counts until it is taken away");
    reads(&format!("rpctoken={TOKEN}\nrpctokennext={NEXT}\n"), &format!("rpctoken={NEXT}\n"));
    until(|| takes(&first), |taken| !*taken).await;
    assert!(takes(&next).await);
    // Without any it would be open to the predecessor's web: that needs a restart.
    reads(&format!("rpctoken={NEXT}\n"), "");
    daemon.until_it_says("restart the daemon");
    assert!(takes(&next).await && !takes(&first).await);
    tokio::task::block_in_place(|| stops_cleanly_at(&mut daemon, &home, Signal::TERM));
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_one_data_directory_is_refused_and_one_after_a_kill_is_not() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    tokio::task::block_in_place(|| {
        let mut first = home.start();
        first.until_it_says("gRPC is served");
        let mut second = home.start();
        second.until_it_says(&format!("belongs to another daemon that runs (process {})", first.process.id()));
        assert_eq!(second.end().code(), Some(1));
        first.process.kill().unwrap();
        first.end();
        let mut third = home.start();
        third.until_it_says("gRPC is served");
        stops_cleanly_at(&mut third, &home, Signal::TERM);
    });
    network.shutdown().await;
}

#[test]
fn a_wrong_configuration_ends_it_with_exit_code_2_and_every_wrong_key() {
    let home = Home::new("[Application Options]\nsimnet=1\npoolfees=much\nexccdhots=localhost\n");
    let mut process = home.command().spawn().unwrap();
    let mut told = String::new();
    process.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(2), "{told}");
    for key in ["poolfees", "exccdhots", "exccdhost", "coldwalletextpub"] {
        assert!(told.contains(key), "{key} is missing in: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voting_key_that_would_stop_the_start_is_found_by_the_check() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    let file = home.path().join("stakepoold.conf");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("{text}votingkey=voting.key\nvotingkeypass=gull anvil\n")).unwrap();
    fs::write(home.path().join("voting.key"), "no such file").unwrap();
    for flags in [&["--check-config"][..], &[]] {
        let output = tokio::task::block_in_place(|| home.command().args(flags).output().unwrap());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains("stakepoolctl chain voting-key"), "{flags:?}: {told}");
    }
    network.shutdown().await;
}
