//! How the programs name their versions and their network.

use serde_json::{Value, json};
use stakepool_core::chain::{Generation, Network};

/// The versions of a node.
pub(super) fn versions(generation: Generation) -> Value {
    match generation {
        Generation::Today => json!({
            "exccd": version("2.7.6+release.local", [2, 7, 6], "", "release.local.go1-26-8"),
            "exccdjsonrpcapi": version("7.0.0", [7, 0, 0], "", ""),
        }),
        Generation::Legacy => json!({
            "exccd": version("2.2.0+dev", [2, 2, 0], "", "dev.go1-26-8"),
            "exccdjsonrpcapi": version("3.3.0", [3, 3, 0], "", ""),
        }),
    }
}

/// The versions of a wallet.
pub(super) fn wallet_versions(generation: Generation) -> Value {
    match generation {
        Generation::Legacy => json!({"exccwalletjsonrpcapi": version("5.0.0", [5, 0, 0], "", "")}),
        Generation::Today => {
            let mut all = versions(generation);
            all["exccwallet"] = version("2.8.5-pre+95a63117d", [2, 8, 5], "pre", "95a63117d");
            all["exccwalletjsonrpcapi"] = version("8.9.0", [8, 9, 0], "", "");
            all
        }
    }
}

/// A version as the programs say it.
fn version(text: &str, [major, minor, patch]: [u32; 3], prerelease: &str, build: &str) -> Value {
    json!({
        "versionstring": text, "major": major, "minor": minor, "patch": patch,
        "prerelease": prerelease, "buildmetadata": build,
    })
}

/// The number that names the network.
pub(super) fn network_magic() -> Value {
    json!(Network::Simnet.magic())
}
