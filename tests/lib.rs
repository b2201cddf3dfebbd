//! Tests across the crates; see the folder `network`.
