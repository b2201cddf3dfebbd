//! `vsp import`: the tickets of a vspd become the pool's.

mod answer;
mod command;
mod file;

pub(super) use command::Import;
