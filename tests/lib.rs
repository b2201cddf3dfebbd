//! Tests across the crates: the folders `network` and `browser` run whole pools, `architecture` reads the sources.

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod architecture;
