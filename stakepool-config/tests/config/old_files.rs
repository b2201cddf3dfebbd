//! The predecessor's files start these programs.

use super::{COLD, Host, VOTING, assert_only};

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

#[test]
fn every_key_of_the_predecessor_is_known() {
    let web = "adminips adminuserids apisecret baseurl closepool closepoolmsg coldwalletextpub cookiesecret cookiesecure dbhost \
               dbname dbpassword dbport dbuser enablestakepoold listen maxvotedage minservers poolemail poolfees poollink \
               publicpath realipheader recaptchasecret recaptchasitekey smtpfrom smtphost smtppassword smtpusername \
               stakepooldcerts stakepooldhosts templatepath votingwalletextpub walletcerts wallethosts walletpasswords \
               walletusers";
    let daemon = "appdata coldwalletextpub dbhost dbname dbpassword dbport dbuser exccdcert exccdhost exccdpassword exccduser \
                  norpclisten poolfees rpccert rpckey rpclisten walletcert wallethost walletpassword walletuser";
    let both = "configfile profile cpuprofile memprofile datadir debuglevel logdir simnet testnet";
    let unknown = |errors: Vec<String>| errors.into_iter().find(|error| error.contains("is not a known key"));
    let lines = |keys: &str| keys.split_whitespace().map(|key| format!("{key}=\n")).collect::<String>();
    assert_eq!(unknown(Host::new().web_errors(&lines(&format!("{web} {both}")))), None);
    assert_eq!(unknown(Host::new().daemon_errors(&lines(&format!("{daemon} {both}")))), None);
}
