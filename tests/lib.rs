//! Tests across the crates: the folders `network` and `browser` run whole pools, `book` reads the book for
//! operators, `architecture` the sources.

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod architecture;
