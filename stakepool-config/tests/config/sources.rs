//! Where values come from, which of them counts, and what is said about those that cannot be used.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use stakepool_config::{Invocation, load_web};

use super::{Host, assert_only, daemon_lines, messages, pem, web_lines, without};

fn fee(host: &Host, lines: &str, flags: &[&str]) -> f64 {
    let host = host.clone().file("/home/pool/.stakepoold/stakepoold.conf", lines);
    match host.load_daemon(flags.iter().copied()).unwrap() {
        Invocation::Run(config) => config.pool_fee.percent(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn flags_count_more_than_the_environment_the_file_and_the_default() {
    let host = Host::new();
    let lines = without("poolfees", &daemon_lines(""));
    assert_eq!(fee(&host, &lines, &[]), 5.0);
    let lines = format!("{lines}poolfees=1\n");
    assert_eq!(fee(&host, &lines, &[]), 1.0);
    let host = host.variable("STAKEPOOLD_POOLFEES", "2");
    assert_eq!(fee(&host, &lines, &[]), 2.0);
    assert_eq!(fee(&host, &lines, &["--poolfees=3"]), 3.0);
}

#[test]
fn a_list_from_a_stronger_place_replaces_the_weaker_one() {
    let host = Host::new()
        .file("/home/pool/.exccstakepool/exccstakepool.conf", &web_lines("adminuserids=1\nadminuserids=2,3"));
    let ids = |flags: &[&str]| match host.load_web(flags.iter().copied()).unwrap() {
        Invocation::Run(config) => config.admin_ids.iter().map(|id| id.0).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ids(&[]), [1, 2, 3]);
    assert_eq!(ids(&["--adminuserids=7", "--adminuserids", "8"]), [7, 8]);
}

#[test]
fn everything_can_be_said_without_a_file() {
    let lines = web_lines("");
    let flags: Vec<String> = lines.lines().filter(|line| !line.is_empty()).map(|line| format!("--{line}")).collect();
    let Ok(Invocation::Run(_)) = Host::new().load_web(flags.iter().map(String::as_str)) else { panic!("not run") };
    let mut host = Host::new();
    for (key, value) in lines.lines().filter_map(|line| line.split_once('=')) {
        host = host.variable(&format!("STAKEPOOL_WEB_{}", key.to_uppercase()), value);
    }
    let Ok(Invocation::Run(_)) = host.load_web([]) else { panic!("not run") };
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let host = Host::new().file("/etc/pool.conf", &daemon_lines(""));
    let Ok(Invocation::Run(_)) = host.load_daemon(["-C", "/etc/pool.conf"]) else { panic!("not run") };
    let errors = messages(&host.load_daemon(["-C", "/etc/other.conf"]).unwrap_err());
    assert!(errors[0].contains("/etc/other.conf") && errors[0].contains("-C FILE"), "{errors:?}");
}

#[test]
fn appdata_moves_the_home_with_file_certificates_and_state() {
    let host = Host::new()
        .file("/srv/p/stakepoold.conf", &daemon_lines(""))
        .file("/srv/p/a.cert", &pem("a.cert"))
        .file("/srv/p/b.cert", &pem("b.cert"));
    let Ok(Invocation::Run(config)) = host.load_daemon(["-A", "/srv/p"]) else { panic!("not run") };
    assert_eq!(config.nodes[0].certificate.path.to_str(), Some("/srv/p/a.cert"));
    assert_eq!(config.data_dir.to_str(), Some("/srv/p/data/testnet"));
    assert_eq!(config.rpc_key.to_str(), Some("/srv/p/rpc.key"));
}

#[test]
fn all_errors_are_told_at_once_with_their_places() {
    let lines = web_lines("polfees=5\nmaxusers=many\nnonsense\nadminips=localhost\ncaptcha=riddle");
    let host = Host::new().variable("STAKEPOOL_WEB_MAXVOTEDAGE", "-1");
    let host = host.file("/home/pool/.exccstakepool/exccstakepool.conf", &without("apisecret", &lines));
    let errors = host.load_web(["--simnett", "--listen=8000"]).unwrap_err();
    let all = errors.to_string();
    for part in [
        "`polfees` (/home/pool/.exccstakepool/exccstakepool.conf line 12) is not a known key; did you mean `poolfees`?",
        "exccstakepool.conf line 14: ",
        "maxusers (/home/pool/.exccstakepool/exccstakepool.conf line 13): `many`",
        "maxvotedage (environment variable STAKEPOOL_WEB_MAXVOTEDAGE): `-1`",
        "listen (flag): `8000`",
        "`--simnett` (flag) is not a known key; did you mean `--simnet`?",
        "adminips (",
        "captcha (",
        "apisecret is not set",
        "exccstakepool.conf or as STAKEPOOL_WEB_APISECRET in the environment",
    ] {
        assert!(all.contains(part), "`{part}` in {all}");
    }
    assert_eq!(errors.problems.len(), 9, "{all}");
    assert!(all.starts_with("stakepool-web: the configuration has 9 errors:\n"), "{all}");
}

#[test]
fn a_word_that_is_no_key_is_shown_and_what_may_be_a_piece_of_a_secret_is_not() {
    let said = |line: &str| Host::new().web_errors(&web_lines(line));
    assert_only(&said("designation=pool"), &["`designation` (", "line 13", "is not a known key"]);
    for secret in ["hunter2=x", "aGVsbGEgc2VjcmV0=", "YWJjZGVm==", "abcdef==", "Correct Horse=battery", "abcdef="] {
        assert_only(&said(secret), &["`…` (", "is not a known key"]);
    }
    let long = "a".repeat(25);
    assert_only(&said(&format!("{long}=x")), &["`…` ("]);
}

#[test]
fn secrets_come_from_files_and_variables_and_are_never_shown() {
    let host =
        Host::new().file("/home/pool/.exccstakepool/api", "secret of the file\r\n").variable("COOKIE", "hunter2");
    let lines = web_lines("apisecret=file:api\ncookiesecret=env:COOKIE\nrpctoken=plain:file:0123456789ab");
    let config = host.web(&lines);
    assert_eq!(config.api_secret.expose(), "secret of the file");
    assert_eq!(config.cookie_secret.expose(), "hunter2");
    assert_eq!(config.rpc_token.as_ref().unwrap().expose(), "file:0123456789ab");
    assert!(!format!("{config:?}").contains("hunter2"));
    let host = host.file("/home/pool/.exccstakepool/exccstakepool.conf", &lines);
    let Ok(Invocation::CheckConfig(report)) = host.load_web(["--check-config"]) else { panic!("no report") };
    let report = report.to_string();
    assert!(report.contains("apisecret=file:api  (/home/pool/.exccstakepool/exccstakepool.conf line 13)"), "{report}");
    assert!(report.contains("walletpasswords=(set),(set)") && report.contains("poolfees=7.5  (default)"), "{report}");
    assert!(!report.contains("p1") && !report.contains("hunter2"), "{report}");
}

#[test]
fn secrets_that_cannot_be_had_are_told_by_key_and_place() {
    let lines = web_lines("");
    for (value, part) in [
        ("file:nowhere", "/home/pool/.exccstakepool/nowhere cannot be read"),
        ("env:NOWHERE", "the environment variable NOWHERE is not set"),
        ("plain:", "the secret is empty"),
    ] {
        let errors = Host::new().web_errors(&format!("{}apisecret={value}\n", without("apisecret", &lines)));
        assert!(errors[0].starts_with("apisecret (") && errors[0].contains(part), "{errors:?}");
    }
}

#[test]
fn a_secret_as_a_flag_is_taken_with_a_warning() {
    let host = Host::new().file("/home/pool/.stakepoold/stakepoold.conf", &daemon_lines(""));
    let warnings = |flag: &str| match host.load_daemon([flag]).unwrap() {
        Invocation::Run(config) => config.warnings,
        other => panic!("{other:?}"),
    };
    assert_only(&warnings("--walletpassword=hunter2"), &["walletpassword", "file:PATH"]);
    let host_with_file = host.clone().file("/home/pool/.stakepoold/pw", "hunter2");
    let Ok(Invocation::Run(config)) = host_with_file.load_daemon(["--walletpassword=file:pw"]) else {
        panic!("not run")
    };
    assert_eq!((config.warnings, config.wallets[0].password.expose()), (vec![], "hunter2"));
}

#[test]
fn a_key_that_is_set_twice_in_a_file_is_told() {
    let config = Host::new().daemon(&daemon_lines("poolfees=1"));
    assert_eq!(config.pool_fee.percent(), 1.0);
    assert_only(&config.warnings, &["poolfees is set twice", "line 13"]);
}

#[test]
fn help_version_and_subsystems_need_no_configuration() {
    let host = Host::default();
    let Ok(Invocation::Help(help)) = host.load_daemon(["-h", "-V"]) else { panic!("no help") };
    assert!(help.contains("-C, --configfile=FILE") && help.contains("STAKEPOOLD_KEY"), "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    assert_eq!(host.load_web(["--version"]), Ok(Invocation::Version));
    let Ok(Invocation::Help(subsystems)) = Host::new().load_web(["-d", "show"]) else { panic!("no list") };
    assert!(subsystems.contains("EXCS") && subsystems.contains("stakepool_rpc"), "{subsystems}");
}

#[test]
fn what_was_asked_is_shown_and_only_a_run_gives_a_configuration() {
    let mut out = Vec::new();
    assert!(Invocation::<()>::Version.run_or_show("stakepoold 1.2.3", &mut out).unwrap().is_none());
    assert_eq!(out, b"stakepoold 1.2.3\n");
    assert_eq!(Invocation::Run(Box::new(7)).run_or_show("", &mut Vec::new()).unwrap(), Some(Box::new(7)));
}

#[test]
fn a_host_without_a_home_is_told_how_to_name_one() {
    assert_only(&messages(&Host::default().load_daemon([]).unwrap_err()), &["HOME", "--appdata"]);
}

#[test]
fn an_argument_that_is_no_text_is_refused() {
    let flags = [OsString::from_vec(vec![0xff])].into_iter();
    let errors = load_web(flags, &|_| Some("/home/pool".to_owned()), &|_| Ok(web_lines("").into_bytes())).unwrap_err();
    assert!(errors.to_string().contains("argument 1 is not UTF-8"), "{errors}");
}

#[test]
fn what_counts_is_shown_with_its_place_and_without_secrets_also_where_something_is_missing() {
    let lines = "testnet=1\nwalletpasswords=hunter2,file:b.password\npoolfees=5\nsmtphost=pool:hunter2@mail.example\n";
    let host = Host::new()
        .file("/home/pool/.exccstakepool/exccstakepool.conf", lines)
        .variable("STAKEPOOL_WEB_COOKIESECRET", "hunter2");
    let Ok(Invocation::Help(text)) = host.load_web(["--print-config", "--poolfees=3"]) else { panic!("nothing shown") };
    for shown in [
        "; /home/pool/.exccstakepool/exccstakepool.conf line 1\ntestnet=1\n",
        "; /home/pool/.exccstakepool/exccstakepool.conf line 2\nwalletpasswords=(set),file:b.password\n",
        "; environment variable STAKEPOOL_WEB_COOKIESECRET\ncookiesecret=(set)\n",
        "; flag\npoolfees=3\n",
        "; default\nlisten=:8000\n",
        "smtphost=pool:(hidden)@mail.example\n",
        "; not set: mysql: where dbhost, dbpassword or dbsocket is set, else sqlite:pool.sqlite\n;database=\n",
    ] {
        assert!(text.contains(shown), "{shown} in {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
    let host = host.file("/home/pool/.exccstakepool/exccstakepool.conf", "polfees=5\n");
    let errors = messages(&host.load_web(["--print-config"]).unwrap_err());
    assert!(errors.iter().any(|error| error.contains("polfees")), "{errors:?}");
}
