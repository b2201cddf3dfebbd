//! What the web's keys mean.

use std::path::PathBuf;

use stakepool_config::{Captcha, Database, Invocation, ListenAddress, LogFormat, MailTls};
use stakepool_core::chain::Network;
use stakepool_core::ports::{DatabaseServer, DatabaseTls};
use stakepool_core::secret::Secret;

use super::{COLD, Host, MAINNET, VOTING, assert_only, daemon_lines, pem, web_lines, without};

#[test]
fn the_smallest_configuration_has_sound_defaults_and_no_warnings() {
    let config = Host::new().web(&web_lines(""));
    assert_eq!(config.warnings, [""; 0]);
    assert_eq!(config.network, Network::Testnet);
    assert_eq!((config.cold_wallet.to_string(), config.voting_wallet.to_string()), (COLD.into(), VOTING.into()));
    assert_eq!(config.data_dir, PathBuf::from("/home/pool/.exccstakepool/data/testnet"));
    assert_eq!(config.log_dir, PathBuf::from("/home/pool/.exccstakepool/logs/testnet"));
    assert_eq!(config.database, Database::Sqlite(config.data_dir.join("pool.sqlite")));
    assert_eq!(config.listen, ListenAddress::Tcp { host: None, port: 8000 });
    let wallet = &config.wallets[1];
    assert_eq!((wallet.host.as_str(), wallet.user.as_str(), wallet.password.expose()), ("10.0.0.4:19110", "u2", "p2"));
    assert_eq!(wallet.certificate.path, PathBuf::from("/home/pool/.exccstakepool/b.cert"));
    assert_eq!(wallet.certificate.pem, pem("b.cert"));
    assert_eq!(config.daemons[0].host, "10.0.0.3:19113");
    assert!(config.admin_ips.iter().any(|range| range.contains("127.0.0.1".parse().unwrap())));
    assert_eq!((config.captcha, config.mail, config.real_ip), (Captcha::Own, None, None));
    assert_eq!((config.cookie_secure, config.close_pool, config.admin_totp), (false, false, false));
}

/// Extended keys of the simulated network.
const SIMNET: [&str; 2] = [
    "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae",
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK",
];

#[test]
fn what_suits_a_trial_on_one_computer_is_warned_of_but_on_simnet() {
    let lines = |keys: &[&str]| keys.iter().fold(web_lines(""), |lines, key| without(key, &lines));
    assert_only(&Host::new().web(&lines(&["baseurl"])).warnings, &["baseurl is not set", "as visitors type it"]);
    assert_only(&Host::new().web(&lines(&["listen"])).warnings, &["listen is not set", "port 8000 of all interfaces"]);
    let simnet = web_lines("simnet=1").replace(COLD, SIMNET[0]).replace(VOTING, SIMNET[1]);
    let simnet = ["testnet", "listen", "baseurl"].iter().fold(simnet, |lines, key| without(key, &lines));
    assert_eq!(Host::new().web(&simnet).warnings, [""; 0]);
}

#[test]
fn keys_of_another_network_are_refused_with_both_networks_named() {
    let lines = format!("{}coldwalletextpub={MAINNET}\n", without("coldwalletextpub", &web_lines("")));
    assert_only(&Host::new().web_errors(&lines), &["coldwalletextpub", "mainnet", "testnet"]);
}

#[test]
fn a_key_as_a_wallet_writes_it_is_refused_with_the_remedy() {
    let lines = format!("{}votingwalletextpub={VOTING}:10000\n", without("votingwalletextpub", &web_lines("")));
    assert_only(&Host::new().web_errors(&lines), &["votingwalletextpub", "leave them out"]);
}

#[test]
fn two_networks_at_once_are_refused() {
    let errors = Host::new().web_errors(&web_lines("simnet=1"));
    assert!(errors[0].contains("testnet (") && errors[0].contains("simnet ("), "{errors:?}");
    assert_eq!(Host::new().web(&web_lines("simnet=0")).network, Network::Testnet);
}

