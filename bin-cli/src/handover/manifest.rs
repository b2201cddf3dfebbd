//! What a pack says of itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stakepool_core::chain::Network;
use stakepool_core::time::UnixTime;

/// The version of packs that is written, and the latest that is read.
pub(super) const VERSION: u32 = 1;
/// The folder in a pack in which everything lies.
pub(super) const FOLDER: &str = "stakepool-handover";
/// The manifest's name.
pub(super) const MANIFEST: &str = "manifest.json";
/// The configuration's name.
pub(super) const CONFIGURATION: &str = "exccstakepool.conf";
/// The database's name.
pub(super) const DATABASE: &str = "pool.sqlite";

/// What a pack says of itself. Fields may be added.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: u32,
    pub(super) made: UnixTime,
    /// Of which version of the program it is.
    pub(super) program: String,
    pub(super) network: Network,
    pub(super) files: Vec<PackedFile>,
    /// Secrets, which are not in it.
    pub(super) left_out: Vec<LeftOut>,
    /// What else is not in it, for people.
    pub(super) also_needed: Vec<String>,
}

/// A file of a pack.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PackedFile {
    /// Its name in the pack.
    pub(super) name: String,
    /// Where it was, and where the configuration expects it.
    pub(super) place: PathBuf,
    /// SHA-256, hexadecimal.
    pub(super) sha256: String,
}

/// A secret that is not in a pack.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LeftOut {
    /// The key.
    pub(super) key: String,
    /// Where the configuration has it.
    #[serde(flatten)]
    pub(super) from: SecretPlace,
}

/// Where a secret is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "where", content = "name")]
pub(super) enum SecretPlace {
    /// In the line itself, which is left out, too.
    Configuration,
    /// In a file that the line names.
    File(PathBuf),
    /// In an environment variable that the line names.
    Variable(String),
}

impl LeftOut {
    /// For people.
    pub(super) fn readable(&self) -> String {
        match &self.from {
            SecretPlace::Configuration => format!("{}: set it in the configuration anew", self.key),
            SecretPlace::File(path) => format!("{}: the file {}", self.key, path.display()),
            SecretPlace::Variable(name) => format!("{}: the environment variable {name}", self.key),
        }
    }
}
