//! What those must keep to who put wallets, nodes and stores of their own behind the traits of [`ports`](crate::ports).
//! Nothing but documentation; its examples are compiled and run with the tests.

pub mod events;
pub mod node;
pub mod stopping;
pub mod store;
pub mod wallet;
