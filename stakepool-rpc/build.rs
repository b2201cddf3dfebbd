//! Makes Rust of the protocol files, without an installed `protoc`, where a side of gRPC is asked for.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    #[cfg(any(feature = "grpc-client", feature = "grpc-server"))]
    {
        let files = protox::compile(["proto/stakepoolrpc.proto", "proto/pool_daemon.proto"], ["proto"])?;
        tonic_prost_build::configure()
            .build_client(cfg!(feature = "grpc-client"))
            .build_server(cfg!(feature = "grpc-server"))
            .codec_path("crate::grpc::codec::CappedCodec")
            // A key never prints itself: `grpc/generated.rs` says how the message does.
            .skip_debug(["excc.stakepool.v1.KeyTicket"])
            .compile_fds(files)?;
    }
    Ok(())
}