#[test]
fn a_secret_before_is_named_beside_the_present_one_and_the_same_one_is_no_other() {
    let config = Host::new().web(&web_lines("oldapisecret=the-one-of-yesterday\noldcookiesecret=plain:env:x"));
    let exposed = |secret: Option<Secret>| secret.map(|secret| secret.expose().to_owned());
    assert_eq!(exposed(config.pool_settings().old_api_secret).as_deref(), Some("the-one-of-yesterday"));
    assert_eq!(exposed(config.pool_settings().old_note_secret).as_deref(), Some("env:x"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let config = Host::new().web(&web_lines("oldapisecret=0123456789abcdef0123456789abcdef"));
    assert_only(&config.warnings, &["oldapisecret is the same as apisecret"]);
    assert!(config.old_api_secret.is_none() && config.old_cookie_secret.is_none());
}

#[test]
fn lists_that_go_together_must_be_equally_long() {
    let lines = format!("{}walletusers=u1\n", without("walletusers", &web_lines("")));
    assert_only(&Host::new().web_errors(&lines), &["wallethosts has 2 entries", "walletusers has 1"]);
    let lines = format!("{}stakepooldcerts=c.cert,d.cert,a.cert\n", without("stakepooldcerts", &web_lines("")));
    assert_only(&Host::new().web_errors(&lines), &["stakepooldhosts has 2 entries", "stakepooldcerts has 3"]);
    let lines = format!("{}walletusers=u1,,u2\n", without("walletusers", &web_lines("")));
    assert_only(&Host::new().web_errors(&lines), &["walletusers", "entry 2", "empty"]);
    let lines = format!("{}wallethosts=h,h\n", without("wallethosts", &web_lines("")));
    assert_only(&Host::new().web_errors(&lines), &["wallethosts", "`h` is named twice"]);
}

#[test]
fn one_wallet_and_one_daemon_will_do_for_a_test_that_says_so() {
    let mut lines = web_lines("");
    for (key, value) in [
        ("wallethosts", "h"),
        ("walletusers", "u"),
        ("walletpasswords", "with,comma"),
        ("walletcerts", "a.cert"),
        ("stakepooldhosts", "h"),
        ("stakepooldcerts", "c.cert"),
    ] {
        lines = format!("{}{key}={value}\n", without(key, &lines));
    }
    let errors = Host::new().web_errors(&lines);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("wallethosts names 1") && errors[1].contains("minservers=1"), "{errors:?}");
    let config = Host::new().web(&format!("{lines}minservers=1\n"));
    assert_eq!((config.wallets.len(), config.daemons.len(), config.min_servers), (1, 1, 1));
    assert_eq!(config.wallets[0].password.expose(), "with,comma");
}

#[test]
fn more_agreeing_wallets_than_there_are_cannot_be_asked() {
    assert_only(&Host::new().web_errors(&web_lines("minservers=3")), &["minservers", "3 wallets", "names 2"]);
    assert_only(&Host::new().web_errors(&web_lines("minservers=0")), &["minservers", "from 1"]);
}

#[test]
fn a_pool_without_daemons_says_so() {
    let lines = without("stakepooldcerts", &without("stakepooldhosts", &web_lines("")));
    let errors = Host::new().web_errors(&lines);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].starts_with("stakepooldhosts is not set"), "{errors:?}");
    let config = Host::new().web(&format!("{lines}enablestakepoold=false\n"));
    assert!(config.daemons.is_empty());
    assert_only(&config.warnings, &["enablestakepoold"]);
}

#[test]
fn certificates_are_looked_for_in_the_home_and_must_be_certificates() {
    let set = |value: &str| format!("{}walletcerts={value}\n", without("walletcerts", &web_lines("")));
    let errors = Host::new().web_errors(&set("a.cert,x.cert"));
    assert_only(&errors, &["walletcerts", "/home/pool/.exccstakepool/x.cert cannot be read"]);
    let host = Host::new().file("/home/pool/.exccstakepool/x.cert", "garbage").file("./y.cert", &pem("c.cert"));
    assert_only(&host.web_errors(&set("a.cert,x.cert")), &["x.cert: no certificate found"]);
    // As the predecessor, in the working directory where the home has none.
    assert_eq!(host.web(&set("a.cert,./y.cert")).wallets[1].certificate.path, PathBuf::from("./y.cert"));
}

