//! `stakepoolctl rotation`: where both sides stand while a token, a certificate or a secret is changed.

mod certificates;
mod daemon;
mod row;
mod secrets;
mod wallet;

use std::fs;
use std::path::PathBuf;

use clap::Args;
use stakepool_rpc::grpc::RpcToken;

use self::row::Row;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

const TOKEN: &str = "--token";

/// Show where both sides stand while a token, a certificate or a secret is changed.
///
/// Of each voting daemon: whether it takes the token of the web's file, and with --token another one, too; which certificate
/// it shows, and which the file trusts, by their SHA-256 fingerprints. The same of each wallet's certificate. Of the web's
/// own secrets: whether the old one is still accepted. Nothing is changed, and no token is sent to a daemon that shows another
/// certificate than the one trusted. The exit code is 1 where two sides do not fit together.
#[derive(Debug, Args)]
pub(crate) struct Rotation {
    /// A file with a token that is to be tried at every daemon, beside the one of the configuration: the next one, or the
    /// old one.
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
}

impl Rotation {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let token = self.token()?;
        let config = pool.load()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let rows = runtime.block_on(async {
            let mut rows = Vec::new();
            rows.extend(daemon::of_all(&config, token.as_ref()).await?.into_iter().map(Row::Daemon));
            rows.extend(wallet::of_all(&config).await.into_iter().map(Row::Wallet));
            rows.push(Row::Web(secrets::of(&config)));
            Ok::<_, CliError>(rows)
        })?;
        console.style.write_records(console.output, &rows, "").map_err(CliError::Output)?;
        match rows.iter().filter(|row| !row.problems().is_empty()).count() {
            0 => Ok(()),
            1 => Err(CliError::NotWell("one of the servers does not fit the web's configuration".to_owned())),
            some => Err(CliError::NotWell(format!("{some} of the servers do not fit the web's configuration"))),
        }
    }

    /// The token to be tried.
    fn token(&self) -> Result<Option<RpcToken>, CliError> {
        let Some(file) = &self.token else { return Ok(None) };
        // Neither what is read nor a part of it is shown.
        let unreadable = |error: std::io::Error| CliError::argument(TOKEN, format!("it cannot be read: {error}"));
        let text = fs::read_to_string(file).map_err(unreadable)?;
        RpcToken::new(text.trim()).map(Some).map_err(|error| CliError::argument(TOKEN, error))
    }
}
