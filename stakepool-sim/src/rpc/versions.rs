//! How the programs name their versions and their network.

use serde_json::{Value, json};
use stakepool_core::chain::{Generation, Network};

use crate::program::Role;

/// The version of today's node.
const NODE_TODAY: &str = "2.7.6+release.local";
/// The version of the legacy node.
const NODE_LEGACY: &str = "2.2.0+dev";
/// The version of today's wallet; a legacy one does not say its own.
const WALLET_TODAY: &str = "2.8.5-pre+95a63117d";

/// A program and its version, for people.
pub(crate) fn described(role: Role, generation: Generation) -> String {
    match (role, generation) {
        (Role::Node(_), Generation::Today) => format!("exccd {NODE_TODAY}"),
        (Role::Node(_), Generation::Legacy) => format!("exccd {NODE_LEGACY}"),
        (Role::Wallet(_), Generation::Today) => format!("exccwallet {WALLET_TODAY}"),
        (Role::Wallet(_), Generation::Legacy) => "exccwallet of 2018 (2.x)".to_owned(),
    }
}

/// The versions of a node.
pub(super) fn versions(generation: Generation) -> Value {
    match generation {
        Generation::Today => json!({
            "exccd": version(NODE_TODAY, [2, 7, 6], "", "release.local.go1-26-8"),
            "exccdjsonrpcapi": version("7.0.0", [7, 0, 0], "", ""),
        }),
        Generation::Legacy => json!({
            "exccd": version(NODE_LEGACY, [2, 2, 0], "", "dev.go1-26-8"),
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
            all["exccwallet"] = version(WALLET_TODAY, [2, 8, 5], "pre", "95a63117d");
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
