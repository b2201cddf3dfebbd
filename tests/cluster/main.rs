//! A pool on a cluster of three databases, whose nodes are lost and come back. `cargo test -p stakepool-tests --test cluster --
//! --ignored` runs it, on a machine with mariadb-server, galera-4 and rsync.

#![allow(clippy::unwrap_used)]

mod acts;
mod galera;
mod hosts;
mod http;
mod pool;
mod spread;
mod stage;
mod writers;

use std::sync::OnceLock;

use crate::galera::Galera;

/// The cluster of the tests that leave all nodes alone.
pub fn whole() -> &'static Galera {
    static WHOLE: OnceLock<Galera> = OnceLock::new();
    WHOLE.get_or_init(Galera::start)
}

mod stores_over_three_nodes {
    use crate::spread::Spread;

    stakepool_core::store_tests!(Spread, ignore = "needs a cluster");
}
