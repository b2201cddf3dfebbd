//! The book for operators (`docs`): its layout, its links, the chapters that are made from the code, and that what it says of
//! alerts and commands is what the code has. `UPDATE_BOOK=1 cargo test -p stakepool-tests --test book` writes those chapters
//! anew.

#![allow(clippy::unwrap_used)]

mod commands;
mod configuration;
mod kinds;
mod links;
mod page;

use std::path::{Path, PathBuf};

use crate::page::Page;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// All chapters.
fn pages() -> Vec<Page> {
    let files = docs().read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<Page> =
        files.filter(|path| path.extension().is_some_and(|it| it == "md")).map(Page::read).collect();
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    pages
}

/// Holds a chapter to what is made from the code, or writes it anew where that is asked for.
fn hold(name: &str, made: &str) {
    let path = docs().join(name);
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == made,
        "docs/{name} is not what the code says; UPDATE_BOOK=1 cargo test -p stakepool-tests --test book writes it"
    );
}
