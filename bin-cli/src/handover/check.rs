//! `handover check`: a pack is whole, and what this host still lacks.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::{Network, sha256};
use stakepool_core::ports::UserStore;
use stakepool_core::time::UnixTime;
use stakepool_db::{DbError, Restorable};
use stakepool_rpc::tls::certificates_pem;

use super::contents;
use super::manifest::{DATABASE, LeftOut, Manifest, PackedFile, SecretPlace};
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;

/// Look a pack through, and say what this host lacks of what it names.
///
/// Every file is compared with its checksum, and the database is opened and looked through. Nothing is put in place:
/// `tar -xf FILE` unpacks it, `stakepoolctl restore` takes the database. The exit code is 1 where the pack cannot be used;
/// with --here also where this host lacks something.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The pack.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Everything that the pack names must be in its place on this host.
    #[arg(long)]
    here: bool,
}

#[derive(Serialize)]
struct Checked {
    pack: String,
    made: UnixTime,
    program: String,
    network: Network,
    /// Users in the database; null where it is not in the pack.
    users: Option<u64>,
    /// Files that lie on this host as they are in the pack, by their places.
    in_place: Vec<PathBuf>,
    /// What is not in its place on this host.
    lacking: Vec<String>,
    also_needed: Vec<String>,
}

impl Answer for Checked {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("pack", format!("{}, whole", self.pack)),
            ("made", format!("{} by {}", self.made.readable(), self.program)),
            ("network", self.network.to_string()),
        ];
        fields.extend(self.users.map(|users| ("users", users.to_string())));
        fields.extend(self.in_place.iter().map(|place| ("in place", place.display().to_string())));
        fields.extend(self.lacking.iter().map(|lacking| ("lacking here", lacking.clone())));
        fields.extend(self.also_needed.iter().map(|needed| ("also needed", needed.clone())));
        fields
    }
}

impl Check {
    pub(super) fn run(self, console: Console<'_>) -> Result<(), CliError> {
        let wrong = |error: &dyn std::error::Error| CliError::NotWell(format!("{}: {error}", self.file.display()));
        let folder = tempfile::tempdir().map_err(CliError::System)?;
        let database = folder.path().join(DATABASE);
        let manifest = contents::read(&self.file, &database).map_err(|error| wrong(&error))?;
        let users = if database.exists() { Some(users(&database).map_err(|error| wrong(&error))?) } else { None };
        let checked = of(&self.file, manifest, users);
        console.style.write_single(console.output, &checked).map_err(CliError::Output)?;
        match checked.lacking.len() {
            missing if self.here && missing > 0 => {
                Err(CliError::NotWell(format!("{missing} of what the pack names is not in its place on this host")))
            }
            _ => Ok(()),
        }
    }
}

/// Looks the database of a pack through, and counts its users.
fn users(database: &Path) -> Result<u64, DbError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| DbError::File { path: database.to_owned(), reason: error.to_string() })?;
    runtime.block_on(async {
        let checked = Restorable::check(database, database.with_extension("place")).await?;
        let counted = checked.database().counts().await;
        checked.discard().await;
        let (users, _) =
            counted.map_err(|error| DbError::File { path: database.to_owned(), reason: error.to_string() })?;
        Ok(users)
    })
}

fn of(pack: &Path, manifest: Manifest, users: Option<u64>) -> Checked {
    let (mut in_place, mut lacking) = (Vec::new(), Vec::new());
    for file in manifest.files {
        if is_in_place(&file) {
            in_place.push(file.place);
        } else {
            lacking.push(format!("{} (in the pack: {})", file.place.display(), file.name));
        }
    }
    for secret in &manifest.left_out {
        if !is_here(secret) {
            lacking.push(secret.readable());
        }
    }
    Checked {
        pack: pack.display().to_string(),
        made: manifest.made,
        program: manifest.program,
        network: manifest.network,
        users,
        in_place,
        lacking,
        also_needed: manifest.also_needed,
    }
}

/// Whether a file is in its place. The database goes on, and the configuration gets its secrets back: of these it counts
/// that they are there.
fn is_in_place(file: &PackedFile) -> bool {
    if !file.name.starts_with("certificates/") {
        return file.place.exists();
    }
    // What else stands in such a file was left out.
    let here = fs::read(&file.place).ok().and_then(|here| certificates_pem(&here).ok());
    here.is_some_and(|pem| hex::encode(sha256(pem.as_bytes())) == file.sha256)
}

/// Whether a secret is where the configuration has it. One that was in the configuration is for the web's start to miss.
fn is_here(secret: &LeftOut) -> bool {
    match &secret.from {
        SecretPlace::Configuration => true,
        SecretPlace::File(path) => path.exists(),
        SecretPlace::Variable(name) => std::env::var_os(name).is_some(),
    }
}
