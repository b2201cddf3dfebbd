//! `handover pack`: everything but the secrets in one file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use stakepool_config::{Database as Location, WebConfig};
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::sha256;
use stakepool_core::ports::{AuditEntry, AuditStore};
use stakepool_db::Existing;

use super::contents::{Writer, sum};
use super::manifest::{CONFIGURATION, DATABASE, LeftOut, MANIFEST, Manifest, PackedFile, SecretPlace, VERSION};
use super::settings::{Settings, without_secrets};
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Pack what another host needs to take the web over, but for its secrets.
///
/// A tar file that only you may read: the configuration without secrets and comments, every certificate that it names, and a
/// copy of the database, made while the pool goes on. No password, token or key is in it; those that are needed are named,
/// for you to bring over apart. Users' password hashes and e-mail addresses are in the database: keep the pack as you keep
/// backups. A database on a server is not in it.
#[derive(Debug, Args)]
pub(crate) struct Pack {
    /// Where the pack goes. A file that is there already is kept.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Packed {
    pack: String,
    files: Vec<PathBuf>,
    /// Secrets to bring over apart.
    left_out: Vec<String>,
    also_needed: Vec<String>,
}

impl Answer for Packed {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("pack", self.pack.clone())];
        fields.extend(self.files.iter().map(|file| ("packed", file.display().to_string())));
        fields.extend(self.left_out.iter().map(|secret| ("left out", secret.clone())));
        fields.extend(self.also_needed.iter().map(|needed| ("also needed", needed.clone())));
        fields
    }
}

impl Pack {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let (config, place, text) = pool.load_with_file()?;
        if fs::symlink_metadata(&self.file).is_ok() {
            return Err(CliError::argument("FILE", "it is there already and is kept: name another file"));
        }
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let written = self.write(&open, &config, &place, &text);
        if written.is_err() {
            // A half-written pack helps nobody; where it cannot be removed, the check finds it out.
            let _ = fs::remove_file(&self.file);
        }
        let manifest = written?;
        let packed = Packed {
            pack: self.file.display().to_string(),
            files: manifest.files.into_iter().map(|file| file.place).collect(),
            left_out: manifest.left_out.iter().map(LeftOut::readable).collect(),
            also_needed: manifest.also_needed,
        };
        console.style.write_single(console.output, &packed).map_err(CliError::Output)
    }

    fn write(&self, open: &OpenPool, config: &WebConfig, place: &Path, text: &str) -> Result<Manifest, CliError> {
        let failed = |error: io::Error| CliError::File { path: self.file.clone(), error };
        let Settings { text, mut left_out } = without_secrets(text, &config.sources.private_files);
        // It has a default: the configuration needs no line of it.
        left_out.extend(
            config
                .vsp
                .as_ref()
                .map(|vsp| LeftOut { key: "vspkeyfile".to_owned(), from: SecretPlace::File(vsp.key_file.clone()) }),
        );
        let mut writer = Writer::new(&self.file).map_err(failed)?;
        let mut files = vec![packed(CONFIGURATION, place, text.as_bytes())];
        writer.add(CONFIGURATION, text.as_bytes()).map_err(failed)?;
        for (number, certificate) in config.sources.certificates.iter().enumerate() {
            let name = format!("certificates/{number}.pem");
            writer.add(&name, certificate.pem.as_bytes()).map_err(failed)?;
            files.push(packed(&name, &certificate.path, certificate.pem.as_bytes()));
        }
        let mut also_needed = Vec::new();
        match &config.database {
            Location::Sqlite(path) => files.push(self.add_database(open, &mut writer, path)?),
            Location::Mysql(server) => {
                also_needed.push(format!(
                    "the database at {}: see its server's own backup",
                    server.place_on(&server.hosts.join(","))
                ));
            }
        }
        if config.rpc_identity.is_some() {
            also_needed.push("the private key of rpcclientcert (rpcclientkey)".to_owned());
        }
        let manifest = Manifest {
            version: VERSION,
            made: open.pool.now(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            network: config.network,
            files,
            left_out,
            also_needed,
        };
        let said = serde_json::to_vec_pretty(&manifest).map_err(|error| failed(error.into()))?;
        writer.add(MANIFEST, &said).and_then(|()| writer.finish()).map_err(failed)?;
        Ok(manifest)
    }

    fn add_database(&self, open: &OpenPool, writer: &mut Writer, place: &Path) -> Result<PackedFile, CliError> {
        let failed = |error: io::Error| CliError::File { path: self.file.clone(), error };
        let mut copy = self.file.clone().into_os_string();
        copy.push(".database");
        let copy = PathBuf::from(copy);
        open.wait(open.database.backup(&copy, Existing::Keep))?;
        let added = File::open(&copy).and_then(|mut file| {
            writer.add_file(DATABASE, &mut file)?;
            sum(&mut File::open(&copy)?)
        });
        fs::remove_file(&copy).map_err(failed)?;
        let sha256 = added.map_err(failed)?;
        let act = AuditAction::DatabaseBackup;
        let entry = AuditEntry::new(open.pool.now(), ACTOR, act, &self.file.display(), "for a handover");
        open.wait(open.database.append(&entry))?;
        Ok(PackedFile { name: DATABASE.to_owned(), place: place.to_owned(), sha256 })
    }
}

fn packed(name: &str, place: &Path, content: &[u8]) -> PackedFile {
    PackedFile { name: name.to_owned(), place: place.to_owned(), sha256: hex::encode(sha256(content)) }
}
