//! The web application over real HTTP, with a database in a file, and wallets and daemons that tests direct.
#![allow(clippy::unwrap_used)]

mod accounts;
mod admin;
mod admin_lists;
mod api;
mod browser;
mod daemons;
mod fakes;
mod floods;
mod forged;
mod hostile;
mod http;
mod instances;
mod keys;
mod lists;
mod mail;
mod mischief;
mod monitors;
mod pages;
mod protocol;
mod proxies;
mod recordings;
mod reload;
mod robots;
mod second_factor;
mod secrets;
mod security;
mod settings;
mod sink;
mod slow;
mod templates;
mod tickets;
mod typed;
mod voting;
mod wallets;
mod world;
