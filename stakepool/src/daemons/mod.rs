//! The voting daemons: what they should have, and how they are kept at it.

mod desired;

pub use desired::desired_state;
