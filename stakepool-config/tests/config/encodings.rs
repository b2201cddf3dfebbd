//! Files as editors on any system write them: read, or refused with one true error.

use stakepool_config::Invocation;

use super::{Host, assert_only, daemon_lines, messages, pem, without};

const FILE: &str = "/home/pool/.stakepoold/stakepoold.conf";

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

#[test]
fn a_configuration_file_is_read_in_every_encoding_of_an_editor() {
    let lines = daemon_lines("");
    let marked = format!("\u{feff}{lines}");
    let spaced = lines.replace('=', "\u{a0}= \u{a0}").replace('\n', "\u{a0} \t\n");
    let files = [
        lines.clone().into_bytes(),
        marked.clone().into_bytes(),
        lines.replace('\n', "\r\n").into_bytes(),
        lines.replace('\n', "\r").into_bytes(),
        utf16(&marked, u16::to_le_bytes),
        utf16(&marked, u16::to_be_bytes),
        utf16(&lines, u16::to_le_bytes),
        spaced.into_bytes(),
        [b"; f\xfcr den Pool\n", lines.as_bytes()].concat(),
    ];
    for (number, file) in files.iter().enumerate() {
        match Host::new().bytes(FILE, file).load_daemon([]) {
            Ok(Invocation::Run(config)) => {
                assert_eq!((config.pool_fee.percent(), config.warnings.len()), (7.5, 0), "file {number}");
            }
            other => panic!("file {number}: {other:?}"),
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_one_error_and_nothing_follows_from_it() {
    let errors = |file: &[u8]| messages(&Host::new().bytes(FILE, file).load_daemon([]).unwrap_err());
    assert_only(&errors(b"SQLite format 3\0\x10\0"), &["stakepoold.conf", "NUL bytes"]);
    assert_only(&errors(b"\xff\xfea"), &["stakepoold.conf", "UTF-16"]);
    let lines = without("walletpassword", &daemon_lines(""));
    for (line, reason) in [
        (&b"walletpassword=p\xe4ss"[..], "not UTF-8"),
        (b"walletpassword=\"hunter2", "closing double quote"),
        ("walletpassword=\u{201c}hunter2\u{201d}".as_bytes(), "typographic quotes"),
        (b"waletpassword=hunter2", "did you mean `walletpassword`?"),
    ] {
        let errors = errors(&[lines.as_bytes(), line, b"\n"].concat());
        assert_only(&errors, &[reason]);
        assert!(!errors[0].contains("hunter2") && !errors[0].contains("p\u{fffd}ss"), "{errors:?}");
    }
}

#[test]
fn a_piece_of_a_secret_that_stands_on_a_line_of_its_own_is_not_repeated() {
    for line in ["hunter2hunter2==", "hunter2", "[hunter2]", "\"hunter2\"=", "hunter2 = 1"] {
        let errors = Host::new().daemon_errors(&daemon_lines(line));
        assert_only(&errors, &["line 1"]);
        assert!(!errors[0].contains("hunter2"), "{errors:?}");
    }
    let errors = Host::new().daemon_errors(&daemon_lines("rpctoken=env:hunter2"));
    assert!(!errors[0].contains("hunter2"), "{errors:?}");
}

#[test]
fn the_file_of_a_secret_may_end_as_editors_end_it_and_holds_one_line() {
    let password = |file: &[u8]| {
        let lines = format!("{}walletpassword=file:pw\n", without("walletpassword", &daemon_lines("")));
        let host = Host::new().bytes("/home/pool/.stakepoold/pw", file).file(FILE, &lines);
        match host.load_daemon([]) {
            Ok(Invocation::Run(config)) => Ok((config.wallets[0].password.expose().to_owned(), config.warnings)),
            Ok(other) => panic!("{other:?}"),
            Err(errors) => Err(messages(&errors)),
        }
    };
    for file in [
        &b"p\xc3\xa4ss word"[..],
        b"p\xc3\xa4ss word\n",
        b"p\xc3\xa4ss word\r\n\r\n",
        b"\xef\xbb\xbfp\xc3\xa4ss word\r",
        &utf16("\u{feff}p\u{e4}ss word\r\n", u16::to_le_bytes),
    ] {
        assert_eq!(password(file), Ok(("p\u{e4}ss word".to_owned(), Vec::new())), "{file:?}");
    }
    let (kept, warnings) = password(b" hunter2 \n").unwrap();
    assert_eq!(kept, " hunter2 ");
    assert_only(&warnings, &["walletpassword: the file pw has blanks before or after"]);
    for (file, reason) in [
        (&b"hunter2\nhunter3\n"[..], "several lines"),
        (b"hunter2\xe4", "not UTF-8"),
        (b"hunter2\0", "NUL bytes"),
        (b"\n", "the secret is empty"),
    ] {
        let errors = password(file).unwrap_err();
        assert_only(&errors, &["walletpassword", reason]);
        assert!(!errors[0].contains("hunter"), "{errors:?}");
    }
}

#[test]
fn certificates_are_read_in_every_shape_and_refused_by_name() {
    let good = pem("b.cert");
    let load = |file: &[u8]| {
        let lines = format!("{}walletcert=x.cert\n", without("walletcert", &daemon_lines("")));
        Host::new().bytes("/home/pool/.stakepoold/x.cert", file).file(FILE, &lines).load_daemon([])
    };
    let indented: String = good.lines().map(|line| format!("   {line}\n")).collect();
    for file in [
        [b"\xef\xbb\xbf", good.as_bytes()].concat(),
        indented.into_bytes(),
        good.replace('\n', "").into_bytes(),
        [b"# f\xfcr\n", good.as_bytes()].concat(),
        utf16(&format!("\u{feff}{good}"), u16::to_le_bytes),
    ] {
        let Ok(Invocation::Run(config)) = load(&file) else { panic!("{:?}", load(&file)) };
        assert_eq!(config.wallets[0].certificate.pem, good);
    }
    for (file, reason) in [
        (good[..300].to_owned(), "cut off"),
        (good.replace("MII", "M!I"), "a letter in it is damaged"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(), "its content is no certificate"),
        ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_owned(), "nothing between BEGIN and END"),
        (super::peers::pair()[1].clone(), "a private key, not a certificate"),
    ] {
        let errors = messages(&load(file.as_bytes()).unwrap_err());
        assert_only(&errors, &["walletcert", "/home/pool/.stakepoold/x.cert", reason]);
        assert!(errors[0].len() < 300 && !errors[0].contains("MII"), "{errors:?}");
    }
}
