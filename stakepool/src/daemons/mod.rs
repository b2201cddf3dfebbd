//! The voting daemons: the desired state, the reconciler that keeps them at it, and how each of them is.
//!
//! When a daemon reconnects after an outage, `reconcile.rs` collects the events that it has since, and wakes the comparison;
//! `compare.rs` pushes the desired state where the daemon's differs.

mod compare;
mod desired;
mod differences;
mod ends;
#[cfg(feature = "vsp")]
mod key_voters;
mod ledger_check;
pub(crate) mod legacy_lists;
mod reconcile;
mod round;
mod standing;
mod ticket_watch;
mod view;
mod wording;

pub use desired::desired_state;
pub use differences::TicketDifference;
pub use reconcile::Reconciler;
pub use view::{DaemonView, Expected};

#[cfg(feature = "vsp")]
pub(crate) use key_voters::daemons_seen;

pub use crate::desired_changed::DesiredChanged;
