//! `selftest`: the pool as strangers reach it, through the real proxy.

mod api;
mod pages;
mod transport;
mod when;

use std::fs;
use std::path::PathBuf;

use clap::Args;
use stakepool_core::secret::Secret;

use crate::console::Console;
use crate::error::CliError;
use crate::outside::client::{Client, Target};
use crate::outside::row::{Row, Rows, Verdict};
use crate::outside::tls::Tls;
use crate::pool::{OpenPool, PoolArguments};

/// Blocks that the pool's own height may be from that of its wallets: one is found while the other is asked.
const APART: u32 = 2;

/// Try the pool from outside, through the real proxy: name, certificate, TLS, every path of the API with GET and POST,
/// headers, cookies, caches, clock and height.
///
/// Nothing is changed. Run it on another computer than the pool's, where the name and the firewall are as for everybody. A
/// line for each check says OK, WARN or FAIL, and what to do; the exit code is 1 where a check failed. With -C FILE the
/// height and the address are compared with those of the configuration's pool, which must then be reachable.
#[derive(Debug, Args)]
pub(crate) struct SelfTest {
    /// The pool's address as visitors type it, such as https://pool.example.
    #[arg(value_name = "URL")]
    url: String,
    /// Try a user's API key, too: file:PATH or env:NAME. It is never sent where a certificate is wrong, nor without
    /// TLS to another computer.
    #[arg(long, value_name = "SECRET")]
    api_key: Option<String>,
    /// Trust these authorities (PEM) as well, for a pool for tests.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The port of plain HTTP, which must lead to HTTPS.
    #[arg(long, value_name = "PORT", default_value_t = 80)]
    http_port: u16,
}

impl SelfTest {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let wrong = || CliError::argument("URL", format!("`{}` is no address such as https://pool.example", self.url));
        let target = Target::parse(&self.url).ok_or_else(wrong)?;
        let key = self.api_key.as_deref().map(secret).transpose()?;
        let ca = self.ca.as_ref().map(|path| {
            fs::read(path)
                .map_err(|error| CliError::argument("--ca", format!("{} cannot be read: {error}", path.display())))
        });
        let client = Client { target, tls: Tls::new(ca.transpose()?.as_deref())? };
        let http = Target { is_https: false, host: client.target.host.clone(), port: self.http_port };
        let http = Client { target: http, tls: Tls::new(None)? };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let mut rows = Rows::default();
        let height = runtime.block_on(look(&client, &http, key.as_ref(), &mut rows));
        transport::later_certificates(&client, &mut rows);
        let compared = if pool.is_named() { compare(&client, pool, height, &mut rows) } else { Ok(()) };
        // What was found is told also where there is nothing to compare it with.
        write(&rows.0, console).map_err(CliError::Output)?;
        compared?;
        match rows.count(Verdict::Fail) {
            0 => Ok(()),
            failed => Err(CliError::NotWell(format!("{failed} of {} checks failed", rows.0.len()))),
        }
    }
}

/// All checks from outside; what cannot be looked at any more is left out. The height that the pool names.
async fn look(client: &Client, http: &Client, key: Option<&Secret>, rows: &mut Rows) -> Option<u32> {
    if !transport::name(&client.target, rows).await {
        return None;
    }
    transport::tls(client, rows).await;
    if client.target.is_https {
        transport::redirect(client, http, rows).await;
    }
    if !pages::front(client, rows).await {
        return None;
    }
    pages::caches(client, rows).await;
    pages::manners(client, rows).await;
    pages::bodies(client, rows).await;
    let height = api::calls(client, rows).await;
    if let Some(key) = key {
        api::with_key(client, key, rows).await;
    }
    height
}

/// Compares with what the configuration names and its wallets say.
fn compare(client: &Client, pool: &PoolArguments, height: Option<u32>, rows: &mut Rows) -> Result<(), CliError> {
    let configured = pool.load()?.base_url;
    if configured.trim_end_matches('/') == client.target.url() {
        rows.ok("baseurl", configured);
    } else {
        let remedy = "set baseurl to the address that visitors type: it stands in mails, cookies and API keys";
        rows.fail("baseurl", format!("{configured} is configured, {} was tried", client.target.url()), remedy);
    }
    let open = OpenPool::open_with_wallets(pool)?;
    let status = open.wait(open.pool.look());
    let best = status.wallets.iter().filter_map(|wallet| wallet.height).max();
    match (height, best) {
        (Some(height), Some(best)) if height.abs_diff(best) <= APART => rows.ok("height", format!("{height}")),
        (Some(height), Some(best)) => rows.fail(
            "height",
            format!("the pool's address says {height}, the wallets of the configuration {best}"),
            "look whether the proxy leads to another pool or to an old copy, and at stakepoolctl status",
        ),
        _ => rows.warn("height", "is not known", "look at stakepoolctl status"),
    }
    Ok(())
}

/// The secret that `file:PATH` or `env:NAME` names. One that is written out would be seen by everybody on this computer.
fn secret(text: &str) -> Result<Secret, CliError> {
    let wrong = |reason: String| CliError::argument("--api-key", reason);
    let found = match (text.strip_prefix("file:"), text.strip_prefix("env:")) {
        (Some(path), _) => {
            fs::read_to_string(path).map_err(|error| wrong(format!("{path} cannot be read: {error}")))?
        }
        (_, Some(name)) => std::env::var(name).map_err(|_| wrong(format!("the variable {name} is not set")))?,
        _ => return Err(wrong("name the place of the key: file:PATH or env:NAME".to_owned())),
    };
    let key = found.trim();
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("there is no API key at this place".to_owned()));
    }
    Ok(Secret::new(key))
}

fn write(rows: &[Row], console: Console<'_>) -> std::io::Result<()> {
    console.style.write_list(console.output, rows, "nothing was checked")
}
