//! `stakepoolctl chain voting-key`: the voting wallets' key from their seed, in a file that a passphrase opens.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use stakepool::voting_key::open_voting_branch;
use stakepool_core::chain::ExternalBranch;
use stakepool_core::secret::Secret;

use crate::chain::{answer_of, chain};

/// The account key of a real wallet with the seed of 32 times 0x11, as its `getmasterpubkey` printed it.
const VOTING_XPUB: &str =
    "spubVVyAaVqcxFBjPJcRT3ZRUyMDRfmEBzS3mo6Z7435wg8to9NmNGvvz7pWvRPWCxQcP28SyHKKrteSFjXg4hCBUHLMGPTQit9Th6vM5RfrL4e";

/// `chain voting-key` with a seed and passphrase on standard input.
fn voting_key(file: &Path, seed: &str, passphrase: &str) -> Output {
    let out = file.to_str().unwrap();
    let arguments = ["voting-key", "--network", "simnet", "--xpub", VOTING_XPUB, "--out", out, "--stdin"];
    let mut child = chain(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{seed}\n{passphrase}\n").as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn the_voting_wallets_key_is_written_for_its_owner_alone_and_opens_by_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voting.key");
    let seed = "11".repeat(32);
    let answer = answer_of(&voting_key(&file, &seed, "gull anvil ferry nine"));
    assert!(answer.contains(VOTING_XPUB) && !answer.contains(&seed) && !answer.contains("gull"), "{answer}");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let sealed = std::fs::read(&file).unwrap();
    let passphrase = Secret::new("gull anvil ferry nine");
    let account = VOTING_XPUB.parse().unwrap();
    let branch = open_voting_branch(&sealed, &passphrase, &account).unwrap();
    let own = ExternalBranch::of_branch_key(branch.public(account.network()));
    assert_eq!(account.external_branch(), Ok(own));
    let again = voting_key(&file, &seed, "gull anvil ferry nine");
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(std::fs::read(&file).unwrap(), sealed, "a file that is there is not touched");
}

#[test]
fn the_seed_of_another_wallet_and_what_is_no_seed_write_nothing_and_are_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voting.key");
    for (seed, passphrase, said) in [
        ("12".repeat(32), "x", "the seed does not give votingwalletextpub"),
        ("aardvark adroitness absurd".to_owned(), "x", "give it in hexadecimal"),
        ("11".repeat(32), "", "the passphrase is empty"),
    ] {
        let output = voting_key(&file, &seed, passphrase);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(said) && !message.contains(&seed), "{message}");
        assert!(!file.exists());
    }
}