#[test]
fn the_predecessors_keys_name_its_database() {
    let server = |config: stakepool_config::WebConfig| match config.database {
        Database::Mysql(server) => server,
        Database::Sqlite(path) => panic!("{}", path.display()),
    };
    let password = "p@ss:w/ord?%2F&='\\";
    let config = Host::new().web(&web_lines(&format!("dbhost=localhost\ndbpassword={password}")));
    assert_eq!(server(config), DatabaseServer::new("stakepool", "stakepool", Secret::new(password)));
    let keys = "dbhost=a.example, b.example\ndbport=3307\ndbname=pool\ndbuser=me\ndbpassword=x\ndbtls=required";
    let config = Host::new().web(&web_lines(keys));
    assert!(config.warnings.iter().any(|warning| warning.contains("dbtls=verify")), "{:?}", config.warnings);
    let found = server(config);
    assert_eq!((found.hosts, found.port), (vec!["a.example".to_owned(), "b.example".to_owned()], 3307));
    assert_eq!((found.name.as_str(), found.user.as_str(), found.tls), ("pool", "me", DatabaseTls::Required));
    let found =
        server(Host::new().web(&web_lines("database=mysql://me@db.example:1/pool\ndbpassword=x\ndbuser=other")));
    assert_eq!(found.place_on(&found.hosts[0]), "`pool` on db.example:1");
    assert_eq!((found.user.as_str(), found.password.expose()), ("me", "x"));
    let found = server(Host::new().web(&web_lines("dbsocket=/run/mysqld/mysqld.sock")));
    assert_eq!(found.socket, Some("/run/mysqld/mysqld.sock".into()));
}

#[test]
fn what_cannot_be_a_database_is_refused_without_its_password() {
    let errors = Host::new().web_errors(&web_lines("database=mysql://stakepool:hunter2@localhost/stakepool"));
    assert_only(&errors, &["database (", "put it into dbpassword"]);
    assert!(!errors[0].contains("hunter2"));
    let errors = Host::new().web_errors(&web_lines("dbhost=a,,b\ndbpassword=x"));
    assert_only(&errors, &["dbhost (", "single commas"]);
    for other in ["", "\ndbtls=preferred", "\ndbtls=required", "\ndbtls=off"] {
        let lines = format!("dbhost=localhost\ndbpassword=x\ndbca=a.cert{other}");
        assert_only(&Host::new().web_errors(&web_lines(&lines)), &["dbca", "set dbtls=verify"]);
    }
    let config = Host::new().web(&web_lines("dbhost=localhost\ndbpassword=x\ndbstatements=0"));
    assert!(matches!(config.database, Database::Mysql(server) if server.kept_statements == 0));
    let errors = Host::new().web_errors(&web_lines("dbhost=localhost\ndbpassword=x\ndbstatements=many"));
    assert_only(&errors, &["dbstatements", "from 0 to 10000"]);
    let errors = Host::new().web_errors(&web_lines("dbhost=a\ndbport=x\ndbtls=maybe\ndbpassword=x"));
    assert_eq!(errors.len(), 2, "{errors:?}");
    let config = Host::new().web(&web_lines("database=sqlite:/srv/pool.db\ndbhost=localhost"));
    assert_eq!(config.database, Database::Sqlite("/srv/pool.db".into()));
    assert_only(&config.warnings, &["dbhost", "lose votes"]);
}

#[test]
fn a_new_pool_is_said_by_key_or_flag_with_or_without_a_dash() {
    assert!(!Host::new().web(&web_lines("")).new_pool);
    let config = Host::new().web(&web_lines("newpool=1"));
    assert!(config.new_pool);
    for flag in ["--newpool", "--new-pool"] {
        let host = Host::new().file("/home/pool/.exccstakepool/exccstakepool.conf", &web_lines(""));
        let Invocation::Run(config) = host.load_web([flag]).unwrap() else { panic!("{flag}") };
        assert!(config.new_pool, "{flag}");
    }
}

