//! The predecessor's files start these programs.

use stakepool_config::Invocation;

use super::{COLD, Host, VOTING, assert_only, without};

/// What the predecessor's sample for the web sets once an operator has filled it in, MySQL apart.
fn web() -> String {
    format!(
        "; Access to administrative functions\n\nadminips=127.0.0.1,192.0.2.1,198.51.100.1\nadminuserids=1,2,3\n\
         apisecret=5c1e6f0a8e4f4f0d\nbaseurl=https://host.domain.tld\nclosepool=1\n\
         closepoolmsg=The stake pool is temporarily closed to new signups.\nenablestakepoold=true\n\
         stakepooldhosts=10.0.0.20,10.0.0.21\nstakepooldcerts=c.cert,d.cert\nlisten=:8000\nrealipheader=X-Real-IP\n\
         poolemail=help@excc.co\npoollink=https://example.com/\ncoldwalletextpub={COLD}\npoolfees=7.5\n\
         recaptchasitekey=6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI\n\
         recaptchasecret=6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe\nsmtphost=localhost:25\n\
         smtpfrom=support@host.domain.tld\nsmtpusername=\nsmtppassword=\ntestnet=1\nvotingwalletextpub={VOTING}\n\
         wallethosts=10.0.0.3,10.0.0.4,10.0.0.6\nwalletcerts=a.cert,b.cert,c.cert\nwalletusers=user,user,user\n\
         walletpasswords=pass,pass,pass\ndebuglevel=EXCS=info,CNTL=debug,GRPC=warn,MODL=trace,SYTM=error\nminservers=2\n\
         cookiesecret=5c1e6f0a8e4f4f0d\ncookiesecure=true\npublicpath=public\ntemplatepath=views\nmaxvotedage=8640\n"
    )
}

/// What the predecessor's sample for the daemon sets once an operator has filled it in.
fn daemon() -> String {
    format!(
        "coldwalletextpub={COLD}\npoolfees=7.5\ntestnet=1\ndbhost=localhost\ndbport=3306\ndbname=stakepool\n\
         dbuser=stakepool\ndbpassword=pass\nexccdhost=127.0.0.1\nexccdcert=a.cert\nexccduser=user\nexccdpassword=pass\n\
         wallethost=127.0.0.1\nwalletcert=b.cert\nwalletuser=user\nwalletpassword=pass\nrpclisten=0.0.0.0\n\
         debuglevel=STPK=info,RPCC=debug,GRPC=warn,DB=trace\n"
    )
}

#[test]
fn a_filled_in_sample_of_the_web_loads() {
    let config = Host::new().web(&web());
    assert_eq!(
        (config.wallets.len(), config.daemons.len(), config.admin_ids.len(), config.admin_ips.len()),
        (3, 2, 3, 3)
    );
    assert!(config.close_pool && config.cookie_secure && config.mail.unwrap().login.is_none());
    assert!(config.log_filter.contains("stakepool_db=trace"), "{}", config.log_filter);
    let expected =
        ["recaptchasitekey", "trustedproxies", "rpctoken", "apisecret is shorter", "cookiesecret is shorter"];
    assert_eq!(config.warnings.len(), expected.len(), "{:#?}", config.warnings);
    for part in expected {
        assert!(config.warnings.iter().any(|warning| warning.contains(part)), "{part}");
    }
}

#[test]
fn a_filled_in_sample_of_the_daemon_loads() {
    let config = Host::new().daemon(&daemon());
    assert_only(&config.warnings, &["rpctoken is not set"]);
    assert!(config.database.is_some_and(|database| database.name == "stakepool"));
    assert!(config.log_filter.contains("stakepool_rpc::json=debug"), "{}", config.log_filter);
}

#[test]
fn headers_names_in_capitals_and_short_names_are_understood() {
    let lines = daemon().replace("poolfees=", "PoolFees = ").replace("debuglevel=", "d=");
    assert_eq!(Host::new().daemon(&format!("[Application Options]\r\n{lines}")).pool_fee.percent(), 7.5);
}

