//! What both engines must find in the same rows.

use stakepool_core::accounts::{ApiKeys, PoolBranches, UserId};
use stakepool_core::chain::ExtendedPubKey;
use stakepool_db::{Configured, Inspection, Severity};

/// The keys of the database that the predecessor's programs made.
const COLD: &str =
    "spubVVH7ptrqiwd4RMud2eWjyLdGFMtsUSQM2SioLGk7YhiZUJxtsoTEAH26JA6Zp9MSiJJ2FYPbStxBcZdfhuvdmoq2tW8TF4cj6TQq2gNHChD";
const VOTING: &str =
    "spubVW5P9qRiynbYg36SpAhBQnqev2v32WazWqvFbCkPbQX55BBmQs7tqXsoBjwJPZ3TRCaHUePEsUDWmDBVBAdpyyfhLHFgnLBCmaDMCzacrte";
const API_SECRET: &str = "5f1e0c0ffee05f1e0c0ffee05f1e0c0ffee05f1e0c0ffee05f1e0c0ffee05f1e";

/// The configuration of those programs.
pub fn configured() -> Configured {
    let branch = |key: &str| key.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    Configured {
        branches: PoolBranches { voting: branch(VOTING), cold: branch(COLD) },
        old_cold: Vec::new(),
        max_users: 9999,
        api_keys: ApiKeys::new(API_SECRET, "https://pool.example.org").unwrap(),
    }
}

/// The same with everything else.
pub fn wrongly_configured() -> Configured {
    let right = configured();
    Configured {
        branches: PoolBranches { voting: right.branches.cold, cold: right.branches.voting },
        max_users: 3,
        api_keys: ApiKeys::new("another secret", "https://pool.example.org").unwrap(),
        ..right
    }
}

/// The users of whom something is said.
pub fn users_of(found: &Inspection, kind: &str) -> Vec<i64> {
    let of_kind = found.defects.iter().filter(|defect| defect.kind == kind);
    of_kind.flat_map(|defect| defect.users.iter().map(|UserId(user)| *user)).collect()
}

/// What was found, without the texts.
pub fn kinds(found: &Inspection) -> Vec<(Severity, &'static str)> {
    let mut kinds: Vec<_> = found.defects.iter().map(|defect| (defect.severity, defect.kind)).collect();
    kinds.dedup();
    kinds
}

/// Holds what must be found once these were done by hand to users 1 to 4 of the predecessor's database.
pub const BY_HAND: [&str; 5] = [
    "UPDATE Users SET EmailToken = NULL WHERE UserId = 1",
    "UPDATE Users SET MultiSigScript = '51' WHERE UserId = 2",
    "UPDATE Users SET UserFeeAddr = (SELECT a.f FROM (SELECT UserFeeAddr AS f FROM Users WHERE UserId = 1) AS a) WHERE UserId = 3",
    "UPDATE Users SET EmailVerified = 7 WHERE UserId = 4",
    "UPDATE Users SET APIToken = 'cut' WHERE UserId = 4",
];

pub fn hold_what_was_done_by_hand(found: &Inspection) {
    for (kind, users) in [("null", vec![1]), ("script", vec![2]), ("fee_address", vec![3]), ("unreadable", vec![4])] {
        assert_eq!(users_of(found, kind), users, "{kind}: {found:#?}");
    }
    assert!(users_of(found, "api_token").contains(&4), "{found:#?}");
    let texts: Vec<String> = found.defects.iter().map(ToString::to_string).collect();
    assert!(!texts.join("\n").contains("example"), "no e-mail address is shown: {texts:#?}");
    assert!(found.defects.is_sorted_by_key(|defect| std::cmp::Reverse(defect.severity)), "{found:#?}");
}
