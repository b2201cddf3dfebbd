//! The web application's configuration, which says where everything is.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use stakepool_config::{ConfigErrors, Database as Location, Invocation, Problem, WebConfig, load_database, load_web};

use stakepool_db::CopyEnd;

use crate::error::CliError;

/// Where the pool's configuration is. The environment (`STAKEPOOL_WEB_…`) counts as it does for the web application.
#[derive(Debug, Args)]
pub(crate) struct PoolArguments {
    /// The web application's configuration file, which says where the database, the wallets and the voting daemons
    /// are. Without it:
    /// `exccstakepool.conf` in the home.
    #[arg(short = 'C', long = "config", visible_alias = "configfile", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The web application's home, where relative paths of its certificates and secrets start. Without it:
    /// `~/.exccstakepool`.
    #[arg(short = 'A', long, value_name = "DIR", global = true)]
    appdata: Option<PathBuf>,
}

impl PoolArguments {
    /// Whether the operator named a pool, by its file or its home.
    pub(crate) const fn is_named(&self) -> bool {
        self.config.is_some() || self.appdata.is_some()
    }

    /// Reads the configuration.
    pub(crate) fn load(&self) -> Result<WebConfig, CliError> {
        self.read().map(|(config, _)| config)
    }

    /// Reads the configuration, and gives the place and the text of its file as well.
    pub(crate) fn load_with_file(&self) -> Result<(WebConfig, PathBuf, String), CliError> {
        let (config, place) = self.read()?;
        let text = fs::read_to_string(&place);
        let text =
            text.map_err(|error| CliError::Config(format!("{}: {error}; write it in UTF-8", place.display())))?;
        Ok((config, place, text))
    }

    /// A database that is written as in the key `database`, for which no configuration need be there; without it the pool's.
    pub(crate) fn place(&self, database: Option<&str>) -> Result<CopyEnd, CliError> {
        let location = match database {
            Some(written) => self.written(written)?,
            None => self.load()?.database,
        };
        Ok(match location {
            Location::Sqlite(path) => CopyEnd::Sqlite(path),
            Location::Mysql(server) => CopyEnd::Mysql(server),
        })
    }

    /// The database that is written so; what belongs to it, such as its password, is the configuration's.
    fn written(&self, database: &str) -> Result<Location, CliError> {
        let flag = OsString::from(format!("--database={database}"));
        let arguments = self.flags().into_iter().chain([flag]);
        match load_database(arguments, &|name| std::env::var(name).ok(), &|path| fs::read(path)) {
            Ok(Some(location)) => Ok(location),
            Ok(None) => Err(asks_for_something_else()),
            Err(errors) => Err(CliError::Config(one_line_of(&errors))),
        }
    }

    /// The configuration, and the place of its file.
    fn read(&self) -> Result<(WebConfig, PathBuf), CliError> {
        // The first file that is read is the configuration file; whether it is not there.
        let first: OnceCell<(PathBuf, bool)> = OnceCell::new();
        let read = |path: &Path| {
            let content = fs::read(path);
            let absent = content.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
            first.get_or_init(|| (path.to_owned(), absent));
            content
        };
        match load_web(self.flags().into_iter(), &|name| std::env::var(name).ok(), &read) {
            Ok(Invocation::Run(config)) => Ok((*config, first.into_inner().unwrap_or_default().0)),
            Ok(_) => Err(asks_for_something_else()),
            Err(errors) => Err(CliError::Config(match first.into_inner() {
                Some((absent, true)) => format!("{} is not there; name the right file with -C FILE", absent.display()),
                _ => one_line_of(&errors),
            })),
        }
    }

    fn flags(&self) -> Vec<OsString> {
        let flag = |name: &str, value: &Path| {
            let mut flag = OsString::from(name);
            flag.push(value);
            flag
        };
        let config = self.config.as_deref().map(|file| flag("--configfile=", file));
        config.into_iter().chain(self.appdata.as_deref().map(|home| flag("--appdata=", home))).collect()
    }
}

fn asks_for_something_else() -> CliError {
    CliError::Config("it asks for something else than to run (debuglevel=show)".to_owned())
}

/// All problems on one line; only the file's where it cannot be read, since then every key is missing.
fn one_line_of(errors: &ConfigErrors) -> String {
    let unreadable = errors.problems.iter().find(|problem| matches!(problem, Problem::File { .. }));
    match unreadable {
        Some(problem) => problem.to_string(),
        None => errors.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}
