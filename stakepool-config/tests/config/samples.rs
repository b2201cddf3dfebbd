//! The sample files that are delivered: they load as they are, and with everything switched on.

use std::collections::BTreeSet;
use std::path::Path;

use stakepool_config::{ConfigErrors, Invocation, Problem};

use super::Host;

const WEB: &str = include_str!("../../../config/exccstakepool.conf");
const DAEMON: &str = include_str!("../../../config/stakepoold.conf");

/// Keys that stand in no sample: they are for flags, or for another network.
const NOT_IN_SAMPLES: [&str; 7] =
    ["help", "version", "check-config", "print-config", "configfile", "appdata", "simnet"];

/// A host on which every certificate and secret of the samples is in place.
fn host() -> Host {
    let mut host = Host::new();
    let [certificate, key] = super::peers::pair();
    for text in [WEB, DAEMON] {
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '='));
        for word in words.flat_map(|word| [Some(word), word.strip_prefix("file:")]).flatten() {
            for home in ["/home/pool/.exccstakepool", "/home/pool/.stakepoold"] {
                let path = Path::new(home).join(word).display().to_string();
                let secret = format!("0123456789abcdef0123456789abcdef{word}\n");
                let content = match word.rsplit('.').next() {
                    Some("cert") => &*certificate,
                    Some("key") => &*key,
                    _ => &secret,
                };
                if !word.is_empty() && !word.ends_with(".conf") && !word.starts_with('/') {
                    host = host.file(&path, content);
                }
            }
        }
    }
    host
}

/// The sample with all keys switched on.
fn uncommented(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.strip_prefix(';').unwrap_or(line))).collect()
}

fn missing(errors: &ConfigErrors) -> BTreeSet<&'static str> {
    let keys = errors.problems.iter().map(|problem| match problem {
        Problem::Missing { key, .. } => *key,
        other => panic!("{other}"),
    });
    keys.collect()
}

#[test]
fn a_sample_lacks_only_what_its_operator_alone_knows() {
    let web = [
        "coldwalletextpub",
        "votingwalletextpub",
        "wallethosts",
        "walletusers",
        "walletpasswords",
        "walletcerts",
        "stakepooldhosts",
        "stakepooldcerts",
    ];
    assert_eq!(missing(&host().try_web(WEB).unwrap_err()), web.into());
    let daemon = ["coldwalletextpub", "exccduser", "exccdpassword", "walletuser", "walletpassword"];
    assert_eq!(missing(&host().try_daemon(DAEMON).unwrap_err()), daemon.into());
}

#[test]
fn a_sample_with_everything_switched_on_loads_with_the_warnings_it_must_have() {
    let warnings = host().web(&uncommented(WEB)).warnings;
    let [database, token, socket] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(database.starts_with("database names a file"), "{database}");
    assert!(token.starts_with("rpctoken is not used"), "{token}");
    assert_eq!(socket, "no effect, since listen is no unix socket: listenmode, listengroup");
    let warnings = host().daemon(&uncommented(DAEMON)).warnings;
    assert!(matches!(&warnings[..], [only] if only.starts_with("oldclients is on")), "{warnings:?}");
}

#[test]
fn every_key_stands_in_its_sample() {
    let Ok(Invocation::Help(web)) = host().load_web(["--help"]) else { panic!("no help") };
    let Ok(Invocation::Help(daemon)) = host().load_daemon(["--help"]) else { panic!("no help") };
    for (help, sample) in [(web, WEB), (daemon, DAEMON)] {
        let sample = uncommented(sample);
        let keys: Vec<&str> = help
            .lines()
            .filter(|line| line.starts_with("  "))
            .filter_map(|line| line.trim_start().trim_start_matches(|c: char| c != '-').split_once("--"))
            .filter_map(|(_, flag)| flag.split([' ', '=']).next())
            .collect();
        assert!(keys.len() > 20, "{keys:?}");
        for key in keys.into_iter().filter(|key| !NOT_IN_SAMPLES.contains(key)) {
            assert!(sample.lines().any(|line| line.starts_with(&format!("{key}="))), "{key}");
        }
    }
}

#[test]
fn the_defaults_that_a_sample_shows_are_the_defaults() {
    let shown: Vec<&str> = WEB.lines().chain(DAEMON.lines()).filter_map(|line| line.strip_prefix(';')).collect();
    for default in ["poolfees=7.5", "maxusers=9999", "minservers=2", "maxvotedage=8640", "debuglevel=info"] {
        assert!(shown.contains(&default), "{default}");
    }
    let config = Host::new().web(&super::web_lines(""));
    assert_eq!(
        (config.pool_fee.percent(), config.max_users, config.min_servers, config.max_voted_age),
        (7.5, 9999, 2, 8640)
    );
}

#[test]
fn the_units_for_systemd_name_files_and_flags_that_there_are_and_keep_memory_private() {
    let units = [
        (include_str!("../../../config/systemd/stakepool-web.service"), "stakepool-web", "exccstakepool.conf"),
        (include_str!("../../../config/systemd/stakepoold.service"), "stakepoold", "stakepoold.conf"),
    ];
    for (unit, program, file) in units {
        let line = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap();
        let mut words = line("ExecStart").split_whitespace();
        assert_eq!(words.next(), Some(program), "systemd looks in /usr/local/bin and /usr/bin");
        for word in words {
            let (flag, value) = word.split_once('=').unwrap();
            assert!(["--configfile", "--appdata"].contains(&flag), "{word}");
            assert!(flag != "--configfile" || value.ends_with(file), "{word}");
        }
        for (key, value) in [
            ("Type", "notify"),
            ("ExecReload", "/bin/kill -HUP $MAINPID"),
            ("LimitCORE", "0"),
            ("NoNewPrivileges", "yes"),
            ("ProtectSystem", "strict"),
        ] {
            assert_eq!(line(key), value, "{program}");
        }
        assert!(line("MemoryMax").ends_with('M'));
    }
}
