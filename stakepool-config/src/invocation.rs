//! What a program was asked to do, and its configuration where it was asked to run.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::check::CheckReport;
use crate::daemon::DaemonConfig;
use crate::flags::{self, Flags};
use crate::place::Place;
use crate::problem::{ConfigErrors, Problem};
use crate::reader::{Env, ReadFile, Reader};
use crate::resolve::Settings;
use crate::table::{self, Action, Table};
use crate::web::{Database, WebConfig};
use crate::{check, help, logging, text, value};

/// What a program was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation<C> {
    /// Run with this configuration.
    Run(Box<C>),
    /// Say what the configuration is: it has no errors.
    CheckConfig(CheckReport),
    /// Show this text: the help, or what counts of the configuration.
    Help(String),
    /// Show the version.
    Version,
}

impl<C> Invocation<C> {
    /// The configuration where the program is to run; else writes to `out` what was asked for. `version` is what to
    /// show as such, with the program's name.
    ///
    /// # Errors
    /// Where writing fails.
    pub fn run_or_show(self, version: &str, out: &mut dyn Write) -> io::Result<Option<Box<C>>> {
        match self {
            Self::Run(config) => return Ok(Some(config)),
            Self::CheckConfig(report) => write!(out, "{report}")?,
            Self::Help(text) => out.write_all(text.as_bytes())?,
            Self::Version => writeln!(out, "{version}")?,
        }
        out.flush()?;
        Ok(None)
    }
}

