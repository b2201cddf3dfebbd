//! `db check`: what a database is like, and how to mend it.

use clap::Args;
use serde::Serialize;
use stakepool_config::{Database as Location, WebConfig};
use stakepool_core::accounts::{ApiKeys, PoolBranches};
use stakepool_core::chain::ExtendedPubKey;
use stakepool_db::{Configured, Database, Defect, Inspection, Severity};

use crate::answer::{Answer, Style};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// Look through the database, and name what should be mended or known, with how to do it.
///
/// Nothing is changed: neither tables nor rows, also where the database is still the predecessor's, and while programs use it.
/// Users are named by their numbers. An `error` keeps the pool from starting, or costs users something; a `warning` should be
/// mended; a `note` is to be known. The exit code is 1 where there is an error.
#[derive(Debug, Args)]
pub(crate) struct Check {}

#[derive(Serialize)]
struct Row<'a> {
    severity: &'static str,
    kind: &'static str,
    about: &'a str,
    text: &'a str,
    remedy: &'a str,
    users: Vec<i64>,
}

impl<'a> From<&'a Defect> for Row<'a> {
    fn from(defect: &'a Defect) -> Self {
        Self {
            severity: defect.severity.name(),
            kind: defect.kind,
            about: &defect.about,
            text: &defect.text,
            remedy: &defect.remedy,
            users: defect.users.iter().map(|user| user.0).collect(),
        }
    }
}

impl Answer for Row<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let remedy = if self.remedy.is_empty() { "-" } else { self.remedy };
        vec![
            ("severity", self.severity.to_owned()),
            ("kind", self.kind.to_owned()),
            ("about", self.about.to_owned()),
            ("found", self.text.to_owned()),
            ("remedy", remedy.to_owned()),
        ]
    }
}

impl Check {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let config = pool.load()?;
        let configured = configured(&config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let found = runtime.block_on(async {
            match &config.database {
                Location::Sqlite(path) if matches!(path.try_exists(), Ok(false)) => {
                    Err(CliError::NoDatabase(path.clone()))
                }
                Location::Sqlite(path) => Ok(Database::inspect_sqlite(path, &configured).await?),
                Location::Mysql(server) => Ok(Database::inspect_mysql(server.clone(), &configured).await?),
            }
        })?;
        write(&found, console)?;
        match found.count(Severity::Error) {
            0 => Ok(()),
            errors => Err(CliError::NotWell(format!("{errors} errors were found in the database {}", found.place))),
        }
    }
}

fn write(found: &Inspection, console: Console<'_>) -> Result<(), CliError> {
    let rows: Vec<Row<'_>> = found.defects.iter().map(Row::from).collect();
    if console.style == Style::Text {
        writeln!(console.output, "{} users in {}\n", found.users, found.place).map_err(CliError::Output)?;
    }
    console.style.write_records(console.output, &rows, "nothing was found").map_err(CliError::Output)
}

/// What the configuration says that rows are compared with.
fn configured(config: &WebConfig) -> Result<Configured, CliError> {
    let terms = config.pool_terms();
    let unusable = |error: &dyn std::error::Error| CliError::Config(error.to_string());
    let branch = |key: &ExtendedPubKey| key.external_branch().map_err(|error| unusable(&error));
    Ok(Configured {
        branches: PoolBranches { voting: branch(&terms.voting_wallet)?, cold: branch(&terms.cold_wallet)? },
        old_cold: terms.old_cold_wallets.iter().map(branch).collect::<Result<_, _>>()?,
        max_users: terms.max_users,
        api_keys: ApiKeys::new(config.api_secret.expose(), &config.base_url).map_err(|error| unusable(&error))?,
    })
}