#[test]
fn keys_without_a_meaning_are_accepted_and_named_once() {
    let old = "profile=6060\ncpuprofile=cpu.prof\nmemprofile=mem.prof\n";
    let config = Host::new().daemon(&super::daemon_lines(old));
    assert_only(&config.warnings, &["profile, cpuprofile, memprofile"]);
    let config = Host::new().web(&super::web_lines(old));
    assert_only(&config.warnings, &["profile, cpuprofile, memprofile"]);
}

/// What becomes of a key of the predecessor's.
enum Becomes {
    /// It means here what it meant there.
    Counts,
    /// The same, and this must be known of it.
    Told(&'static str),
    /// It has no meaning, which is told.
    Nothing,
}

use Becomes::{Counts, Nothing, Told};

/// Every key of the predecessor's web, with a value that it takes; more lines stand there where it needs another.
const WEB_KEYS: [(&str, &str, Becomes); 46] = [
    ("adminips", "127.0.0.1,192.0.2.1", Counts),
    ("adminuserids", "1,2", Counts),
    ("apisecret", "fedcba9876543210fedcba9876543210", Counts),
    ("baseurl", "https://pool.example.org", Told("realipheader")),
    ("closepool", "true", Counts),
    ("closepoolmsg", "Closed until \"Monday\".", Counts),
    ("coldwalletextpub", COLD, Counts),
    ("cookiesecret", "fedcba9876543210fedcba9876543210", Counts),
    ("cookiesecure", "t", Told("http://")),
    ("cpuprofile", "cpu.prof", Nothing),
    ("datadir", "~/data", Counts),
    ("dbhost", "127.0.0.1", Counts),
    ("dbname", "pool", Told("data is stored in SQLite")),
    ("dbpassword", "p@ss:w/ord #?%", Counts),
    ("dbport", "3307", Told("data is stored in SQLite")),
    ("dbuser", "pool", Told("data is stored in SQLite")),
    ("debuglevel", "EXCS=info,CNTL=debug,GRPC=warn,MODL=trace,SYTM=error", Counts),
    ("enablestakepoold", "1", Counts),
    ("listen", "127.0.0.1:8000", Told("realipheader")),
    ("logdir", "$HOME/logs", Counts),
    ("maxvotedage", "8640", Counts),
    ("memprofile", "mem.prof", Nothing),
    ("minservers", "2", Counts),
    ("poolemail", "help@example.org", Counts),
    ("poolfees", "7.99", Counts),
    ("poollink", "https://example.org/", Counts),
    ("profile", "6060", Nothing),
    ("publicpath", "public", Counts),
    ("realipheader", "X-Real-IP", Told("trustedproxies")),
    ("recaptchasecret", "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", Told("recaptchasitekey")),
    ("recaptchasitekey", "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI", Told("recaptchasitekey")),
    ("simnet", "0", Counts),
    ("smtpfrom", "support@example.org", Counts),
    ("smtphost", "localhost:25\nsmtpfrom=support@example.org", Counts),
    ("smtppassword", "secret\nsmtpusername=user", Counts),
    ("smtpusername", "user\nsmtppassword=secret", Counts),
    ("stakepooldcerts", "c.cert,d.cert", Counts),
    ("stakepooldhosts", "10.0.0.20,10.0.0.21:9113", Counts),
    ("templatepath", "views", Counts),
    ("testnet", "1", Counts),
    ("votingwalletextpub", VOTING, Counts),
    ("walletcerts", "a.cert,b.cert", Counts),
    ("wallethosts", "10.0.0.3,10.0.0.4:9110", Counts),
    ("walletpasswords", "pass,word", Counts),
    ("walletusers", "user,name", Counts),
    ("d", "trace", Counts),
];

/// The same of its daemon.
const DAEMON_KEYS: [(&str, &str, Becomes); 28] = [
    ("coldwalletextpub", COLD, Counts),
    ("cpuprofile", "cpu.prof", Nothing),
    ("datadir", "~/data", Counts),
    ("dbhost", "127.0.0.1", Counts),
    ("dbname", "pool", Told("no database is named")),
    ("dbpassword", "p@ss:w/ord #?%", Counts),
    ("dbport", "3307", Told("no database is named")),
    ("dbuser", "pool", Told("no database is named")),
    ("debuglevel", "STPK=info,RPCC=debug,GRPC=warn,DB=trace", Counts),
    ("exccdcert", "c.cert", Counts),
    ("exccdhost", "127.0.0.1:9109", Counts),
    ("exccdpassword", "pass", Counts),
    ("exccduser", "user", Counts),
    ("logdir", "$HOME/logs", Counts),
    ("memprofile", "mem.prof", Nothing),
    ("norpclisten", "false", Counts),
    ("poolfees", "5", Counts),
    ("profile", "6060", Nothing),
    ("rpccert", "other.cert", Counts),
    ("rpckey", "other.key", Counts),
    ("rpclisten", "0.0.0.0", Counts),
    ("simnet", "0", Counts),
    ("testnet", "1", Counts),
    ("walletcert", "c.cert", Counts),
    ("wallethost", "127.0.0.1:9110", Counts),
    ("walletpassword", "pass", Counts),
    ("walletuser", "user", Counts),
    ("d", "trace", Counts),
];

/// What is wrong with the warnings that came with a key, if anything is.
fn amiss(key: &str, becomes: &Becomes, warnings: &[String]) -> Option<String> {
    let is_right = match becomes {
        Counts => warnings.is_empty(),
        Told(part) => warnings.iter().any(|warning| warning.contains(part)),
        Nothing => matches!(warnings, [only] if only.contains(key)),
    };
    (!is_right).then(|| format!("{key}: {warnings:?}"))
}

#[test]
fn every_key_of_the_predecessor_counts_or_is_answered_by_what_becomes_of_it() {
    let web = WEB_KEYS.iter().filter_map(|(key, value, becomes)| {
        let lines = without(key, &super::web_lines(""));
        amiss(key, becomes, &Host::new().web(&format!("{lines}{key}={value}\n")).warnings)
    });
    let daemon = DAEMON_KEYS.iter().filter_map(|(key, value, becomes)| {
        let lines = without(key, &super::daemon_lines(""));
        amiss(key, becomes, &Host::new().daemon(&format!("{lines}{key}={value}\n")).warnings)
    });
    assert_eq!(web.chain(daemon).collect::<Vec<_>>(), [""; 0]);
    let polled = "norpclisten=1\ndbhost=127.0.0.1\ndbpassword=pass\n";
    let config = Host::new().daemon(&format!("{}{polled}", without("rpctoken", &super::daemon_lines(""))));
    assert_only(&config.warnings, &["norpclisten is on"]);
}

#[test]
fn the_predecessors_flags_are_taken_as_its_units_give_them() {
    let host = Host::new().file("/etc/pool.conf", &web()).file("/etc/voter.conf", &daemon());
    let loaded = host.load_web(["-C", "/etc/pool.conf", "-b", "/srv/web", "-d", "debug", "--closepool", "--listen=:1"]);
    let Ok(Invocation::Run(config)) = loaded else { panic!("{loaded:?}") };
    assert_eq!((config.data_dir.to_str(), config.listen.to_string().as_str()), (Some("/srv/web/testnet"), ":1"));
    let loaded = host.load_daemon(["-A", "/home/pool/.stakepoold", "-C", "/etc/voter.conf", "--poolfees", "5"]);
    let Ok(Invocation::Run(config)) = loaded else { panic!("{loaded:?}") };
    assert_eq!((config.pool_fee.percent(), config.home.to_str()), (5.0, Some("/home/pool/.stakepoold")));
    for show in ["-V", "--version"] {
        assert!(matches!(host.load_daemon([show]), Ok(Invocation::Version)));
    }
}
