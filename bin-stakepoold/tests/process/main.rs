//! The program as an operator runs it: started with a configuration file, stopped with signals.

#![allow(clippy::unwrap_used)]

mod daemon;
mod floods;
mod life;
mod panics;
mod polling;
mod waiting;
