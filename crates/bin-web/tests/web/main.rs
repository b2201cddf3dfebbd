//! The web application over real HTTP, with a database in a file, and wallets and daemons that tests direct.
#![allow(clippy::unwrap_used)]

mod accounts;
mod api;
mod browser;
mod daemons;
mod fakes;
mod hostile;
mod http;
mod keys;
mod pages;
mod recordings;
mod world;
