//! The voting wallets' key, with which a daemon signs users' votes itself.

use std::fmt;
use std::path::PathBuf;

use stakepool_core::secret::Secret;
use stakepool_core::voting::FirstSigner;

use crate::reader::Reader;

/// A file with the voting wallets' key, and what opens it.
#[derive(Clone, PartialEq)]
pub struct SealedVotingKey {
    /// Where it lies.
    pub path: PathBuf,
    /// Its content, as `stakepoolctl chain voting-key` made it.
    pub sealed: Vec<u8>,
    /// The passphrase that opens it.
    pub passphrase: Secret,
}

impl fmt::Debug for SealedVotingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedVotingKey").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Reads `votingkey` and `votingkeypass`. Whether the one opens the other, the start finds out: that takes its time.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<SealedVotingKey> {
    let passphrase = reader.secret("votingkeypass");
    let Some(path) = reader.text("votingkey") else {
        if reader.is_set("votingkeypass") || reader.text("votingsigner").is_some_and(|first| first != "key") {
            reader.warn(
                "votingkeypass and votingsigner do nothing without votingkey: name the file that `stakepoolctl chain \
                 voting-key` made, or remove them",
            );
        }
        return None;
    };
    if reader.text("votingkeypass").is_none() {
        reader.missing("votingkeypass");
    }
    let sealed = reader.file("votingkey", &path)?;
    Some(SealedVotingKey { path: reader.home.join(path), sealed, passphrase: passphrase? })
}

/// Reads `votingsigner`.
pub(crate) fn first_signer(reader: &mut Reader<'_>) -> Option<FirstSigner> {
    reader.value("votingsigner", |text| match text {
        "key" => Ok(FirstSigner::Key),
        "wallet" => Ok(FirstSigner::Wallet),
        other => Err(format!("{other:?} is neither `key` nor `wallet`: say who is to sign first")),
    })
}
