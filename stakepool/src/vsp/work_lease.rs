//! The lease of the work that blocks bring: one instance does it.

use std::time::Duration;

/// The work of which one instance has the lease.
pub(crate) const WORK: &str = "vsp chain";
/// How long an instance has it without asking again.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
