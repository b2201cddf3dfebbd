#![doc = include_str!("../README.md")]

#[cfg(feature = "monitor")]
pub mod monitor;
#[cfg(feature = "program")]
pub mod program;

#[cfg(feature = "program")]
pub use program::{
    NoAddress, ProgramConfig, ready, run, until_signal, until_signal_without_reload, usable_address, usable_addresses,
};
