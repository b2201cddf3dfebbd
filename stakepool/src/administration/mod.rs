//! What administrators do.

mod rescue;

pub use rescue::AccountRescue;