#[test]
fn captchas_are_chosen_by_the_keys_that_are_set() {
    let captcha = |lines: &str| Host::new().web(&web_lines(lines)).captcha;
    assert_eq!(captcha("captcha=none\nrecaptchasitekey=s\nrecaptchasecret=x"), Captcha::None);
    assert!(
        matches!(captcha("recaptchasitekey=s\nrecaptchasecret=x"), Captcha::Recaptcha { site_key, .. } if site_key == "s")
    );
    let test_keys = "recaptchasitekey=6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI\nrecaptchasecret=x";
    let config = Host::new().web(&web_lines(test_keys));
    assert_eq!(config.captcha, Captcha::Own);
    assert_only(&config.warnings, &["recaptchasitekey", "every robot"]);
    assert_only(
        &Host::new().web_errors(&web_lines("captcha=recaptcha\nrecaptchasitekey=s")),
        &["recaptchasecret is not set"],
    );
}

#[test]
fn mail_is_encrypted_unless_the_server_is_on_this_host_or_a_plain_relay() {
    let mail = |lines: &str| Host::new().web(&web_lines(&format!("smtpfrom=pool@x.example\n{lines}"))).mail.unwrap();
    for (lines, host, tls) in [
        ("smtphost=localhost:25", "localhost:25", MailTls::None),
        ("smtphost=mail.example", "mail.example:25", MailTls::Opportunistic),
        ("smtphost=10.0.0.2:25", "10.0.0.2:25", MailTls::Opportunistic),
        ("smtphost=mail.example:25\nsmtpusername=u\nsmtppassword=p", "mail.example:25", MailTls::StartTls),
        ("smtphost=mail.example:587", "mail.example:587", MailTls::StartTls),
        ("smtphost=mail.example:25\nsmtptls=starttls", "mail.example:25", MailTls::StartTls),
        ("smtphost=mail.example:587\nsmtptls=opportunistic", "mail.example:587", MailTls::Opportunistic),
        ("smtphost=mail.example:465", "mail.example:465", MailTls::Tls),
        ("smtphost=mail.example\nsmtptls=tls", "mail.example:465", MailTls::Tls),
        ("smtphost=mail.example\nsmtptls=none", "mail.example:25", MailTls::None),
    ] {
        let mail = mail(lines);
        assert_eq!((mail.host.as_str(), mail.tls), (host, tls));
    }
    let errors = Host::new().web_errors(&web_lines("smtphost=localhost:25\nsmtpusername=u\nsmtptls=ssl"));
    assert_eq!(errors.len(), 3, "{errors:?}");
    for part in ["smtpfrom is not set", "smtppassword is not set", "`ssl`"] {
        assert!(errors.iter().any(|error| error.contains(part)), "{part} in {errors:?}");
    }
}

#[test]
fn mail_that_may_go_in_the_clear_is_warned_of() {
    let warnings =
        |lines: &str| Host::new().web(&web_lines(&format!("smtpfrom=pool@x.example\nsmtphost={lines}"))).warnings;
    assert_only(&warnings("mail.example"), &["smtptls is not set", "smtptls=starttls"]);
    let login = "smtpusername=u\nsmtppassword=hunter2";
    for kind in ["none", "opportunistic"] {
        let told = warnings(&format!("mail.example\nsmtptls={kind}\n{login}"));
        assert_only(&told, &[&format!("smtptls={kind} sends the password"), "use starttls or tls"]);
        assert_eq!(warnings(&format!("mail.example\nsmtptls={kind}")), [""; 0], "the operator chose it");
    }
    for quiet in
        ["localhost:25", "127.0.0.1:25", "mail.example:465", "mail.example:587", "mail.example\nsmtptls=starttls"]
    {
        assert_eq!(warnings(quiet), [""; 0], "{quiet}");
    }
    assert_eq!(warnings(&format!("[::1]:25\nsmtptls=none\n{login}")), [""; 0]);
}

