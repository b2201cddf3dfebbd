//! The files of a pack, written and read.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};
use stakepool_core::chain::sha256;
use tar::{Archive, Builder, EntryType, Header};

use super::manifest::{DATABASE, FOLDER, MANIFEST, Manifest, VERSION};

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;
/// The largest file beside the database.
const LARGEST: u64 = 1 << 20;

/// Why a pack cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PackError {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is no pack of stakepoolctl handover: {0}")]
    NoPack(&'static str),
    #[error("its manifest cannot be understood: {0}")]
    Manifest(#[from] serde_json::Error),
    #[error("it is of a later version ({0}) than this program knows: use that program's")]
    Later(u32),
    #[error("{0} is missing in it, or has changed since it was made: pack again")]
    Changed(String),
}

/// Writes a pack, which only its owner may read, where no file is yet.
pub(super) struct Writer(Builder<File>);

impl Writer {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self(Builder::new(file)))
    }

    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut header = header(content.len() as u64);
        self.0.append_data(&mut header, format!("{FOLDER}/{name}"), content)
    }

    pub(super) fn add_file(&mut self, name: &str, file: &mut File) -> io::Result<()> {
        let mut header = header(file.metadata()?.len());
        self.0.append_data(&mut header, format!("{FOLDER}/{name}"), file)
    }

    pub(super) fn finish(self) -> io::Result<()> {
        self.0.into_inner()?.sync_all()
    }
}

fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_entry_type(EntryType::Regular);
    header
}

/// The SHA-256 of all that a reader gives, in hexadecimal.
pub(super) fn sum(reader: &mut impl Read) -> io::Result<String> {
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            read => hasher.update(&piece[..read]),
        }
    }
}

/// A pack that was read and whose files are as they were packed. The database is written to `database`.
pub(super) fn read(path: &Path, database: &Path) -> Result<Manifest, PackError> {
    let mut archive = Archive::new(File::open(path)?);
    let (mut sums, mut manifest) = (BTreeMap::new(), None);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let name = name.strip_prefix(&format!("{FOLDER}/")).ok_or(PackError::NoPack("it has other files"))?.to_owned();
        if name == DATABASE {
            let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(database)?;
            io::copy(&mut entry, &mut target)?;
            target.flush()?;
            sums.insert(name, sum(&mut File::open(database)?)?);
            continue;
        }
        if entry.size() > LARGEST {
            return Err(PackError::NoPack("a file in it is too large"));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if name == MANIFEST {
            manifest = Some(content);
        } else {
            sums.insert(name, hex::encode(sha256(&content)));
        }
    }
    let manifest: Manifest = serde_json::from_slice(&manifest.ok_or(PackError::NoPack("it has no manifest"))?)?;
    if manifest.version > VERSION {
        return Err(PackError::Later(manifest.version));
    }
    for file in &manifest.files {
        if sums.get(&file.name) != Some(&file.sha256) {
            return Err(PackError::Changed(file.name.clone()));
        }
    }
    Ok(manifest)
}
