//! What the daemon's keys mean.

use std::path::PathBuf;

use stakepool_config::ListenAddress;
use stakepool_core::chain::Network;
use stakepool_core::ports::DatabaseTls;
use stakepool_core::voting::FirstSigner;

use super::{COLD, Host, assert_only, daemon_lines, pem, without};

#[test]
fn the_smallest_configuration_has_sound_defaults_and_no_warnings() {
    let config = Host::new().daemon(&daemon_lines(""));
    assert_eq!(config.warnings, [""; 0]);
    assert_eq!((config.network, config.cold_wallet.to_string()), (Network::Testnet, COLD.to_owned()));
    assert_eq!(
        (config.nodes[0].host.as_str(), config.wallets[0].host.as_str()),
        ("127.0.0.1:19109", "127.0.0.1:19110")
    );
    assert_eq!(config.rpc_listen, [ListenAddress::Tcp { host: Some("localhost".into()), port: 19113 }]);
    assert_eq!(config.data_dir, PathBuf::from("/home/pool/.stakepoold/data/testnet"));
    assert_eq!(config.rpc_cert, PathBuf::from("/home/pool/.stakepoold/rpc.cert"));
    assert_eq!((config.max_users, config.pool_fee.percent()), (9999, 7.5));
}

#[test]
fn a_certificate_may_lie_beside_the_home() {
    let host = Host::new().file("/home/pool/.stakepoold/../.exccd/rpc.cert", &pem("a.cert"));
    let lines = format!("{}exccdcert=../.exccd/rpc.cert\n", without("exccdcert", &daemon_lines("")));
    assert_eq!(host.daemon(&lines).nodes[0].certificate.pem, pem("a.cert"));
}

#[test]
fn several_nodes_and_wallets_have_as_many_of_everything() {
    let mut lines = daemon_lines("");
    for (key, value) in [
        ("wallethost", "w1,w2:5"),
        ("walletuser", "u1,u2"),
        ("walletpassword", "p1,env:PW"),
        ("walletcert", "a.cert,b.cert"),
    ] {
        lines = format!("{}{key}={value}\n", without(key, &lines));
    }
    let host = Host::new().variable("PW", "p2");
    let config = host.daemon(&lines);
    let wallets: Vec<_> =
        config.wallets.iter().map(|wallet| (wallet.host.as_str(), wallet.password.expose())).collect();
    assert_eq!(wallets, [("w1:19110", "p1"), ("w2:5", "p2")]);
    let errors = host.daemon_errors(&format!("{}walletpassword=p1\n", without("walletpassword", &lines)));
    assert_only(&errors, &["wallethost has 2 entries", "walletpassword has 1"]);
}

#[test]
fn the_password_of_a_single_server_may_hold_a_comma() {
    let lines = format!("{}walletpassword=a,b\n", without("walletpassword", &daemon_lines("")));
    assert_eq!(Host::new().daemon(&lines).wallets[0].password.expose(), "a,b");
}

#[test]
fn listeners_may_be_repeated_and_get_the_default_port() {
    let config = Host::new().daemon(&daemon_lines("rpclisten=0.0.0.0\nrpclisten=[::1]:5,:6\nmonitorlisten=:9181"));
    let shown: Vec<String> = config.rpc_listen.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["0.0.0.0:19113", "[::1]:5", ":6"]);
    assert_eq!(config.monitor_listen.unwrap().tcp_candidates(), ["[::]:9181", "0.0.0.0:9181"]);
}

/// What a file of the predecessor says of its database.
const DATABASE: &str = "dbhost=db.example\ndbport=3307\ndbname=pool\ndbuser=reader\ndbpassword=hunter2\ndbtls=verify";

#[test]
fn the_database_is_looked_at_when_the_daemon_starts() {
    let config = Host::new().daemon(&daemon_lines(&format!("{DATABASE}\nnorpclisten=0")));
    assert_eq!(config.warnings, [""; 0]);
    let database = config.database.unwrap();
    assert_eq!((&database.hosts[..], database.port), (&["db.example".to_owned()][..], 3307));
    assert_eq!((database.name.as_str(), database.user.as_str()), ("pool", "reader"));
    assert_eq!((database.password.expose(), database.tls), ("hunter2", DatabaseTls::Verify));
    assert!(!config.polls_database && config.rpc_listen.len() == 1);
    assert_eq!(Host::new().daemon(&daemon_lines("")).database, None);
    let config = Host::new().daemon(&daemon_lines("dbname=pool\ndbuser=me"));
    assert_only(&config.warnings, &["no database is named", "dbname, dbuser"]);
    let config = Host::new().daemon(&daemon_lines("dbhost=db.example"));
    assert_only(&config.warnings, &["dbtls is not `verify`"]);
}

