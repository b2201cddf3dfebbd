//! The web application in a real browser: what users and administrators do there, and what every page owes to all of
//! them. Needs Debian's `chromium` and `chromium-driver`, and for the pages `axe-core` from npm; `.ci/run` sees to both.

#![allow(clippy::unwrap_used)]

mod administrator;
mod axe;
mod browser;
mod charts;
mod driver;
mod lists;
mod pages;
// Letters and wallets are the same to every test; not all of them use everything of them.
#[allow(dead_code)]
#[path = "../../bin-web/tests/web/sink.rs"]
mod sink;
mod stage;
mod states;
mod user;
#[allow(dead_code)]
#[path = "../network/browser.rs"]
mod wallet;
