//! Values that read well and are mistakes all the same: refused or warned of.

use super::{Host, assert_only, daemon_lines, web_lines, without};

fn proxied(more: &str) -> String {
    web_lines(&format!("realipheader=X-Real-IP\n{more}"))
}

#[test]
fn a_proxy_list_of_everybody_is_refused_and_administrators_from_everywhere_are_warned_of() {
    for all in ["0.0.0.0/0", "::/0", "10.0.0.1,0.0.0.0/1,128.0.0.0/1", "2000::/3", "::ffff:0.0.0.0/96"] {
        let errors = Host::new().web_errors(&proxied(&format!("trustedproxies={all}")));
        assert_only(&errors, &["trustedproxies", "all addresses there are", "name your proxies alone"]);
        let warnings = Host::new().web(&web_lines(&format!("adminips={all}"))).warnings;
        assert_only(&warnings, &["adminips admits every address", "sign-in alone"]);
    }
    for vast in ["0.0.0.0/1", "8000::/1"] {
        let warnings = Host::new().web(&proxied(&format!("trustedproxies={vast}"))).warnings;
        assert_only(&warnings, &["trustedproxies", "a great part of all addresses", vast]);
        assert_only(&Host::new().web(&web_lines(&format!("adminips={vast}"))).warnings, &["adminips", vast]);
    }
    let some = "trustedproxies=10.0.0.0/8,fe80::1%eth0\nadminips=fe80::/10,127.0.0.1";
    assert_eq!(Host::new().web(&proxied(some)).warnings, [""; 0]);
}

#[test]
fn headers_that_hold_no_address_are_refused_and_forwarded_is_taken() {
    for header in ["Host", "via", "X-Forwarded-Proto"] {
        let errors = Host::new().web_errors(&web_lines(&format!("realipheader={header}\ntrustedproxies=::1")));
        assert_only(&errors, &["realipheader", "holds no address of a visitor"]);
    }
    let config = Host::new().web(&web_lines("realipheader=Forwarded\ntrustedproxies=::1"));
    assert_eq!((config.real_ip.unwrap().header.as_str(), config.warnings.len()), ("Forwarded", 0));
}

#[test]
fn a_fee_that_the_wallets_refuse_or_cut_is_told_in_both_programs() {
    let with = |lines: String, fee: &str| format!("{}poolfees={fee}\n", without("poolfees", &lines));
    for fee in ["0", "0.001", "100.5", "-1", "7,5"] {
        for errors in
            [Host::new().web_errors(&with(web_lines(""), fee)), Host::new().daemon_errors(&with(daemon_lines(""), fee))]
        {
            assert_only(&errors, &["poolfees", "from 0.01 to 100"]);
        }
    }
    for (fee, told) in
        [("7.555", "counts as 7.55 percent"), ("8.2", "counts as 8.19 percent"), ("none", "asks for no fee")]
    {
        assert_only(&Host::new().web(&with(web_lines(""), fee)).warnings, &["poolfees", told]);
        assert_only(&Host::new().daemon(&with(daemon_lines(""), fee)).warnings, &["poolfees", told]);
    }
    assert_eq!(Host::new().daemon(&with(daemon_lines(""), "0.01")).warnings, [""; 0]);
}

#[test]
fn a_server_under_two_names_is_told_and_one_that_cannot_be_is_refused() {
    let with = |hosts: &str| format!("{}wallethosts={hosts}\n", without("wallethosts", &web_lines("")));
    for hosts in ["localhost,127.0.0.1", "[::1]:19110,localhost", "W.example,w.example:19110"] {
        assert_only(&Host::new().web(&with(hosts)).warnings, &["wallethosts", "named already, by another name"]);
    }
    assert_eq!(Host::new().web(&with("localhost:1,127.0.0.1:2")).warnings, [""; 0]);
    assert_eq!(Host::new().web(&with("[fe80::1%eth0]:9110,[fe80::2%eth0]")).wallets[1].host, "[fe80::2%eth0]:19110");
    for host in ["10.0.0.300", "a..b", "-x", "a b", "https://x", "x/", "x.", "x:0", "x:65536", "fe80::1"] {
        assert_only(&Host::new().web_errors(&with(&format!("{host},ok.example"))), &["wallethosts ("]);
    }
    let errors = Host::new().web_errors(&with("pool:hunter2@10.0.0.3,ok.example"));
    assert_only(&errors, &["wallethosts", "user or password"]);
    assert!(!errors[0].contains("hunter2"), "{errors:?}");
    let smtp = "smtpfrom=pool@x.example\nsmtphost=pool:hunter2@mail.example";
    assert!(!Host::new().web_errors(&web_lines(smtp))[0].contains("hunter2"));
}

