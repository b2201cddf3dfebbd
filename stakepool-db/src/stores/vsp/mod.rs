//! Registered tickets of wallets of today, and what belongs to them.

mod changes;
mod figures;
mod keys;
mod records;
mod rows;
mod tickets;
