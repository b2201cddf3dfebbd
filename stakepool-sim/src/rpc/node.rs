//! The calls of a node.

use serde_json::{Value, json};
use stakepool_core::chain::{Generation, Transaction};

use super::error::{RpcError, RpcResult};
use super::params::Params;
use super::rejection::rejected;
use super::{queries, tickets};
use crate::network::State;

/// Blocks that `generate` makes at most in a call.
const MOST_GENERATED: u32 = 1000;

/// Answers a call.
pub(super) fn call(state: &mut State, method: &str, params: Params<'_>) -> RpcResult {
    match method {
        "generate" => generate(state, params.number(0)?),
        "sendrawtransaction" => send(state, params),
        "rebroadcastwinners" => {
            state.rebroadcast_winners();
            Ok(Value::Null)
        }
        "addticket" if state.chain.generation == Generation::Today => {
            Err(RpcError::new(-1, "This implementation does not implement wallet commands"))
        }
        _ => queries::call(state, method, params)
            .or_else(|| tickets::call(state, method, params))
            .unwrap_or_else(|| Err(RpcError::unknown_method())),
    }
}

fn generate(state: &mut State, blocks: u32) -> RpcResult {
    if blocks == 0 || blocks > MOST_GENERATED {
        return Err(RpcError::internal("Invalid number of blocks"));
    }
    let hashes: Result<Vec<_>, _> = (0..blocks).map(|_| state.mine()).collect();
    hashes.map(|hashes| json!(hashes)).map_err(RpcError::internal)
}

fn send(state: &mut State, params: Params<'_>) -> RpcResult {
    let bytes = params.bytes(0)?;
    let transaction =
        Transaction::decode(&bytes).map_err(|_| RpcError::new(-22, "Could not decode Tx: unexpected EOF"))?;
    let hash = transaction.hash();
    let generation = state.chain.generation;
    state.submit(transaction).map(|hash| json!(hash)).map_err(|rejection| rejected(hash, &rejection, generation))
}
