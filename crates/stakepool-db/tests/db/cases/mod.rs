//! The cases, by store.

mod audit;
mod cursors;
mod hostile;
mod low_fee;
mod registration;
mod reopening;
mod rescans;
mod sessions;
mod tickets;
mod tokens;
mod users;
mod votes;
