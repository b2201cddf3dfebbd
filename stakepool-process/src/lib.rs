#![doc = include_str!("../README.md")]

#[cfg(feature = "monitor")]
pub mod monitor;
#[cfg(feature = "program")]
pub mod program;

#[cfg(feature = "program")]
pub use program::{
    Found, NoAddress, ProgramConfig, Reloads, check_config, isolated, ready, run, until_signal, usable_address,
    usable_addresses,
};
