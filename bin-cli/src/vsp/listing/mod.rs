//! `vsp listing`: whether registry and wallets would list the pool.

mod checks;

use clap::Args;
use stakepool_core::chain::Network;

use self::checks::Expected;
use super::public_key::PublicKey;
use super::service::service;
use crate::console::Console;
use crate::error::CliError;
use crate::outside::client::{Client, Target};
use crate::outside::row::{Rows, Verdict};
use crate::outside::tls::Tls;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// Ask the pool's public address as the registry of pools and the wallets do, and say what they would refuse.
///
/// Run it on another computer than the pool's, where the name and the firewall are as for everybody: with a URL and --network it
/// needs no configuration. A line for each check says OK, WARN or FAIL, and what to do; the exit code is 1 where a check failed. With
/// a configuration the answers must be signed by this pool's key.
#[derive(Debug, Args)]
pub(crate) struct Listing {
    /// The address as wallets have it configured, such as https://pool.example; without it `baseurl` of the configuration.
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// The network that wallets are on; without it that of the configuration.
    #[arg(long, value_name = "NET")]
    network: Option<Network>,
}

impl Listing {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let (url, expected) = match (&self.url, self.network) {
            (Some(url), Some(network)) if !pool.is_named() => (url.clone(), Expected { network, public_key: None }),
            _ => self.of_configuration(pool)?,
        };
        let wrong = || CliError::argument("URL", format!("`{url}` is no address such as https://pool.example"));
        let client = Client { target: Target::parse(&url).ok_or_else(wrong)?, tls: Tls::new(None)? };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let mut rows = Rows::default();
        runtime.block_on(checks::all(&client, &expected, &mut rows));
        console.style.write_list(console.output, &rows.0, "nothing was checked").map_err(CliError::Output)?;
        match rows.count(Verdict::Fail) {
            0 => Ok(()),
            failed => Err(CliError::NotWell(format!("{failed} of {} checks failed", rows.0.len()))),
        }
    }

    /// The address, and what a configuration says of the pool there.
    fn of_configuration(&self, pool: &PoolArguments) -> Result<(String, Expected), CliError> {
        let config = pool.load()?;
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let public_key = Some(PublicKey(service(&open)?.public_key()));
        let network = self.network.unwrap_or(config.network);
        Ok((self.url.clone().unwrap_or(config.base_url), Expected { network, public_key }))
    }
}
