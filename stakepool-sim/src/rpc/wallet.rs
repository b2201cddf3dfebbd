//! The calls of a wallet. What it does not know goes on to the node.

use serde_json::{Value, json};
use stakepool_core::chain::Generation;

use super::error::{RpcError, RpcResult};
use super::params::Params;
use super::versions::wallet_versions;
use super::{node, wallet_keys, wallet_tickets};
use crate::network::State;

/// The passphrase of every wallet.
const PASSPHRASE: &str = "password";

/// Answers a call.
pub(super) fn call(state: &mut State, number: usize, method: &str, params: Params<'_>) -> RpcResult {
    let legacy = state.chain.generation == Generation::Legacy;
    match method {
        "version" => Ok(wallet_versions(state.chain.generation)),
        "getinfo" => Ok(info(state)),
        "walletinfo" => Ok(wallet_info(state, number)),
        "getticketfee" if legacy => Ok(json!(0.001)),
        "walletlock" => {
            state.wallets[number].locked = true;
            Ok(Value::Null)
        }
        "walletpassphrase" => unlock(state, number, params),
        _ => wallet_keys::call(state, number, method, params)
            .or_else(|| wallet_tickets::call(state, number, method, params))
            .unwrap_or_else(|| node::call(state, method, params)),
    }
}

fn info(state: &State) -> Value {
    let (_, height) = state.chain.tip();
    let mut info = json!({
        "balance": 0, "blocks": height, "timeoffset": 0, "connections": 0, "proxy": "", "difficulty": 1.0,
        "testnet": false, "keypoololdest": 0, "keypoolsize": 0, "unlocked_until": 0, "paytxfee": 0.001,
        "relayfee": 0.001, "errors": "",
    });
    let (node, protocol, wallet) = match state.chain.generation {
        Generation::Today => (2_070_600, 8, 2_080_500),
        Generation::Legacy => (2_020_000, 6, 8),
    };
    info["version"] = json!(node);
    info["protocolversion"] = json!(protocol);
    info["walletversion"] = json!(wallet);
    info
}

fn wallet_info(state: &State, number: usize) -> Value {
    let wallet = &state.wallets[number];
    let vote_version = state.vote_version();
    let mut info = json!({
        "daemonconnected": wallet.connected, "unlocked": !wallet.locked, "txfee": 0.001, "votebits": 1,
        "votebitsextended": hex::encode(vote_version.0.to_le_bytes()), "voteversion": vote_version,
        "voting": wallet.votes_itself,
    });
    match state.chain.generation {
        Generation::Today => {
            info["spv"] = json!(false);
            info["cointype"] = json!(1);
            info["manualtickets"] = json!(false);
        }
        Generation::Legacy => {
            info["ticketfee"] = json!(0.001);
            info["ticketpurchasing"] = json!(false);
        }
    }
    info
}

fn unlock(state: &mut State, number: usize, params: Params<'_>) -> RpcResult {
    if params.text(0)? != PASSPHRASE {
        let message = match state.chain.generation {
            Generation::Today => "wallet.Unlock: invalid passphrase:: secretkey.DeriveKey",
            Generation::Legacy => "The wallet passphrase entered was incorrect",
        };
        return Err(RpcError::new(-14, message));
    }
    state.wallets[number].locked = false;
    Ok(Value::Null)
}