#[test]
fn with_norpclisten_the_database_is_polled_and_no_service_offered_which_is_told() {
    let lines = without("rpctoken", &daemon_lines(&format!("{DATABASE}\nnorpclisten=1")));
    let config = Host::new().daemon(&lines);
    assert!(config.polls_database && config.rpc_listen.is_empty() && config.database.is_some());
    assert_only(&config.warnings, &["norpclisten is on", "hears nothing of"]);
    let config = Host::new().daemon(&daemon_lines(&format!("{DATABASE}\nnorpclisten=1\nrpclisten=:1\noldclients=1")));
    assert_eq!(config.warnings.len(), 2, "{:?}", config.warnings);
    assert!(config.warnings[1].contains("no effect: rpclisten, rpctoken, oldclients"), "{:?}", config.warnings);
    assert!(!config.warnings.iter().any(|warning| warning.contains("hunter2")));
    assert_only(&Host::new().daemon_errors(&daemon_lines("norpclisten=1")), &["dbhost is not set"]);
}

#[test]
fn an_assumed_fee_and_a_missing_token_are_told() {
    let config = Host::new().daemon(&without("rpctoken", &without("poolfees", &daemon_lines(""))));
    assert_eq!((config.pool_fee.percent(), config.warnings.len()), (5.0, 2), "{:?}", config.warnings);
}

#[test]
fn a_client_certificate_does_instead_of_a_token_and_old_clients_are_told_loudly() {
    let config = Host::new().daemon(&without("rpctoken", &daemon_lines("rpcclientcerts=c.cert,d.cert")));
    assert_eq!((config.rpc_clients.len(), config.old_clients, config.warnings.len()), (2, false, 0));
    let config = Host::new().daemon(&daemon_lines("oldclients=1\nrpclisten=127.0.0.1"));
    assert!(config.old_clients && config.warnings.is_empty(), "only this computer reaches it: {:?}", config.warnings);
    let config = Host::new().daemon(&daemon_lines("oldclients=1\nrpclisten=0.0.0.0"));
    assert!(config.old_clients);
    assert_only(&config.warnings, &["oldclients is on", "remove the line"]);
    assert_only(
        &Host::new().daemon_errors(&daemon_lines("rpcclientcerts=none.cert")),
        &["rpcclientcerts", "none.cert"],
    );
}

#[test]
fn a_voting_key_needs_its_passphrase_and_signs_first_unless_the_wallet_is_to() {
    let host = || Host::new().file("/home/pool/.stakepoold/voting.key", "sealed");
    let config = host().daemon(&daemon_lines("votingkey=voting.key\nvotingkeypass=gull anvil"));
    let key = config.voting_key.as_ref().unwrap();
    assert_eq!((&key.path, &key.sealed[..]), (&PathBuf::from("/home/pool/.stakepoold/voting.key"), &b"sealed"[..]));
    assert_eq!((key.passphrase.expose(), config.first_signer), ("gull anvil", FirstSigner::Key));
    assert!(config.warnings.is_empty() && !format!("{config:?}").contains("gull"), "{config:?}");
    let config = host().daemon(&daemon_lines("votingkey=voting.key\nvotingkeypass=x\nvotingsigner=wallet"));
    assert_eq!(config.first_signer, FirstSigner::Wallet);

    assert_only(&host().daemon_errors(&daemon_lines("votingkey=voting.key")), &["votingkeypass is not set"]);
    let errors = host().daemon_errors(&daemon_lines("votingkey=none.key\nvotingkeypass=x"));
    assert_only(&errors, &["votingkey", "none.key cannot be read"]);
    let errors = host().daemon_errors(&daemon_lines("votingsigner=both"));
    assert_only(&errors, &["votingsigner", "neither `key` nor `wallet`"]);
    let config = Host::new().daemon(&daemon_lines("votingkeypass=x"));
    assert_only(&config.warnings, &["do nothing without votingkey"]);
}

#[test]
fn nothing_set_lists_all_that_is_needed() {
    let errors = Host::new().daemon_errors("");
    assert_eq!(errors.len(), 9, "{errors:#?}");
    assert!(errors.iter().all(|error| error.contains("is not set") && error.contains("STAKEPOOLD_")));
}
