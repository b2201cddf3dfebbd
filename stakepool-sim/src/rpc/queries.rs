//! What a node answers about blocks, transactions and itself.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stakepool_core::chain::{
    Address, Amount, BlockHash, BlockHeight, Generation, OutPoint, TxHash, block_subsidy, vote_subsidy,
};

use super::error::{RpcError, RpcResult};
use super::params::Params;
use super::render::{coins, script, transaction};
use super::versions::{network_magic, versions};
use crate::chain::{Block, TxKind, TxTree};
use crate::network::State;

/// The difficulty of the proof of work as the programs print it.
const DIFFICULTY: f64 = 1.0;

/// Answers a call, where it is one of these.
pub(super) fn call(state: &State, method: &str, params: Params<'_>) -> Option<RpcResult> {
    let chain = &state.chain;
    let (hash, height) = chain.tip();
    Some(match method {
        "version" => Ok(versions(chain.generation)),
        "getinfo" => Ok(info(state)),
        "getcurrentnet" => Ok(network_magic()),
        "getblockchaininfo" => blockchain_info(state),
        "getnetworkinfo" if chain.generation == Generation::Today => Ok(network_info()),
        "getpeerinfo" => Ok(json!([])),
        "getbestblock" => Ok(json!({"hash": hash, "height": height})),
        "getbestblockhash" => Ok(json!(hash)),
        "getblockcount" => Ok(json!(height)),
        "getblockhash" => block_hash(state, params),
        "getblock" => block(state, params),
        "getblockheader" => block_header(state, params),
        "getblocksubsidy" => subsidy(state, params),
        "getrawtransaction" => raw_transaction(state, params),
        "gettxout" => unspent_output(state, params),
        "getrawmempool" => Ok(mempool(state, params)),
        "getmempoolinfo" => {
            let waiting = state.mempool.candidates();
            let bytes: usize = waiting.iter().map(|candidate| candidate.body.encode().len()).sum();
            Ok(json!({"size": waiting.len(), "bytes": bytes}))
        }
        "validateaddress" => params.text(0).map(|text| match text.parse::<Address>() {
            Ok(address) => json!({"isvalid": true, "address": address}),
            Err(_) => json!({"isvalid": false}),
        }),
        _ => return None,
    })
}

fn info(state: &State) -> Value {
    let (_, height) = state.chain.tip();
    let today = state.chain.generation == Generation::Today;
    let mut info = json!({
        "version": if today { 2_070_600 } else { 2_020_000 }, "protocolversion": if today { 8 } else { 6 },
        "blocks": height, "timeoffset": 0, "connections": 0, "proxy": "", "difficulty": DIFFICULTY,
        "testnet": false, "relayfee": 0.001, "errors": "",
    });
    if today {
        info["addrindex"] = json!(false);
        info["txindex"] = json!(true);
    }
    info
}

fn blockchain_info(state: &State) -> RpcResult {
    if state.chain.generation == Generation::Legacy {
        return Err(RpcError::new(-1, "Command unimplemented"));
    }
    let (hash, height) = state.chain.tip();
    Ok(json!({
        "chain": "simnet", "blocks": height, "headers": height, "syncheight": height, "bestblockhash": hash,
        "difficulty": 536_870_911, "difficultyratio": DIFFICULTY, "verificationprogress": 1,
        "chainwork": format!("{:064x}", height.0 + 1), "initialblockdownload": false, "maxblocksize": 1_310_720,
        "deployments": {},
    }))
}

fn network_info() -> Value {
    let network = |name: &str| json!({"name": name, "limited": true, "reachable": true, "proxy": "", "proxyrandomizecredentials": false});
    json!({
        "version": 2_070_600, "subversion": "2.7.6", "protocolversion": 8, "timeoffset": 0, "connections": 0,
        "networks": [network("IPV4"), network("IPV6"), network("Onion")], "relayfee": 0.001, "localaddresses": [],
        "localservices": "0000000000000001",
    })
}

fn block_hash(state: &State, params: Params<'_>) -> RpcResult {
    let height = params.number(0)?;
    let block = state.chain.best.at(BlockHeight(height));
    block
        .map(|block| json!(block.hash))
        .ok_or_else(|| RpcError::new(-1, format!("Block number out of range: {height}")))
}

fn found_block<'a>(state: &'a State, params: &Params<'_>) -> Result<&'a Arc<Block>, RpcError> {
    let hash: BlockHash = params.hash(0)?;
    state.chain.block(&hash).ok_or_else(|| RpcError::new(-5, format!("Block not found: {hash}")))
}

fn block_header(state: &State, params: Params<'_>) -> RpcResult {
    let block = found_block(state, &params)?;
    if params.flag(1) == Some(false) {
        return Ok(json!(hex::encode(block.header.encode())));
    }
    Ok(Value::Object(verbose_header(state, block)))
}

