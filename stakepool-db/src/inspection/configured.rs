//! What the configuration says that rows are compared with.

use stakepool_core::accounts::{ApiKeys, PoolBranches};
use stakepool_core::chain::ExternalBranch;

/// What the configuration says that rows are compared with.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The branches from which all keys of the pool come.
    pub branches: PoolBranches,
    /// Branches of cold wallets before.
    pub old_cold: Vec<ExternalBranch>,
    /// The highest key index that is given to a user.
    pub max_users: u32,
    /// What verifies API keys.
    pub api_keys: ApiKeys,
}