/// Reads the configuration of `stakepool-web` from its arguments (without the program's name), environment and files.
///
/// ```
/// use stakepool_config::{Invocation, load_web};
///
/// let arguments = ["--help"].map(Into::into);
/// match load_web(arguments.into_iter(), &|name| std::env::var(name).ok(), &|path| std::fs::read(path))? {
///     Invocation::Run(config) => println!("the pool is on {}", config.network),
///     Invocation::Help(text) => assert!(text.contains("--votingwalletextpub=KEY")),
///     Invocation::CheckConfig(report) => println!("{report}"),
///     Invocation::Version => println!("my-pool 1.0"),
/// }
/// # Ok::<(), stakepool_config::ConfigErrors>(())
/// ```
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong.
pub fn load_web(
    arguments: impl Iterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<Invocation<WebConfig>, ConfigErrors> {
    load(&table::web::TABLE, arguments, env, read, crate::web::build)
}

/// Reads of the configuration of `stakepool-web` only where its database is, as [`load_web`] does: everything else may be missing.
///
/// ```
/// use stakepool_config::{Database, load_database};
///
/// let arguments = ["--appdata=/srv/pool", "--database=sqlite:/srv/pool.sqlite"].map(Into::into);
/// let absent = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
/// let database = load_database(arguments.into_iter(), &|_| None, &absent)?;
/// assert_eq!(database, Some(Database::Sqlite("/srv/pool.sqlite".into())));
/// # Ok::<_, stakepool_config::ConfigErrors>(())
/// ```
///
/// `None` where the arguments ask for something else than to run.
///
/// # Errors
/// What is wrong with it, all at once.
pub fn load_database(
    arguments: impl Iterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<Option<Database>, ConfigErrors> {
    Ok(match load(&table::web::TABLE, arguments, env, read, crate::web::build_database)? {
        Invocation::Run(database) => Some(*database),
        Invocation::CheckConfig(_) | Invocation::Help(_) | Invocation::Version => None,
    })
}

/// Reads the configuration of `stakepoold` from its arguments (without the program's name), environment and files.
///
/// ```
/// use std::{io, path::Path};
/// use stakepool_config::{Invocation, load_daemon};
///
/// let file = "\
/// simnet=1
/// coldwalletextpub=COLD_KEY
/// exccdhost=127.0.0.1
/// exccduser=node
/// exccdpassword=file:node.password
/// exccdcert=node.cert
/// wallethost=127.0.0.1
/// walletuser=wallet
/// walletpassword=a password
/// walletcert=wallet.cert
/// ";
/// # let key = "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";
/// # let file = file.replace("COLD_KEY", key);
/// # let certificate = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../stakepool-rpc/tests/fixtures/certs/exccd-2.7.6-p256.cert"));
/// // Paths are relative to the program's home.
/// let read = |path: &Path| match path.file_name().and_then(|name| name.to_str()) {
///     Some("stakepoold.conf") => Ok(file.clone().into_bytes()),
///     Some("node.password") => Ok(b"another password\n".to_vec()),
///     Some("node.cert" | "wallet.cert") => Ok(certificate.to_vec()),
///     _ => Err(io::ErrorKind::NotFound.into()),
/// };
/// let arguments = ["--appdata=/srv/voter"].map(Into::into);
/// let Invocation::Run(config) = load_daemon(arguments.into_iter(), &|_| None, &read)? else { unreachable!() };
/// assert_eq!(config.nodes[0].host, "127.0.0.1:19556");
/// assert_eq!(config.nodes[0].password.expose(), "another password");
/// assert_eq!(config.warnings.len(), 2); // poolfees and rpctoken are not set
/// # Ok::<(), stakepool_config::ConfigErrors>(())
/// ```
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong.
pub fn load_daemon(
    arguments: impl Iterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<Invocation<DaemonConfig>, ConfigErrors> {
    load(&table::daemon::TABLE, arguments, env, read, crate::daemon::build)
}

fn load<C>(
    table: &'static Table,
    arguments: impl Iterator<Item = OsString>,
    env: Env<'_>,
    read: ReadFile<'_>,
    build: fn(&mut Reader<'_>) -> Option<C>,
) -> Result<Invocation<C>, ConfigErrors> {
    let flags = flags::parse(arguments, table);
    match flags.actions.last() {
        Some(Action::Help) => return Ok(Invocation::Help(help::text(table))),
        Some(Action::Version) => return Ok(Invocation::Version),
        Some(Action::CheckConfig | Action::PrintConfig) | None => {}
    }
    let print = flags.actions.contains(&Action::PrintConfig);
    let check = flags.actions.contains(&Action::CheckConfig);
    let fail = |problems, places: &[Place]| {
        let places = check.then(|| places.to_vec());
        ConfigErrors { program: table.program, problems, places }
    };
    let mut reader = gather(table, flags, env, read).map_err(|problem| fail(vec![problem], &[]))?;
    if reader.text("debuglevel").as_deref() == Some("show") {
        return Ok(Invocation::Help(format!("{}\n", logging::known(table.subsystems))));
    }
    // Also where something is missing still: it is for finding out why.
    if print && reader.settings.problems.is_empty() {
        return Ok(Invocation::Help(check::lines(table, &reader.settings)));
    }
    let config = build(&mut reader);
    reader.settings.drop_false_problems();
    match config {
        Some(_) if check && reader.settings.problems.is_empty() => {
            let sources = reader.sources();
            Ok(Invocation::CheckConfig(CheckReport::new(table, &reader.settings, sources, reader.places)))
        }
        Some(config) if reader.settings.problems.is_empty() => Ok(Invocation::Run(Box::new(config))),
        _ => Err(fail(reader.settings.problems, &reader.places)),
    }
}

/// Puts together what the default, the file, the environment and the flags say.
fn gather<'a>(table: &'static Table, flags: Flags, env: Env<'a>, read: ReadFile<'a>) -> Result<Reader<'a>, Problem> {
    let early = |key: &str| {
        let text = flags.last(key).map(str::to_owned).or_else(|| env(&table.variable(key)));
        text.filter(|text| !text.is_empty()).map(|text| value::path(&text, env).map_err(Problem::Argument)).transpose()
    };
    let home = match early("appdata")? {
        Some(home) => home,
        None => PathBuf::from(env("HOME").filter(|home| !home.is_empty()).ok_or_else(|| {
            Problem::Argument("the environment variable HOME is not set: name the program's home with --appdata".into())
        })?)
        .join(table.home),
    };
    let named = early("configfile")?;
    let config_file = named.clone().unwrap_or_else(|| home.join(table.file));
    let mut settings = Settings::defaults(table);
    match read(&config_file) {
        Ok(bytes) => match text::decode(&bytes) {
            Ok(text) => settings.add_file(table, &config_file, &text),
            Err(reason) => {
                settings.problems.push(Problem::File { path: config_file.clone(), reason: reason.to_owned() })
            }
        },
        // Flags and environment may say everything.
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => settings.problems.push(Problem::File { path: config_file.clone(), reason: error.to_string() }),
    }
    settings.add_environment(table, env);
    settings.add_flags(flags);
    settings.warn_of_obsolete(table);
    let mut reader = Reader { table, settings, home, config_file, env, read, places: Vec::new() };
    if let Some(home) = reader.path("appdata") {
        reader.home = home;
    }
    Ok(reader)
}
