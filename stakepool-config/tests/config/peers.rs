//! What the web's configuration says of wallets and daemons, as their clients take it.

use std::fs;
use std::time::SystemTime;

use stakepool_rpc::tls::ensure_server_pair;

use super::{Host, assert_only, daemon_lines, web_lines, without};

/// A certificate and its key: PEM.
pub fn pair() -> [String; 2] {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = ["web.cert", "web.key"].map(|name| folder.path().join(name));
    ensure_server_pair(&certificate, &key, &[], SystemTime::now()).unwrap();
    [certificate, key].map(|path| fs::read_to_string(path).unwrap())
}

/// A host with the web's own certificate.
fn host(certificate: &str, key: &str) -> Host {
    Host::new().file("/home/pool/.exccstakepool/web.cert", certificate).file("/home/pool/.exccstakepool/web.key", key)
}

#[test]
fn wallets_come_with_host_user_and_certificate() {
    let wallets = Host::new().web(&web_lines("")).wallet_servers();
    let [first, second] = &wallets[..] else { panic!("{wallets:?}") };
    assert_eq!((first.host.as_str(), first.user.as_str()), ("10.0.0.3:19110", "u1"));
    assert_eq!((second.host.as_str(), second.user.as_str()), ("10.0.0.4:19110", "u2"));
    assert_eq!(String::from_utf8_lossy(&second.certificate_pem), super::pem("b.cert"));
}

#[test]
fn daemons_come_with_token_and_client_certificate_where_they_are_configured() {
    let [certificate, key] = pair();
    let host = host(&certificate, &key);
    let daemons = host.web(&web_lines("rpcclientcert=web.cert\nrpcclientkey=web.key")).daemon_clients().unwrap();
    let [first, second] = &daemons[..] else { panic!("{daemons:?}") };
    assert_eq!((first.address.as_str(), second.address.as_str()), ("10.0.0.3:19113", "10.0.0.4:19113"));
    assert_eq!(String::from_utf8_lossy(&second.certificate), super::pem("d.cert"));
    for daemon in &daemons {
        assert!(daemon.token.is_some() && daemon.identity.is_some());
    }
    for daemon in host.web(&without("rpctoken", &web_lines(""))).daemon_clients().unwrap() {
        assert!(daemon.token.is_none() && daemon.identity.is_none());
    }
}

#[test]
fn each_daemon_is_shown_its_own_token_where_it_has_one() {
    let lines = |tokens: &str| format!("{}rpctokens={tokens}\n", without("rpctoken", &web_lines("")));
    let host = Host::new().file("/home/pool/.exccstakepool/two", "the-token-of-daemon-two\n");
    let config = host.web(&lines("the-token-of-daemon-one,file:two"));
    assert_eq!(config.warnings, [""; 0]);
    let shown: Vec<_> = config.daemons.iter().map(|daemon| daemon.token.as_ref().unwrap().expose()).collect();
    assert_eq!(shown, ["the-token-of-daemon-one", "the-token-of-daemon-two"]);
    assert!(config.daemon_clients().unwrap().iter().all(|daemon| daemon.token.is_some()));

    assert_only(&host.web_errors(&lines("the-token-of-daemon-one")), &["stakepooldhosts has 2", "rpctokens has 1"]);
    assert_only(&host.web_errors(&lines("the-token-of-daemon-one,short")), &["rpctokens", "16 to 512"]);
    let warnings = host.web(&lines("the-token-of-daemon-one,the-token-of-daemon-one")).warnings;
    assert_only(&warnings, &["rpctokens has a token twice"]);
    let warnings = host.web(&web_lines("rpctokens=the-token-of-daemon-one,file:two")).warnings;
    assert_only(&warnings, &["rpctoken is not used"]);
}

#[test]
fn a_daemon_takes_a_second_token_beside_its_first_and_none_without() {
    let config = Host::new().daemon(&daemon_lines("rpctokennext=the-token-of-tomorrow"));
    assert_eq!((config.rpc_token_next.unwrap().expose(), config.warnings.len()), ("the-token-of-tomorrow", 0));
    let alone = without("rpctoken", &daemon_lines("rpctokennext=the-token-of-tomorrow"));
    assert_only(&Host::new().daemon_errors(&alone), &["rpctokennext", "name it rpctoken"]);
    assert_only(&Host::new().daemon_errors(&daemon_lines("rpctokennext=short")), &["rpctokennext", "16 to 512"]);
    let same = Host::new().daemon(&daemon_lines("rpctokennext=0123456789abcdef"));
    assert_only(&same.warnings, &["rpctokennext is the same"]);
}

#[test]
fn a_key_of_another_certificate_is_refused_when_it_is_read() {
    let ([certificate, _], [_, key]) = (pair(), pair());
    let errors = host(&certificate, &key).web_errors(&web_lines("rpcclientcert=web.cert\nrpcclientkey=web.key"));
    assert_only(&errors, &["rpcclientkey", "does not belong to the certificate"]);
}
