//! Arguments that several commands share.

use clap::ValueEnum;
use stakepool_core::chain::{Amount, ExtendedPubKey, ExternalBranch, Generation, Network};

use crate::error::CliError;

/// Which programs run the network: simnet's consensus parameters differ between the generations.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum GenerationName {
    /// exccd 2.7 and exccwallet 2.8.
    Today,
    /// exccd and exccwallet 2.2 of 2018.
    Legacy,
}

impl From<GenerationName> for Generation {
    fn from(name: GenerationName) -> Self {
        match name {
            GenerationName::Today => Self::Today,
            GenerationName::Legacy => Self::Legacy,
        }
    }
}

/// An amount in atoms from the command line.
pub(super) fn atoms(text: &str) -> Result<Amount, String> {
    text.parse().ok().and_then(amount).ok_or_else(|| NOT_ATOMS.to_owned())
}

/// What to give where an amount in atoms is wanted.
pub(super) const NOT_ATOMS: &str = "give a whole number of atoms from 0 to 9223372036854775807";

/// An amount that can be paid: not negative.
pub(super) fn amount(atoms: i64) -> Option<Amount> {
    (atoms >= 0).then(|| Amount::from_atoms(atoms))
}

/// The external branch of the account key in `argument`.
pub(super) fn external_branch(argument: &'static str, key: &str, network: Network) -> Result<ExternalBranch, CliError> {
    ExtendedPubKey::parse_for(key, network)
        .and_then(|key| key.external_branch())
        .map_err(|error| CliError::argument(argument, error))
}
