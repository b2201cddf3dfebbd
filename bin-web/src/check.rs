//! What `--check-config` tries out of the web: what the start does before it serves, beside the running pool.

use std::io;
use std::path::Path;
use std::sync::Arc;

use stakepool::{Parts, Pool};
use stakepool_config::{Database as DatabasePlace, Need, Place, Problem, WebConfig};
use stakepool_db::{Database, DbError, SqliteOptions};
use stakepool_process::Found;

use crate::configured::{ConfiguredError, add_channels, options};
use crate::site::{Site, WebParts};
use crate::template_check;
use crate::unix_socket::known_group;
use crate::view::render::Renderer;
use crate::web::WebError;

/// How often the copy of a database is made that a running pool writes to, before its error counts.
const COPIES: usize = 3;

/// Everything that would stop the start, and what the database has; without a whole configuration, what can be seen of it.
pub async fn machine(places: &[Place], config: Option<WebConfig>) -> Found {
    let lacks = |place: &Place| match &place.need {
        Need::Group(name) => known_group(name).err().map(|error| place.lacks(error)),
        Need::Extras(folder) if place.key == "templatepath" && folder.is_dir() => {
            Renderer::new(Some(folder.clone())).err().map(|error| place.lacks(error.one_line()))
        }
        _ => None,
    };
    let mut found = Found::from(places.iter().filter_map(lacks).collect::<Vec<Problem>>());
    let can_be_read = |place: &Place| match &place.need {
        Need::Database(path) => !path.exists() || std::fs::File::open(path).is_ok_and(|_| path.is_file()),
        _ => true,
    };
    if let (true, Some(config)) = (found.problems.is_empty() && places.iter().all(can_be_read), config) {
        match start(config).await {
            Ok(warnings) => found.warnings = warnings,
            Err(reason) => found.problems.push(Problem::Conflict(reason)),
        }
    }
    found
}

/// Starts as far as nothing is asked of anybody else: on a copy of the database, and without wallets and daemons. Gives what
/// should be known of the database.
async fn start(config: WebConfig) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    let folder = tempfile::tempdir().map_err(|error| format!("no folder for a trial can be made: {error}"))?;
    let database = Arc::new(match &config.database {
        DatabasePlace::Sqlite(path) => {
            let copy = copy_of(path, folder.path()).await?;
            check_vsp(&config, &copy).await?;
            copy
        }
        DatabasePlace::Mysql(server) => {
            // Nothing is written on a server that a running pool may use; an empty file stands in for it.
            let failed = |error: DbError| format!("database: {error}");
            let expected = Database::check_mysql(server.clone()).await.map_err(failed)?;
            warnings = expected.lines().into_iter().map(|line| format!("database: {line}")).collect();
            // One whose tables are still to be brought up to date has no tickets of wallets of today.
            if let Ok(ready) = Database::open_mysql_ready(server.clone()).await {
                let checked = check_vsp(&config, &ready).await;
                ready.close().await;
                checked?;
            }
            let empty = folder.path().join("empty.sqlite");
            Database::open_sqlite(empty, SqliteOptions::default()).await.map_err(failed)?
        }
    });
    let tried = try_parts(config, &database).map_err(|error| match error {
        ConfiguredError::Web(WebError::Templates(error)) => format!("templatepath: {}", error.one_line()),
        other => other.to_string(),
    });
    database.close().await;
    tried.map(|()| warnings)
}

async fn check_vsp(config: &WebConfig, database: &Database) -> Result<(), String> {
    config.check_vsp(database, database).await.map_err(|error| error.to_string())
}

/// A copy of the database at a path, opened as the start does.
async fn copy_of(path: &Path, folder: &Path) -> Result<Database, String> {
    let mut tries = COPIES;
    loop {
        tries -= 1;
        // Each by itself: the log of a copy that failed is not that of the next.
        let copy = folder.join(format!("pool{tries}.sqlite"));
        copy_database(path, &copy).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        match Database::open_sqlite(&copy, SqliteOptions::default()).await {
            Ok(database) => return Ok(database),
            // It may have been written to while it was copied.
            Err(_) if tries > 0 => {}
            Err(error) => {
                let (copy, path) = (copy.display().to_string(), path.display().to_string());
                return Err(format!("database: {}", error.to_string().replace(&copy, &path)));
            }
        }
    }
}

/// Copies a database with what was written to it last, where there is one.
fn copy_database(from: &Path, to: &Path) -> io::Result<()> {
    for end in ["", "-wal"] {
        let beside = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            std::path::PathBuf::from(name)
        };
        match std::fs::copy(beside(from), beside(to)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn try_parts(config: WebConfig, database: &Arc<Database>) -> Result<(), ConfiguredError> {
    let terms = config.pool_terms();
    let mut parts = Parts::assemble(&terms, database.clone(), Vec::new(), Vec::new())?;
    add_channels(&config, &mut parts)?;
    let pool = Arc::new(Pool::new(terms, config.pool_settings(), parts)?);
    let site = Arc::new(Site::new(options(config), pool, WebParts::default()).map_err(WebError::Templates)?);
    if site.options.template_path.is_some() {
        template_check::try_out(&site, &site.renderer.templates()).map_err(WebError::Templates)?;
    }
    Ok(())
}