fn block(state: &State, params: Params<'_>) -> RpcResult {
    let block = found_block(state, &params)?;
    if params.flag(1) == Some(false) {
        return Ok(json!(hex::encode(block.encode())));
    }
    let mut answer = verbose_header(state, block);
    let whole = params.flag(2) == Some(true);
    let trees = [("tx", "rawtx", &block.regular, TxTree::Regular), ("stx", "rawstx", &block.stake, TxTree::Stake)];
    for (names, bodies, found, tree) in trees {
        if found.is_empty() {
            continue;
        }
        if whole {
            let place = |index: usize| Some((block, tree, index as u32));
            let shown = found.iter().enumerate().map(|(index, one)| transaction(state, one, place(index)));
            answer.insert(bodies.to_owned(), shown.collect());
        } else {
            answer.insert(names.to_owned(), found.iter().map(|one| json!(one.hash)).collect());
        }
    }
    Ok(Value::Object(answer))
}

fn verbose_header(state: &State, block: &Block) -> Map<String, Value> {
    let header = &block.header;
    let best = &state.chain.best;
    let on_chain = best.contains(block);
    let confirmations = if on_chain { i64::from(best.height().0 - header.height.0) + 1 } else { -1 };
    let encoded = header.encode();
    let root = |from: usize| {
        let mut bytes = encoded[from..from + 32].to_vec();
        bytes.reverse();
        hex::encode(bytes)
    };
    let mut answer = json!({
        "hash": block.hash, "confirmations": confirmations, "size": header.size, "height": header.height,
        "version": header.version, "merkleroot": root(36), "stakeroot": root(68), "time": header.time,
        "nonce": header.nonce, "votebits": 1, "finalstate": hex::encode(header.final_state), "voters": header.voters,
        "freshstake": header.fresh_stake, "revocations": header.revocations, "poolsize": header.pool_size,
        "bits": "20025ded", "sbits": coins(header.stake_difficulty), "extradata": "0".repeat(64), "stakeversion": 0,
        "difficulty": DIFFICULTY, "previousblockhash": header.previous,
        "equihashsolution": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &encoded[180..]),
    });
    if state.chain.generation == Generation::Today {
        answer["mediantime"] = json!(header.time);
        answer["chainwork"] = json!(format!("{:064x}", header.height.0 + 1));
    }
    if let Some(next) = best.at(header.height.plus(1)).filter(|_| on_chain) {
        answer["nextblockhash"] = json!(next.hash);
    }
    match answer {
        Value::Object(answer) => answer,
        _ => Map::new(),
    }
}

fn subsidy(state: &State, params: Params<'_>) -> RpcResult {
    let consensus = &state.chain.params;
    let voters = params.number(1)?.min(consensus.tickets_per_block);
    let (height, voters) = (BlockHeight(params.number(0)?), i64::from(voters));
    let whole = block_subsidy(consensus, height).atoms();
    let stake = vote_subsidy(consensus, height).atoms() * voters;
    let shares = i64::from(consensus.work_reward_proportion + consensus.stake_reward_proportion);
    let work =
        whole * i64::from(consensus.work_reward_proportion) / shares * voters / i64::from(consensus.tickets_per_block);
    Ok(json!({"pos": Amount::from_atoms(stake), "pow": Amount::from_atoms(work), "total": stake + work}))
}

fn raw_transaction(state: &State, params: Params<'_>) -> RpcResult {
    let hash: TxHash = params.hash(0)?;
    let mined = state.chain.best.transaction(&hash);
    let found = mined.map(|(found, _, _)| found).or_else(|| state.mempool.get(&hash));
    let missing = || RpcError::new(-5, format!("No information available about transaction {hash}"));
    let found = found.ok_or_else(missing)?;
    if params.flag(1) != Some(true) {
        return Ok(json!(hex::encode(found.body.encode())));
    }
    Ok(transaction(state, found, mined.map(|(_, block, place)| (block, place.tree, place.index))))
}

/// An output that no block spends; null for any other. Today's node wants the output's tree, too.
fn unspent_output(state: &State, params: Params<'_>) -> RpcResult {
    let generation = state.chain.generation;
    let tree = if generation == Generation::Today { params.number(2)? } else { 0 };
    let tree = i8::try_from(tree).map_err(|_| RpcError::new(-8, "tx tree must be regular or stake"))?;
    let place = OutPoint { hash: params.hash(0)?, index: params.number(1)?, tree };
    Ok(match state.unspent_output(&place) {
        Some((output, confirmations)) => json!({
            "bestblock": state.chain.tip().0, "confirmations": confirmations, "value": coins(output.value),
            "scriptPubKey": script(&output, generation), "coinbase": false,
        }),
        None => Value::Null,
    })
}

fn mempool(state: &State, params: Params<'_>) -> Value {
    let wanted = params.get(1).and_then(Value::as_str).unwrap_or("all");
    let is_wanted = |kind: &TxKind| match wanted {
        "regular" => matches!(kind, TxKind::Regular),
        "tickets" => matches!(kind, TxKind::Ticket(_)),
        "votes" => matches!(kind, TxKind::Vote { .. }),
        "revocations" => matches!(kind, TxKind::Revocation { .. }),
        _ => true,
    };
    let waiting = state.mempool.candidates().iter().filter(|candidate| is_wanted(&candidate.kind));
    waiting.map(|candidate| json!(candidate.hash)).collect()
}
