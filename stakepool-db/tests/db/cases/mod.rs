//! The cases, by store.

mod access;
mod admin;
mod audit;
mod cursors;
mod history;
mod hostile;
mod leases;
mod low_fee;
mod registration;
mod reopening;
mod rescans;
mod second_factor;
mod sessions;
mod ticket_mails;
mod tickets;
mod tokens;
mod users;
mod votes;