#[test]
fn a_real_ip_header_is_believed_from_known_proxies_only() {
    let config = Host::new().web(&web_lines("realipheader=X-Real-IP"));
    let real_ip = config.real_ip.unwrap();
    assert_eq!(real_ip.header, "X-Real-IP");
    assert!(real_ip.trusted.iter().any(|range| range.contains("127.0.0.1".parse().unwrap())));
    assert!(!real_ip.trusted.iter().any(|range| range.contains("10.0.0.1".parse().unwrap())));
    assert_only(&config.warnings, &["trustedproxies is not set"]);
    let config = Host::new().web(&web_lines("realipheader=X-Real-IP\ntrustedproxies=10.0.0.0/8"));
    assert_eq!((config.real_ip.unwrap().trusted.len(), config.warnings.len()), (1, 0));
    assert_only(&Host::new().web_errors(&web_lines("realipheader=X Real")), &["realipheader", "X-Real-IP"]);
}

#[test]
fn cookies_follow_the_address_of_the_pool() {
    let proxied = |more: &str| web_lines(&format!("realipheader=X-Real-IP\ntrustedproxies=::1\n{more}"));
    let config = Host::new().web(&proxied("baseurl=https://pool.example/"));
    assert_eq!((config.base_url.as_str(), config.cookie_secure), ("https://pool.example", true));
    let config = Host::new().web(&proxied("baseurl=https://pool.example\ncookiesecure=0"));
    assert!(!config.cookie_secure);
    assert_only(&config.warnings, &["cookiesecure"]);
    assert_only(&Host::new().web_errors(&web_lines("baseurl=pool.example")), &["baseurl", "https://pool.example"]);
}

#[test]
fn a_proxy_that_tells_nobodys_address_is_warned_of() {
    for lines in ["listen=127.0.0.1:8000", "listen=[::1]:1", "listen=localhost:1", "listen=/run/w", "baseurl=https://p"]
    {
        let config = Host::new().web(&web_lines(lines));
        assert!(config.admin_ips.is_empty());
        let [proxy, closed] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
        assert!(proxy.contains("realipheader is not set") && proxy.contains("one client"), "{proxy}");
        assert!(closed.contains("pages for administrators are closed"), "{closed}");
        let config = Host::new().web(&web_lines(&format!("{lines}\nadminips=10.0.0.0/8,127.0.0.0/8")));
        assert_eq!(config.admin_ips.len(), 2);
        assert!(config.warnings[1].contains("protected by the sign-in alone"), "{:?}", config.warnings);
    }
    let mut silent =
        vec!["listen=:8000".to_owned(), "listen=10.0.0.1:80".into(), "listen=/run/w\nrealipheader=".into()];
    for own in ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost"] {
        silent.push(format!("listen=127.0.0.1:8000\nbaseurl={own}"));
    }
    for lines in &silent {
        assert_eq!(Host::new().web(&web_lines(lines)).warnings, [""; 0], "{lines}");
    }
    let known = "listen=/run/w\nrealipheader=X-Real-IP\ntrustedproxies=127.0.0.1";
    assert_eq!(Host::new().web(&web_lines(known)).warnings, [""; 0]);
}

#[test]
fn a_token_that_no_daemon_would_take_is_told_before_anything_runs() {
    for bad in ["short", "with a space in it"] {
        let lines = |whole: String| format!("{}rpctoken={bad}\n", without("rpctoken", &whole));
        for errors in
            [Host::new().web_errors(&lines(web_lines(""))), Host::new().daemon_errors(&lines(super::daemon_lines("")))]
        {
            assert_only(&errors, &["rpctoken", "the token"]);
            assert!(!errors[0].contains(bad), "{errors:?}");
        }
    }
}

#[test]
fn a_short_secret_and_a_missing_token_are_told() {
    let lines = format!("{}apisecret=short\n", without("apisecret", &without("rpctoken", &web_lines(""))));
    let warnings = Host::new().web(&lines).warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.starts_with("rpctoken is not set")));
    assert!(warnings.iter().any(|warning| warning.starts_with("apisecret is shorter")));
}

#[test]
fn an_empty_value_switches_a_default_off() {
    let config = Host::new().web(&web_lines("poolemail=\npoollink=\nsmtphost=\nrealipheader="));
    assert_eq!((config.pool_email, config.pool_link, config.mail, config.real_ip), (None, None, None, None));
}

