//! The token that the web and its daemons share, checked here so that `--check-config` reports a bad one.

use stakepool_core::secret::Secret;
use stakepool_rpc::grpc::RpcToken;

use crate::reader::Reader;

/// Reads `rpctoken`, which may be missing. A token that the services would not take is refused without being shown.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Secret> {
    let token = reader.secret("rpctoken")?;
    reader.accept("rpctoken", RpcToken::new(token.expose()))?;
    Some(token)
}
