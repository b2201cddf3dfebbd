//! What the build script makes of the protocol files.
#![allow(missing_docs, clippy::all, clippy::unwrap_used)]

/// The predecessor's service.
pub(super) mod stakepoolrpc {
    tonic::include_proto!("stakepoolrpc");
}

/// Our own service.
pub(super) mod pool_daemon {
    tonic::include_proto!("excc.stakepool.v1");
}