#[test]
fn sockets_directories_and_monitors_are_read() {
    let host = Host::new().variable("POOL", "/srv/pool");
    let config = host.web(&web_lines(
        "listen=/run/pool.sock\nmonitorlisten=127.0.0.1:9180\ndatadir=$POOL/data\nlogdir=~/log\ntemplatepath=views\n\
         publicpath=/srv/public\nstatustoken=t\nadmintotp=1\nclosepool=1\nclosepoolmsg=\"Full; sorry\"",
    ));
    assert_eq!(config.listen, ListenAddress::Unix("/run/pool.sock".into()));
    assert_eq!(config.monitor_listen.unwrap().to_string(), "127.0.0.1:9180");
    assert_eq!(config.data_dir, PathBuf::from("/srv/pool/data/testnet"));
    assert_eq!(config.log_dir, PathBuf::from("/home/pool/log/testnet"));
    assert_eq!((config.template_path, config.public_path), (Some("views".into()), Some("/srv/public".into())));
    assert_eq!((config.status_token.unwrap().expose(), config.admin_totp), ("t", true));
    assert_eq!((config.close_pool, config.close_pool_message.as_str()), (true, "Full; sorry"));
}

#[test]
fn nothing_set_lists_all_that_is_needed() {
    let Err(errors) = Host::new().load_web([]) else { panic!("loaded") };
    assert_eq!(errors.problems.len(), 10, "{errors}");
    assert!(!matches!(Host::new().load_web(["--check-config"]), Ok(Invocation::CheckConfig(_))));
}

#[test]
fn a_certificate_for_the_daemons_needs_its_key() {
    let [certificate, key] = super::peers::pair();
    let folder = "/home/pool/.exccstakepool";
    let host = Host::new().file(&format!("{folder}/web.cert"), &certificate).file(&format!("{folder}/web.key"), &key);
    let config = host.web(&web_lines("rpcclientcert=web.cert\nrpcclientkey=web.key"));
    let identity = config.rpc_identity.unwrap();
    assert!(identity.certificate.pem == certificate && identity.key.expose().contains("PRIVATE KEY"));
    assert_only(&host.web_errors(&web_lines("rpcclientcert=web.cert")), &["rpcclientcert and rpcclientkey"]);
    assert_only(
        &host.web_errors(&web_lines("rpcclientcert=web.cert\nrpcclientkey=web.cert")),
        &["rpcclientkey", "a certificate, not a private key"],
    );
}

#[test]
fn what_works_only_in_part_is_told() {
    for (line, told) in [
        ("poolemail=x", "poolemail is no e-mail address"),
        ("statustoken=short", "statustoken is shorter than 16"),
        ("baseurl=http://pool.example/pool", "baseurl has a path"),
    ] {
        assert_only(&Host::new().web(&web_lines(line)).warnings, &[told]);
    }
    assert_only(&Host::new().web_errors(&web_lines("baseurl=http://pool.example?a=b")), &["baseurl", "has a query"]);
    assert_only(&Host::new().web_errors(&web_lines("statustoken=env:NOPE")), &["statustoken", "NOPE is not set"]);
}

#[test]
fn keys_of_cold_wallets_before_are_a_list_in_the_web_and_in_the_daemon() {
    assert!(Host::new().web(&web_lines("")).old_cold_wallets.is_empty());
    // As in a wallet's stakepoolcoldextkey, too.
    let config = Host::new().web(&web_lines(&format!("oldcoldwalletextpubs={VOTING}:9999,{COLD}")));
    let keys: Vec<_> = config.old_cold_wallets.iter().map(ToString::to_string).collect();
    assert_eq!(keys, [VOTING, COLD]);
    assert_only(&Host::new().web_errors(&web_lines("oldcoldwalletextpubs=tpub1")), &["oldcoldwalletextpubs"]);
    let config = Host::new().daemon(&daemon_lines(&format!("oldcoldwalletextpubs={VOTING}")));
    assert_eq!(config.old_cold_wallets, [VOTING.parse().unwrap()]);
}

#[test]
fn log_lines_are_text_or_json_and_nothing_else() {
    let of = |more: &str| Host::new().web(&web_lines(more)).log_format;
    assert_eq!((of(""), of("logformat=JSON")), (LogFormat::Text, LogFormat::Json));
    assert_only(&Host::new().web_errors(&web_lines("logformat=xml")), &["logformat", "text or json"]);
}
