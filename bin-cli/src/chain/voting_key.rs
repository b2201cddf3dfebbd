//! `chain voting-key`: the voting wallets' key in a file, from their seed.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use stakepool::voting_key::{seal_voting_branch, voting_branch};
use stakepool_core::chain::{ExtendedPubKey, Network};
use stakepool_core::secret::Secret;
use zeroize::Zeroizing;

use crate::answer::{Answer, Style};
use crate::error::CliError;

/// Bytes of a line that are read at most: more than any seed or passphrase has.
const MOST: u64 = 4096;
/// Bytes that a wallet's seed has.
const SEED: std::ops::RangeInclusive<usize> = 16..=64;

/// Write the voting wallets' key into a file that opens by a passphrase, for the `votingkey` of voting daemons.
///
/// Their seed is asked for at the terminal, in hexadecimal as the wallet showed it when it was made, and never shown or kept.
#[derive(Debug, Args)]
pub(crate) struct VotingKey {
    /// The network of the wallets: mainnet, testnet or simnet.
    #[arg(long, value_name = "NET")]
    network: Network,
    /// The account's extended public key: the votingwalletextpub of the web.
    #[arg(long, value_name = "KEY")]
    xpub: String,
    /// The file to write, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Read the seed and, on a second line, the passphrase from standard input.
    #[arg(long)]
    stdin: bool,
}

#[derive(Serialize)]
struct Written {
    file: String,
    votingwalletextpub: String,
}

impl Answer for Written {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("file", self.file.clone()),
            ("votingwalletextpub", self.votingwalletextpub.clone()),
            (
                "next",
                "set votingkey to a copy of it, and votingkeypass to its passphrase, in each stakepoold.conf"
                    .to_owned(),
            ),
        ]
    }
}

impl VotingKey {
    pub(super) fn run(self, style: Style, input: &mut dyn Read, output: &mut dyn Write) -> Result<(), CliError> {
        let account =
            ExtendedPubKey::parse_for(&self.xpub, self.network).map_err(|error| CliError::argument("--xpub", error))?;
        // Before anybody types a seed.
        if fs::symlink_metadata(&self.out).is_ok() {
            return Err(CliError::argument("--out", "there is a file of that name: move it away, or name another"));
        }
        let (seed, passphrase) = if self.stdin { read(input)? } else { ask()? };
        let branch = voting_branch(&seed_bytes(&seed)?, &account).map_err(|error| CliError::argument("seed", error))?;
        let sealed = seal_voting_branch(&branch, self.network, &passphrase)
            .map_err(|error| CliError::argument("passphrase", error))?;
        write(&self.out, &sealed)
            .map_err(|error| CliError::argument("--out", format!("it cannot be written: {error}")))?;
        let written = Written { file: self.out.display().to_string(), votingwalletextpub: account.to_string() };
        style.write_single(output, &written).map_err(CliError::Output)
    }
}

/// The seed's bytes; blanks between its digits do not matter.
fn seed_bytes(seed: &Secret) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let digits: Zeroizing<String> = Zeroizing::new(seed.expose().split_whitespace().collect());
    let bytes = hex::decode(&*digits).ok().map(Zeroizing::new).filter(|bytes| SEED.contains(&bytes.len()));
    let reason = "give it in hexadecimal, 64 digits, as the wallet showed it below its words when it was made";
    bytes.ok_or_else(|| CliError::argument("seed", reason))
}

/// Asks at the terminal, the passphrase twice, without showing what is typed.
fn ask() -> Result<(Secret, Secret), CliError> {
    if !io::stdin().is_terminal() {
        let reason =
            "there is no terminal to ask for the seed: use this argument and give seed and passphrase on two lines";
        return Err(CliError::argument("--stdin", reason));
    }
    let prompt = |text: &str| rpassword::prompt_password(text).map(Secret::new).map_err(CliError::Input);
    let seed = prompt("Seed of the voting wallets, in hexadecimal: ")?;
    let passphrase = prompt("New passphrase of the file: ")?;
    if passphrase == prompt("Once more: ")? {
        Ok((seed, passphrase))
    } else {
        Err(CliError::Usage("the two passphrases differ; type the same one twice".to_owned()))
    }
}

fn read(input: &mut dyn Read) -> Result<(Secret, Secret), CliError> {
    let mut lines = BufReader::new(input.take(2 * MOST));
    let mut line = || {
        let mut text = Zeroizing::new(String::with_capacity(MOST as usize));
        lines.read_line(&mut text).map_err(CliError::Input)?;
        Ok::<_, CliError>(Secret::new(text.trim_end_matches(['\r', '\n'])))
    };
    Ok((line()?, line()?))
}

/// Writes a file that its owner alone can read. Half a file is taken away again.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // The first error is the one that counts.
        let _ = fs::remove_file(path);
    }
    written
}
