//! The stores: one body of statements for all engines.
//!
//! Statements are fixed texts with bound values; where a statement depends on a query's shape, it is put together from
//! fixed pieces. Each is understood by every engine: no upserts, but an insertion that a key may refuse, or a change that
//! may find nothing; no `RETURNING`; `?` in the order of the values.

mod access;
mod admin;
mod audit;
mod history;
mod invitations;
mod leases;
mod ledger;
mod low_fee;
mod mail_failures;
mod money;
mod page;
mod rescans;
mod second_factor;
mod sessions;
mod ticket_mails;
mod tokens;
mod tries;
mod unverified;
mod upkeep;
mod users;
mod vsp;
