//! What a node answers about tickets and votes.

use serde_json::{Value, json};
use stakepool_core::chain::{Address, Amount, Generation, OutputScript, TicketHash};
use stakepool_core::reports::TicketState;

use super::error::{RpcError, RpcResult};
use super::params::Params;
use super::render::coins;
use crate::chain::{Ticket, TxKind};
use crate::network::State;

/// Answers a call, where it is one of these.
pub(super) fn call(state: &State, method: &str, params: Params<'_>) -> Option<RpcResult> {
    let chain = &state.chain;
    let live = |hash: &TicketHash| chain.best.live.contains(hash);
    let ticket = |hash: &TicketHash| chain.best.tickets.get(hash);
    let missed = |hash: &TicketHash| ticket(hash).is_some_and(is_missed);
    let expired = |hash: &TicketHash| ticket(hash).is_some_and(|ticket| ticket.expired);
    Some(match method {
        "livetickets" => Ok(json!({"tickets": chain.best.live})),
        "missedtickets" => {
            let missed = chain.best.tickets.values().filter(|ticket| is_missed(ticket));
            Ok(json!({"tickets": missed.map(|ticket| ticket.submission.hash).collect::<Vec<_>>()}))
        }
        "existsliveticket" => params.hash(0).map(|hash| json!(live(&hash))),
        "existslivetickets" => exist(state, params, live),
        "existsmissedtickets" => exist(state, params, missed),
        "existsexpiredtickets" => exist(state, params, expired),
        "ticketsforaddress" => for_address(state, params),
        "getticketpoolvalue" => {
            let value: Amount = chain.best.live.iter().filter_map(ticket).map(|ticket| ticket.submission.price).sum();
            Ok(coins(value))
        }
        "getstakedifficulty" => {
            let current = chain.best.tip().map_or(Amount::ZERO, |tip| tip.header.stake_difficulty);
            Ok(json!({"current": coins(current), "next": coins(chain.next_price(&chain.best))}))
        }
        "getstakeversions" => stake_versions(state, params),
        "getvoteinfo" => vote_info(state, params),
        _ => return None,
    })
}

/// Missed or expired, and not revoked.
const fn is_missed(ticket: &Ticket) -> bool {
    ticket.missed_at.is_some() && ticket.revoked.is_none()
}

/// The tickets asked for: a list today, one text of concatenated hashes in internal order before.
fn asked(state: &State, params: Params<'_>) -> Result<Vec<TicketHash>, RpcError> {
    if state.chain.generation == Generation::Legacy {
        let bytes = params.bytes(0)?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(RpcError::new(-8, "the hashes are not a multiple of 32 bytes"));
        }
        return Ok(hashes.iter().copied().map(TicketHash::from_bytes).collect());
    }
    let not_a_hash = |value: &Value| RpcError::new(-22, format!("Argument must be hexadecimal string (not {value})"));
    let hash = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| not_a_hash(value));
    params.array(0)?.iter().map(hash).collect()
}

/// Which of the tickets have a quality, as a bit set with the lowest bit first.
fn exist(state: &State, params: Params<'_>, quality: impl Fn(&TicketHash) -> bool) -> RpcResult {
    let tickets = asked(state, params)?;
    let mut bits = vec![0u8; tickets.len().div_ceil(8)];
    for (index, ticket) in tickets.iter().enumerate() {
        if quality(ticket) {
            bits[index / 8] |= 1 << (index % 8);
        }
    }
    Ok(json!(hex::encode(bits)))
}

fn for_address(state: &State, params: Params<'_>) -> RpcResult {
    let text = params.text(0)?;
    let address: Address = text.parse().map_err(|error| RpcError::new(-5, format!("Invalid address: {error}")))?;
    let script: OutputScript = address.output_script();
    let tip = state.chain.tip().1;
    let tickets = state.chain.best.tickets.values().filter(|ticket| {
        ticket.submission.voting == script && ticket.state(tip, &state.chain.params) == TicketState::Live
    });
    Ok(json!({"tickets": tickets.map(|ticket| ticket.submission.hash).collect::<Vec<_>>()}))
}

fn stake_versions(state: &State, params: Params<'_>) -> RpcResult {
    let hash = params.hash(0)?;
    let count = params.number(1)?;
    let first = state.chain.block(&hash).ok_or_else(|| RpcError::new(-5, format!("Block not found: {hash}")))?;
    let mut found = Vec::new();
    for depth in 0..count.min(first.header.height.0 + 1) {
        let Some(block) = state.chain.best.at(first.header.height.minus(depth)) else { break };
        let votes = block.stake.iter().filter_map(|transaction| match transaction.kind {
            TxKind::Vote { bits, .. } => {
                let said = &transaction.body.outputs[1].script;
                let version = said.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
                Some(json!({"version": version, "bits": bits}))
            }
            _ => None,
        });
        found.push(json!({
            "hash": block.hash, "height": block.header.height, "blockversion": block.header.version,
            "stakeversion": 0, "votes": votes.collect::<Vec<_>>(),
        }));
    }
    Ok(json!({"stakeversions": found}))
}

/// There are no agendas, which the programs call an error.
fn vote_info(state: &State, params: Params<'_>) -> RpcResult {
    let version = params.number(0)?;
    Err(match state.chain.generation {
        Generation::Today => RpcError::new(-8, format!("{version}: unrecognized vote version")),
        Generation::Legacy => RpcError::internal(format!("stake version {version} does not exist")),
    })
}
