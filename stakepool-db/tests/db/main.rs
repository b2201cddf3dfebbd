//! The conformance suite of the stores, run for every engine, and what only an engine itself can be asked.
#![allow(clippy::unwrap_used)]
// A case that is missing in its file's list is never called, and so refused here.
#![deny(dead_code)]

#[macro_use]
mod fixture;

mod cases;
mod sample;
mod sqlite;
