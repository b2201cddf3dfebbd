//! The services of the voting daemon.
