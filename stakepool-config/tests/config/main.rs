//! Whole configurations: files, environment and flags together.

#![allow(clippy::unwrap_used)]

mod daemon;
mod encodings;
mod mistakes;
mod old_files;
mod peers;
#[cfg(feature = "pool")]
mod pool;
mod samples;
mod sources;
mod web;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use stakepool_config::{ConfigErrors, DaemonConfig, Invocation, WebConfig, load_daemon, load_web};

/// Extended keys of the test network.
const COLD: &str =
    "tpubVpkyHys1kEd1hDZ4m4hwTL9fsDWYPt7ozDNSjduKAAypcMemYMtweUJURHvdixEHGV3YWi3UgoGfuxpiKqgW21uZeCuwog8mW4Y5ahjeoB2";
const VOTING: &str =
    "tpubVptWinN6jyz5crwZrmpjXgk8A8zbo63QXStt1y63CBQcDAeWYQwvNVzM1DjcYfvCPQiYQEaubwJiiGs9y59TByGD1RaobW4jf5cLQAzV5QR";
/// An extended key of the main network.
const MAINNET: &str =
    "xpub6DSgfTNdVir1UNQcansS33VX6NymiUoEcYhXEkFcYMzAinuswpuK1adXzD7sHt9Djo33nxPZmirdjCX8GnniHBeSajEtRpAsTyRQRaYfPvc";

const CERTIFICATES: [&str; 4] = ["a.cert", "b.cert", "c.cert", "d.cert"];

/// The certificate in a file of these names: PEM. Another for each name, and the same each time.
fn pem(name: &str) -> String {
    static MADE: LazyLock<Vec<String>> =
        LazyLock::new(|| CERTIFICATES.iter().map(|_| peers::pair()[0].clone()).collect());
    MADE[CERTIFICATES.iter().position(|known| *known == name).unwrap()].clone()
}

/// What a program sees of its host: its home is `/home/pool`.
#[derive(Clone, Default)]
struct Host {
    files: HashMap<PathBuf, Vec<u8>>,
    variables: HashMap<String, String>,
}

impl Host {
    /// A host with every certificate and secret that the tests name.
    fn new() -> Self {
        let mut host = Self::default().variable("HOME", "/home/pool");
        for home in [".exccstakepool", ".stakepoold"] {
            for name in CERTIFICATES {
                host = host.file(&format!("/home/pool/{home}/{name}"), &pem(name));
            }
        }
        host
    }

    fn file(self, path: &str, content: &str) -> Self {
        self.bytes(path, content.as_bytes())
    }

    fn bytes(mut self, path: &str, content: &[u8]) -> Self {
        self.files.insert(path.into(), content.to_vec());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn load_web<'a>(&self, flags: impl IntoIterator<Item = &'a str>) -> Result<Invocation<WebConfig>, ConfigErrors> {
        let variable = |name: &str| self.variables.get(name).cloned();
        load_web(flags.into_iter().map(OsString::from), &variable, &|path| self.read(path))
    }

    fn load_daemon<'a>(
        &self,
        flags: impl IntoIterator<Item = &'a str>,
    ) -> Result<Invocation<DaemonConfig>, ConfigErrors> {
        let variable = |name: &str| self.variables.get(name).cloned();
        load_daemon(flags.into_iter().map(OsString::from), &variable, &|path| self.read(path))
    }

    /// The web's configuration, from lines of its file.
    fn web(&self, lines: &str) -> WebConfig {
        match self.try_web(lines).unwrap() {
            Invocation::Run(config) => *config,
            other => panic!("{other:?}"),
        }
    }

    fn try_web(&self, lines: &str) -> Result<Invocation<WebConfig>, ConfigErrors> {
        self.clone().file("/home/pool/.exccstakepool/exccstakepool.conf", lines).load_web([])
    }

    /// The messages of what is wrong with the web's configuration.
    fn web_errors(&self, lines: &str) -> Vec<String> {
        messages(&self.try_web(lines).unwrap_err())
    }

    /// The daemon's configuration, from lines of its file.
    fn daemon(&self, lines: &str) -> DaemonConfig {
        match self.try_daemon(lines).unwrap() {
            Invocation::Run(config) => *config,
            other => panic!("{other:?}"),
        }
    }

    fn try_daemon(&self, lines: &str) -> Result<Invocation<DaemonConfig>, ConfigErrors> {
        self.clone().file("/home/pool/.stakepoold/stakepoold.conf", lines).load_daemon([])
    }

    /// The messages of what is wrong with the daemon's configuration.
    fn daemon_errors(&self, lines: &str) -> Vec<String> {
        messages(&self.try_daemon(lines).unwrap_err())
    }
}

fn messages(errors: &ConfigErrors) -> Vec<String> {
    assert!(!errors.problems.is_empty());
    errors.problems.iter().map(ToString::to_string).collect()
}

/// The smallest web configuration without a warning, followed by more lines.
fn web_lines(more: &str) -> String {
    let is_set = |key: &str| more.lines().any(|line| line.split('=').next() == Some(key));
    let of_the_site = [("listen", ":8000"), ("baseurl", "http://pool.example")].into_iter();
    let site: String =
        of_the_site.filter(|(key, _)| !is_set(key)).map(|(key, value)| format!("{key}={value}\n")).collect();
    format!(
        "testnet=1\ncoldwalletextpub={COLD}\nvotingwalletextpub={VOTING}\nwallethosts=10.0.0.3,10.0.0.4\n\
         walletusers=u1,u2\nwalletpasswords=p1,p2\nwalletcerts=a.cert,b.cert\nstakepooldhosts=10.0.0.3,10.0.0.4\n\
         stakepooldcerts=c.cert,d.cert\nrpctoken=0123456789abcdef\ncookiesecret=0123456789abcdef0123456789abcdef\n\
         apisecret=0123456789abcdef0123456789abcdef\n{more}\n{site}"
    )
}

/// The smallest daemon configuration without a warning, followed by more lines.
fn daemon_lines(more: &str) -> String {
    format!(
        "testnet=1\ncoldwalletextpub={COLD}\npoolfees=7.5\nexccdhost=127.0.0.1\nexccduser=u\nexccdpassword=p\n\
         exccdcert=a.cert\nwallethost=127.0.0.1\nwalletuser=u\nwalletpassword=p\nwalletcert=b.cert\n\
         rpctoken=0123456789abcdef\n{more}\n"
    )
}

/// The lines without those that set `key`.
fn without(key: &str, lines: &str) -> String {
    lines.lines().filter(|line| line.split('=').next() != Some(key)).map(|line| format!("{line}\n")).collect()
}

/// Asserts that exactly one message was given, and what it says.
fn assert_only(messages: &[String], parts: &[&str]) {
    assert_eq!(messages.len(), 1, "{messages:#?}");
    for part in parts {
        assert!(messages[0].contains(part), "`{part}` in {messages:?}");
    }
}
