//! A backup of a database on a server: a copy of it in a file.

use std::path::Path;

use stakepool_core::ports::DatabaseServer;

use super::copy_end::CopyEnd;
use super::in_use::Meanwhile;
use super::run::{Copied, Progress, copy};
use crate::error::DbError;
use crate::sqlite::{BackupTarget, Existing};

/// Copies a database on a server into an SQLite file at `path`, while programs go on to use it: the copy is of one moment. A file
/// that is made so is restored as any other backup. After an error everything is as it was.
///
/// # Errors
/// [`DbError`], also where something else than an earlier backup has the name.
pub async fn back_up_server(
    server: DatabaseServer,
    path: &Path,
    existing: Existing,
    progress: &mut dyn FnMut(Progress),
) -> Result<Copied, DbError> {
    let target = BackupTarget::new(path, existing, Vec::new())?;
    let unfinished = target.begin()?;
    let place = CopyEnd::Sqlite(unfinished.path().to_owned());
    let copied = copy(&CopyEnd::Mysql(server), &place, Meanwhile::LeftOut, progress).await?;
    target.finish(unfinished)?;
    Ok(Copied { to: path.display().to_string(), ..copied })
}
