//! The crate as its users see it.
#![allow(clippy::unwrap_used)]

mod daemon;
mod grpc;
mod json;
mod tls;
