//! A pool on a cluster of three databases, whose nodes are lost and come back. `.ci/cluster` runs it, on a machine with
//! mariadb-server, galera-4 and rsync.

#![allow(clippy::unwrap_used)]

mod acts;
mod cluster_hosts;
mod cluster_pool;
mod cluster_start;
mod cluster_writers;
mod galera;
mod http;
mod spread;
mod stage;

use std::sync::OnceLock;

use crate::galera::Galera;

/// The cluster of the tests that leave all nodes alone.
pub fn whole() -> &'static Galera {
    static WHOLE: OnceLock<Galera> = OnceLock::new();
    WHOLE.get_or_init(Galera::start_patient)
}

mod cluster_stores {
    use crate::spread::Spread;

    stakepool_core::store_tests!(Spread, ignore = "needs a cluster");
}