#[test]
fn what_the_start_would_refuse_is_refused_when_it_is_read() {
    let users = format!("{}walletusers=a:b,c\n", without("walletusers", &web_lines("")));
    assert_only(&Host::new().web_errors(&users), &["walletusers", "cannot hold a colon"]);
    let same = web_lines("listen=127.0.0.1:8000\nrealipheader=\nmonitorlisten=127.0.0.1:8000");
    assert_only(&Host::new().web_errors(&same), &["monitorlisten", "a port of its own"]);
    for key in ["baseurl", "poollink"] {
        let errors = Host::new().web_errors(&web_lines(&format!("{key}=https://a:hunter2@pool.example")));
        assert_only(&errors, &[key, "is not taken"]);
        assert!(!errors[0].contains("hunter2"), "{errors:?}");
    }
}

#[test]
fn a_unix_socket_has_a_mode_and_a_group() {
    let lines = |more: &str| web_lines(&format!("listen=/run/w\nrealipheader=\n{more}"));
    let access = |more: &str| Host::new().web(&lines(more)).listen_access;
    assert_eq!((access("").mode, access("").group), (0o666, None));
    let set = access("listenmode=0660\nlistengroup=www-data");
    assert_eq!((set.mode, set.group.as_deref()), (0o660, Some("www-data")));
    assert_only(&Host::new().web_errors(&lines("listenmode=rw")), &["listenmode", "0660"]);
    assert_only(&Host::new().web_errors(&lines("listengroup=a b")), &["listengroup"]);
    let warnings = Host::new().web(&web_lines("listenmode=0660")).warnings;
    assert_only(&warnings, &["no effect, since listen is no unix socket: listenmode"]);
}

/// Asserts that each of these keys is wrong, and told once.
fn assert_each(errors: &[String], keys: &[&str]) {
    for key in keys {
        let told = errors.iter().filter(|error| error.starts_with(&format!("{key} ("))).count();
        assert_eq!(told, 1, "{key}: {errors:#?}");
    }
    assert_eq!(errors.len(), keys.len(), "{errors:#?}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let web = [
        "database=pool.sqlite",
        "minservers=many",
        "listen=x:y:z",
        "baseurl=pool",
        "maxusers=0",
        "maxvotedage=x",
        "poolfees=much",
        "poollink=x y",
        "securitycontact=x y",
        "debuglevel=loudest",
        "captcha=robot",
        "smtptls=some",
        "smtphost=a b",
        "smtpfrom=nobody",
        "alertheartbeatminutes=0",
        "alertwebhook=x",
        "alertheartbeat=x",
        "adminips=x",
        "adminuserids=x",
        "admintotp=maybe",
        "cookiesecure=maybe",
        "realipheader=Host",
        "trustedproxies=x",
        "monitorlisten=x",
        "listenmode=x",
        "listengroup=a b",
        "newpool=maybe",
        "closepool=maybe",
    ];
    let keys = web.map(|line| line.split('=').next().unwrap());
    let lines = keys.iter().fold(web_lines(""), |lines, key| without(key, &lines));
    assert_each(&Host::new().web_errors(&format!("{lines}{}\n", web.join("\n"))), &keys);

    let daemon = [
        "poolfees=much",
        "maxusers=0",
        "debuglevel=loudest",
        "rpclisten=x:y:z",
        "oldclients=maybe",
        "monitorlisten=x",
        "norpclisten=maybe",
    ];
    let keys = daemon.map(|line| line.split('=').next().unwrap());
    let lines = keys.iter().fold(daemon_lines(""), |lines, key| without(key, &lines));
    assert_each(&Host::new().daemon_errors(&format!("{lines}{}\n", daemon.join("\n"))), &keys);
}

#[test]
fn what_goes_with_a_wrong_value_is_asked_for_as_well() {
    let errors = Host::new().web_errors(&web_lines("smtphost=a b"));
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(errors.iter().any(|error| error.contains("smtpfrom")), "{errors:#?}");
    let errors = Host::new().daemon_errors(&format!("{}rpctokennext=a b\n", without("rpctoken", &daemon_lines(""))));
    assert_eq!(errors.len(), 2, "{errors:#?}");
}
