//! What the build script makes of the protocol files.
#![allow(missing_docs, clippy::all, clippy::unwrap_used)]

/// The predecessor's service.
pub(super) mod stakepoolrpc {
    tonic::include_proto!("stakepoolrpc");
}

/// Our own service.
pub(super) mod pool_daemon {
    tonic::include_proto!("excc.stakepool.v1");

    impl std::fmt::Debug for KeyTicket {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("KeyTicket").finish_non_exhaustive()
        }
    }

    impl Drop for KeyTicket {
        fn drop(&mut self) {
            zeroize::Zeroize::zeroize(&mut self.key);
        }
    }
}
