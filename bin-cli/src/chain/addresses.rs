//! `chain addresses`: the keys and addresses of an account's external branch.

use std::io::{BufWriter, Write};

use clap::Args;
use rayon::prelude::*;
use serde::Serialize;
use stakepool_core::chain::{Address, ExternalBranch, HdKeyError, KeyIndex, Network, PubKeyAddress};

use super::arguments::external_branch;
use crate::answer::Style;
use crate::error::CliError;

/// Keys that are derived, on all cores, before they are written.
const AT_ONCE: u32 = 4096;
/// The highest index that a public key can derive.
const LAST_INDEX: u32 = (1 << 31) - 1;

/// Show the addresses of an account's external branch.
#[derive(Debug, Args)]
pub(crate) struct Addresses {
    /// The network of the key: mainnet, testnet or simnet.
    #[arg(long, value_name = "NET")]
    network: Network,
    /// The account's extended public key, as `getmasterpubkey` of the wallet prints it.
    #[arg(long, value_name = "KEY")]
    xpub: String,
    /// The first index.
    #[arg(long, value_name = "I", allow_negative_numbers = true)]
    from: u32,
    /// The last index, which is shown, too.
    #[arg(long, value_name = "J", allow_negative_numbers = true)]
    to: u32,
}

/// A child of the branch.
#[derive(Serialize)]
struct Child {
    index: KeyIndex,
    pubkey_hex: String,
    p2pkh: Address,
    pubkey_address: PubKeyAddress,
}

impl Addresses {
    pub(super) fn run(self, style: Style, output: &mut dyn Write) -> Result<(), CliError> {
        for (argument, index) in [("--from", self.from), ("--to", self.to)] {
            if index > LAST_INDEX {
                let reason = format!("{}; give at most {LAST_INDEX}", HdKeyError::Hardened(index));
                return Err(CliError::argument(argument, reason));
            }
        }
        if self.from > self.to {
            let reason = format!("{} is higher than --to {}; give the lower index first", self.from, self.to);
            return Err(CliError::argument("--from", reason));
        }
        let branch = external_branch("--xpub", &self.xpub, self.network)?;
        let mut out = BufWriter::with_capacity(1 << 16, output);
        self.write(style, &branch, &mut out)?;
        out.flush().map_err(CliError::Output)
    }

    fn write(&self, style: Style, branch: &ExternalBranch, out: &mut impl Write) -> Result<(), CliError> {
        if style == Style::Json {
            out.write_all(b"[").map_err(CliError::Output)?;
        }
        for first in (self.from..=self.to).step_by(AT_ONCE as usize) {
            let last = first.saturating_add(AT_ONCE - 1).min(self.to);
            for child in derive(branch, first, last)? {
                child.write(style, child.index.0 == self.from, out).map_err(CliError::Output)?;
            }
        }
        if style == Style::Json {
            out.write_all(b"]\n").map_err(CliError::Output)?;
        }
        Ok(())
    }
}

fn derive(branch: &ExternalBranch, first: u32, last: u32) -> Result<Vec<Child>, CliError> {
    (first..=last)
        .into_par_iter()
        .map(|index| {
            let index = KeyIndex(index);
            let pubkey_address = branch.address(index)?;
            let pubkey_hex = hex::encode(pubkey_address.public_key().serialize());
            Ok(Child { index, pubkey_hex, p2pkh: pubkey_address.to_pubkey_hash(), pubkey_address })
        })
        .collect::<Result<_, HdKeyError>>()
        .map_err(|error| CliError::argument("--xpub", error))
}

impl Child {
    fn write(&self, style: Style, first: bool, out: &mut impl Write) -> std::io::Result<()> {
        match style {
            Style::Text => {
                writeln!(out, "{}  {}  {}  {}", self.index, self.p2pkh, self.pubkey_address, self.pubkey_hex)
            }
            Style::Json => {
                if !first {
                    out.write_all(b",")?;
                }
                Ok(serde_json::to_writer(out, self)?)
            }
        }
    }
}
