//! What users and administrators learn of tickets, and do with them.

pub mod low_fee;
