//! The tokens that the web and its daemons share, checked here so that `--check-config` reports a bad one.

use stakepool_core::secret::Secret;
use stakepool_rpc::grpc::RpcToken;

use crate::reader::Reader;

/// Reads `rpctoken`, which may be missing. A token that the services would not take is refused without being shown.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Secret> {
    let token = reader.secret("rpctoken")?;
    usable(reader, "rpctoken", token)
}

/// Reads the daemon's `rpctokennext`, which may be missing, beside its `rpctoken`.
pub(crate) fn read_next(reader: &mut Reader<'_>, token: Option<&Secret>) -> Option<Secret> {
    let next = reader.secret("rpctokennext")?;
    let next = usable(reader, "rpctokennext", next);
    if reader.text("rpctoken").is_none() {
        reader.refuse("rpctokennext", "it is the second token, but there is no first: name it rpctoken");
        return None;
    }
    let next = next?;
    if token == Some(&next) {
        reader.warn("rpctokennext is the same as rpctoken: remove it, or give it the token that is to be the next");
    }
    Some(next)
}

/// Reads the web's `rpctokens`: one for each of `daemons` hosts; empty where the key is not set. `None` stands for each that
/// cannot be used, which is reported.
pub(crate) fn read_each(reader: &mut Reader<'_>, daemons: usize) -> Vec<Option<Secret>> {
    if reader.list_length("rpctokens") == 0 {
        return Vec::new();
    }
    if reader.text("rpctoken").is_some() {
        reader.warn("rpctoken is not used, because rpctokens has a token for each daemon: remove one of them");
    }
    let tokens = reader.required_secrets("rpctokens", daemons == 1);
    let tokens: Vec<_> =
        tokens.into_iter().map(|token| token.and_then(|token| usable(reader, "rpctokens", token))).collect();
    reader.same_count("stakepooldhosts", daemons, "rpctokens", tokens.len());
    let is_twice = |(place, token): (usize, &Option<Secret>)| token.is_some() && tokens[..place].contains(token);
    if tokens.iter().enumerate().any(is_twice) {
        reader.warn("rpctokens has a token twice: what one daemon hears opens the other; give each daemon its own");
    }
    tokens
}

fn usable(reader: &mut Reader<'_>, key: &'static str, token: Secret) -> Option<Secret> {
    reader.accept(key, RpcToken::new(token.expose()))?;
    Some(token)
}
