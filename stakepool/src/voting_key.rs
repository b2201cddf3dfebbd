//! The voting wallets' own key, from which their votes can be signed without them: found by the wallets' seed, and kept in a
//! file that opens by a passphrase.

use stakepool_core::chain::{CoinType, ExtendedPrivKey, ExtendedPubKey, ExternalBranch, HdKeyError, KeyIndex, Network};
use stakepool_core::secret::Secret;

use crate::sealed::{SealError, open_by_passphrase, seal_by_passphrase};

/// The accounts of a wallet that are tried.
const ACCOUNTS: std::ops::Range<u32> = 0..20;

/// Why there is no voting key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VotingKeyError {
    /// The seed is of another wallet.
    #[error(
        "the seed does not give votingwalletextpub under any of its first 20 accounts: type the seed of the voting wallets, \
         or set votingwalletextpub to the key that their `getmasterpubkey` prints"
    )]
    OtherWallet,
    /// The file is of another wallet.
    #[error("the key file belongs to other voting wallets than votingwalletextpub: make it again from their seed")]
    OtherFile,
    /// The seed or its children give no key.
    #[error(transparent)]
    Derivation(#[from] HdKeyError),
    /// The file cannot be made or opened.
    #[error("the voting key file: {0}")]
    Sealed(#[from] SealError),
}

/// The external branch of the account whose public key is `account`, in the wallet with this seed. Both numbers of the coin
/// are tried, since wallets of different ages use different ones.
///
/// # Errors
/// [`VotingKeyError::OtherWallet`] where the account is none of the wallet's; [`VotingKeyError::Derivation`] for what is no seed.
pub fn voting_branch(seed: &[u8], account: &ExtendedPubKey) -> Result<ExtendedPrivKey, VotingKeyError> {
    let network = account.network();
    for number in ACCOUNTS {
        for coin in [CoinType::Registered, CoinType::Legacy] {
            let found = ExtendedPrivKey::account(seed, network, coin, number)?;
            if found.public(network) == *account {
                return Ok(found.child(KeyIndex(0))?);
            }
        }
    }
    Err(VotingKeyError::OtherWallet)
}

/// The content of the key file.
///
/// # Errors
/// [`VotingKeyError::Sealed`].
pub fn seal_voting_branch(
    branch: &ExtendedPrivKey,
    network: Network,
    passphrase: &Secret,
) -> Result<Vec<u8>, VotingKeyError> {
    Ok(seal_by_passphrase(branch.to_text(network).expose().as_bytes(), passphrase, place(network).as_bytes())?)
}

/// Opens the content of a key file, and insists that it is of the voting wallets with this account.
///
/// # Errors
/// [`VotingKeyError::Sealed`] for a wrong passphrase or file; [`VotingKeyError::OtherFile`] for one of other wallets.
pub fn open_voting_branch(
    file: &[u8],
    passphrase: &Secret,
    account: &ExtendedPubKey,
) -> Result<ExtendedPrivKey, VotingKeyError> {
    let network = account.network();
    let branch = open_voting_branch_of(file, passphrase, network)?;
    if ExternalBranch::of_branch_key(branch.public(network)) == account.external_branch()? {
        Ok(branch)
    } else {
        Err(VotingKeyError::OtherFile)
    }
}

/// Opens the content of a key file, whosever wallets it is of: their scripts and account keys will tell.
///
/// # Errors
/// [`VotingKeyError::Sealed`] for a wrong passphrase or file, or one of another network.
pub fn open_voting_branch_of(
    file: &[u8],
    passphrase: &Secret,
    network: Network,
) -> Result<ExtendedPrivKey, VotingKeyError> {
    let text = open_by_passphrase(file, passphrase, place(network).as_bytes())?;
    let text = std::str::from_utf8(&text).map_err(|_| SealError::Format)?;
    Ok(ExtendedPrivKey::parse_for(text, network)?)
}

fn place(network: Network) -> String {
    format!("voting key of {network}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The account keys of real wallets with the seed of 32 times 0x11, as `getmasterpubkey` of exccwallet printed it.
    const TODAY: &str = "spubVVyAaVqcxFBjPJcRT3ZRUyMDRfmEBzS3mo6Z7435wg8to9NmNGvvz7pWvRPWCxQcP28SyHKKrteSFjXg4hCBUHLMGPTQit9Th6vM5RfrL4e";

    fn account() -> ExtendedPubKey {
        TODAY.parse().unwrap()
    }

    #[test]
    fn the_branch_is_found_by_the_seed_under_either_number_of_the_coin_and_any_account() {
        let public = |branch: &ExtendedPrivKey| ExternalBranch::of_branch_key(branch.public(Network::Simnet));
        let branch = voting_branch(&[0x11; 32], &account()).unwrap();
        assert_eq!(Ok(public(&branch)), account().external_branch());
        let older = ExtendedPrivKey::account(&[0x11; 32], Network::Simnet, CoinType::Legacy, 3).unwrap();
        let older = older.public(Network::Simnet);
        assert_eq!(Ok(public(&voting_branch(&[0x11; 32], &older).unwrap())), older.external_branch());
    }

    #[test]
    fn the_seed_of_another_wallet_is_refused() {
        assert_eq!(voting_branch(&[0x12; 32], &account()).err(), Some(VotingKeyError::OtherWallet));
        assert_eq!(voting_branch(&[], &account()).err(), Some(VotingKeyError::Derivation(HdKeyError::Seed)));
    }

    #[test]
    fn a_key_file_opens_for_its_own_wallets_and_passphrase_alone() {
        let passphrase = Secret::new("gull anvil ferry nine");
        let branch = voting_branch(&[0x11; 32], &account()).unwrap();
        let file = seal_voting_branch(&branch, Network::Simnet, &passphrase).unwrap();
        let opened = open_voting_branch(&file, &passphrase, &account()).unwrap();
        assert_eq!(opened.public(Network::Simnet), branch.public(Network::Simnet));
        let wrong = open_voting_branch(&file, &Secret::new("gull"), &account());
        assert_eq!(wrong.err(), Some(VotingKeyError::Sealed(SealError::Wrong)));
        let other = ExtendedPrivKey::account(&[0x12; 32], Network::Simnet, CoinType::Registered, 0).unwrap();
        let other = open_voting_branch(&file, &passphrase, &other.public(Network::Simnet));
        assert_eq!(other.err(), Some(VotingKeyError::OtherFile));
    }
}
