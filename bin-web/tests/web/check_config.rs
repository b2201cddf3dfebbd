//! `--check-config` of the program itself: it finds what would stop the start, all at once, and changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::SystemTime;

use stakepool::sealed::SealingKey;
use stakepool_core::ports::{SealedSecret, SealedStore as _};
use stakepool_db::{Database, SqliteOptions};
use stakepool_rpc::tls::ensure_server_pair;
use tempfile::TempDir;

use crate::world::{COLD, VOTING};

/// A home with a configuration that works, but for more lines.
fn home(lines: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    ensure_server_pair(&path("a.cert"), &path("a.key"), &[], SystemTime::now()).unwrap();
    let text = format!(
        "simnet=1\nminservers=1\nwallethosts=127.0.0.1:9\nwalletusers=u\nwalletpasswords=p\nwalletcerts=a.cert\n\
         enablestakepoold=0\ncookiesecret=0123456789abcdef0123456789abcdef\napisecret=fedcba9876543210fedcba9876543210\n\
         coldwalletextpub={COLD}\nvotingwalletextpub={VOTING}\nlisten=127.0.0.1:0\nrealipheader=\ncaptcha=none\n{lines}\n"
    );
    fs::write(path("exccstakepool.conf"), text).unwrap();
    folder
}

fn web(home: &Path, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stakepool-web")).arg("--appdata").arg(home).args(flags).output().unwrap()
}

fn check(home: &TempDir) -> (Option<i32>, String) {
    let output = web(home.path(), &["--check-config"]);
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_configuration_that_works_is_said_to_and_nothing_is_made() {
    let home = home("smtphost=localhost\nsmtpfrom=pool@pool.example\nalertwebhook=https://hooks.example/pool");
    let (code, text) = check(&home);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("has no errors"), "{text}");
    let mut left: Vec<_> = fs::read_dir(home.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["a.cert", "a.key", "exccstakepool.conf"]);
}

#[test]
fn everything_that_would_stop_the_start_is_told_at_once() {
    let home =
        home("listen=192.0.2.1:8000\npoolfees=0\ndatadir=file/data\nmonitorlisten=192.0.2.1:9180\ntemplatepath=views");
    fs::create_dir(home.path().join("views")).unwrap();
    fs::write(home.path().join("views/home.html.tera"), "{% if %}").unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let absolute = |key: &str, name: &str| format!("{key}={}", home.path().join(name).display());
    let file = home.path().join("exccstakepool.conf");
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("datadir=file/data", &absolute("datadir", "file/data"));
    fs::write(&file, text.replace("templatepath=views", &absolute("templatepath", "views"))).unwrap();
    let (code, text) = check(&home);
    assert_eq!(code, Some(2), "{text}");
    for part in [
        "poolfees (",
        "listen (",
        "192.0.2.1:8000` has no address on this machine",
        "monitorlisten (",
        "is no folder",
        "templatepath (",
        "home.html",
    ] {
        assert!(text.contains(part), "`{part}` in {text}");
    }
    assert_eq!(text.matches("\n  - ").count(), 5, "{text}");
}

#[test]
fn a_database_that_the_start_refuses_is_refused_and_stays_as_it_is() {
    let home = home("database=sqlite:pool.sqlite");
    let folder = home.path().join("data/simnet");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("pool.sqlite");
    fs::write(&file, "this is no database, and never was one; it is long enough to be looked at".repeat(20)).unwrap();
    let before = fs::read(&file).unwrap();
    let (code, text) = check(&home);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("database: ") && text.contains(&file.display().to_string()), "{text}");
    assert_eq!(fs::read(&file).unwrap(), before);
    let started = web(home.path(), &[]);
    assert_eq!(started.status.code(), Some(1), "the start refuses it, too");
}

/// What a web needs that serves wallets of today.
const VSP: &str =
    "vsp=1\nexccdhost=127.0.0.1:9\nexccduser=u\nexccdpassword=p\nexccdcert=a.cert\nvspkeyfile=HOME/vsp.key";

/// The account that takes the fees of these wallets' tickets.
const VSP_FEE: &str =
    "spubVUbjzEB99yFVXQ2KqAqZrPrhmxPfYW4kqBdaYBhu4T897EitrKYFvgfu2tJRMi3J1WWHwmd3XPuBtnZLY8TbWkPT7s7QHZ6vV43K14RkwHV";

#[tokio::test]
async fn a_key_file_that_would_stop_the_start_is_told_and_none_is_made() {
    let home = home(&format!("{VSP}\nvspfeexpub={VSP_FEE}\ndatabase=sqlite:HOME/pool.sqlite"));
    let path = |name: &str| home.path().join(name);
    let text = fs::read_to_string(path("exccstakepool.conf")).unwrap();
    let text = text.replace("HOME", &home.path().display().to_string());
    fs::write(path("exccstakepool.conf"), text).unwrap();
    assert_eq!(check(&home).0, Some(0), "the first start makes it");
    assert!(!path("vsp.key").exists());
    let database = Database::open_sqlite(path("pool.sqlite"), SqliteOptions::default()).await.unwrap();
    let (vault, another) = (SealingKey::from_bytes(&[1; 32]), hex::encode([2; 32]));
    let sealed = SealedSecret(vault.seal(&[9; 32], b"vsp server key").unwrap());
    assert!(database.add_sealed("vsp server key", &sealed).await.unwrap());
    database.close().await;
    let told = |text: &str| {
        let (code, found) = check(&home);
        assert_eq!(code, Some(2), "{found}");
        assert!(found.contains(text), "{found}");
    };
    told("vsp.key is missing, but the database holds voting keys");
    fs::write(path("vsp.key"), another).unwrap();
    fs::set_permissions(path("vsp.key"), fs::Permissions::from_mode(0o600)).unwrap();
    told("cannot be opened with the key in vspkeyfile");
    fs::set_permissions(path("vsp.key"), fs::Permissions::from_mode(0o644)).unwrap();
    told("chmod 600 it");
    fs::write(path("vsp.key"), hex::encode([1; 32])).unwrap();
    fs::set_permissions(path("vsp.key"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(check(&home).0, Some(0));
}
