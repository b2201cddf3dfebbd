#![doc = include_str!("../README.md")]

#[cfg(feature = "daemon")]
pub mod daemon;
#[cfg(any(feature = "grpc-client", feature = "grpc-server"))]
pub mod grpc;
#[cfg(feature = "json")]
pub mod json;
#[cfg(any(feature = "json", feature = "grpc-client"))]
mod meter;
#[cfg(any(feature = "json", feature = "grpc-client"))]
mod peer_address;
#[cfg(any(feature = "json", feature = "grpc-client"))]
pub mod presented;
pub mod tls;
