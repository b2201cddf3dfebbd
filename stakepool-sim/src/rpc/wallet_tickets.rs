//! A wallet's tickets and votes.

use serde_json::{Value, json};
use stakepool_core::chain::{Address, Amount, Generation, Network, TicketHash, Transaction, VoteBits, VoteChoice};
use stakepool_core::ports::WalletTicket;
use stakepool_core::ticket::PoolFee;

use super::error::{RpcError, RpcResult};
use super::params::Params;
use super::render::{address, coins};
use crate::chain::{Ticket, TxKind};
use crate::network::{Purchase, StakeFigures, State};
use crate::wallet::VoteFailure;

/// Answers a call, where it is one of these.
pub(super) fn call(state: &mut State, number: usize, method: &str, params: Params<'_>) -> Option<RpcResult> {
    let legacy = state.chain.generation == Generation::Legacy;
    Some(match method {
        "getstakeinfo" => Ok(stake_info(state, number)),
        "gettickets" => Ok(json!({"hashes": state.unspent_tickets(number, params.flag(0) == Some(true))})),
        "stakepooluserinfo" => user_info(state, number, params),
        "gettransaction" => transaction(state, number, params),
        "generatevote" => generate_vote(state, number, params),
        "signrawtransaction" => sign(state, number, params),
        "revoketickets" => state.revoke_tickets(number).map(|()| Value::Null).map_err(RpcError::from),
        "addticket" if legacy => add_ticket(state, number, params),
        "addtransaction" if !legacy => add_transaction(state, number, params),
        "purchaseticket" => purchase(state, params),
        _ => return None,
    })
}

fn stake_info(state: &State, number: usize) -> Value {
    let StakeFigures { info, unspent, unspent_expired } = state.stake_figures(number);
    let mut answer = json!({
        "blockheight": info.height, "difficulty": coins(info.difficulty), "totalsubsidy": coins(info.total_subsidy),
        "ownmempooltix": info.own_mempool, "immature": info.immature, "voted": info.voted, "revoked": info.revoked,
    });
    let optional = [
        ("poolsize", json!(info.pool_size)),
        ("allmempooltix", json!(info.all_mempool)),
        ("live", json!(info.live)),
        ("missed", json!(info.missed)),
        ("expired", json!(info.expired)),
        ("proportionlive", json!(info.proportion_live)),
        ("proportionmissed", json!(info.proportion_missed)),
    ];
    let legacy = state.chain.generation == Generation::Legacy;
    for (name, value) in optional {
        // Today's wallet leaves out what is 0.
        if legacy || value.as_f64() != Some(0.0) {
            answer[name] = value;
        }
    }
    if !legacy {
        answer["unspent"] = json!(unspent);
        answer["unspentexpired"] = json!(unspent_expired);
    }
    answer
}

fn user_info(state: &State, number: usize, params: Params<'_>) -> RpcResult {
    let legacy = state.chain.generation == Generation::Legacy;
    let text = params.text(0)?;
    let Ok(user) = Address::parse_for(text, Network::Simnet) else {
        let today = || {
            let reason = format!("`address \"{text}\" is not a supported type`");
            RpcError::new(-5, format!("invalid address \"{text}\": decode failed: {reason}"))
        };
        return Err(if legacy { RpcError::new(-4, "checksum mismatch") } else { today() });
    };
    let wallet = &state.wallets[number];
    if !wallet.pool_features {
        if legacy {
            return Ok(json!({"tickets": null, "invalid": null}));
        }
        let message = "wallet.StakePoolUserInfo: invalid operation: VSP features are disabled";
        return Err(RpcError::new(-4, message));
    }
    let listed = state.pool_tickets(number, user.output_script());
    let valid = listed.tickets.iter().map(|ticket| pool_ticket(state, ticket)).collect();
    let invalid = listed.invalid.iter().map(|ticket| json!(ticket)).collect();
    // Legacy writes null for an empty list.
    let list = |items: Vec<Value>| if legacy && items.is_empty() { Value::Null } else { Value::Array(items) };
    Ok(json!({"tickets": list(valid), "invalid": list(invalid)}))
}

fn pool_ticket(state: &State, ticket: &WalletTicket) -> Value {
    let spent = state.chain.best.tickets.get(&ticket.ticket).and_then(Ticket::spent_by);
    json!({
        "status": ticket.status, "ticket": ticket.ticket, "ticketheight": ticket.mined_at,
        "spentby": spent.map_or_else(|| "0".repeat(64), |(_, hash)| hash.to_string()),
        "spentbyheight": ticket.spent_at.map_or(0, |height| height.0),
    })
}

fn transaction(state: &State, number: usize, params: Params<'_>) -> RpcResult {
    let hash: TicketHash = params.hash(0)?;
    let missing = || RpcError::new(-5, "no information for transaction");
    let ticket = state.known_tickets(number).find(|ticket| ticket.submission.hash == hash).ok_or_else(missing)?;
    let block = state.chain.best.at(ticket.mined_at).ok_or_else(missing)?;
    let price = coins(ticket.submission.price);
    let mut answer = json!({
        "amount": price, "confirmations": state.chain.tip().1.0 - ticket.mined_at.0 + 1, "blockhash": block.hash,
        "blockindex": 0, "blocktime": block.header.time, "txid": hash, "walletconflicts": [],
        "time": block.header.time, "timereceived": block.header.time,
        "details": [{
            "account": "imported", "address": address(ticket.submission.voting), "amount": price,
            "category": "receive", "vout": 0,
        }],
        "hex": hex::encode(ticket.transaction.encode()),
    });
    if state.chain.generation == Generation::Today {
        answer["type"] = json!("");
    }
    Ok(answer)
}

fn generate_vote(state: &State, number: usize, params: Params<'_>) -> RpcResult {
    let block = params.hash(0)?;
    let height = stakepool_core::chain::BlockHeight(params.number(1)?);
    let hash: TicketHash = params.hash(2)?;
    let invalid = || RpcError::new(-8, "the vote bits are no number of 16 bits");
    let bits = VoteBits(u16::try_from(params.number(3)?).map_err(|_| invalid())?);
    let extended = params.bytes(4)?;
    let unknown = || match state.chain.generation {
        Generation::Today => {
            RpcError::new(-4, format!("wallet.GenerateVoteTx: item does not exist: tx {hash} not found"))
        }
        Generation::Legacy => RpcError::new(-4, "ticket purchase transaction not found"),
    };
    let choice = VoteChoice { block, height, bits, extended_bits: &extended };
    let vote = state.generate_vote(number, &hash, &choice).map_err(|failure| match failure {
        VoteFailure::UnknownTicket => unknown(),
        VoteFailure::Locked => RpcError::locked(),
        VoteFailure::Impossible(error) => RpcError::new(-8, error.to_string()),
    })?;
    Ok(json!({"hex": hex::encode(vote.encode())}))
}

/// Signs a vote. What else a real wallet signs is not asked of it.
fn sign(state: &State, number: usize, params: Params<'_>) -> RpcResult {
    let unsigned = Transaction::decode(&params.bytes(0)?).map_err(|error| RpcError::new(-22, error.to_string()))?;
    let (signed, is_complete) = state.sign_vote(number, unsigned);
    let mut answer = json!({"hex": hex::encode(signed.encode()), "complete": is_complete});
    if !is_complete {
        answer["errors"] = json!([]);
    }
    Ok(answer)
}

fn decoded_ticket(bytes: &[u8]) -> Result<TicketHash, RpcError> {
    let transaction = Transaction::decode(bytes).map_err(|error| RpcError::new(-22, error.to_string()))?;
    match TxKind::of(&transaction) {
        TxKind::Ticket(ticket) => Ok(ticket.hash),
        _ => Err(RpcError::new(-4, "transaction is not a ticket purchase")),
    }
}

fn add_ticket(state: &mut State, number: usize, params: Params<'_>) -> RpcResult {
    let ticket = decoded_ticket(&params.bytes(0)?)?;
    state.wallets[number].add_ticket(ticket);
    Ok(Value::Null)
}

/// Takes in a mined transaction that the wallet missed.
fn add_transaction(state: &mut State, number: usize, params: Params<'_>) -> RpcResult {
    let _block: stakepool_core::chain::BlockHash = params.hash(0)?;
    let hash = decoded_ticket(&params.bytes(1)?)?;
    let missing = || RpcError::new(-5, format!("no information for transaction {hash}"));
    let mined_at = state.chain.best.tickets.get(&hash).ok_or_else(missing)?.mined_at;
    let block = state.chain.best.at(mined_at).ok_or_else(missing)?.clone();
    state.wallets[number].learn(&block);
    Ok(Value::Null)
}

/// `purchaseticket ACCOUNT SPENDLIMIT [MINCONF TICKETADDRESS NUMTICKETS POOLADDRESS POOLFEES EXPIRY …]`.
fn purchase(state: &mut State, params: Params<'_>) -> RpcResult {
    let address = |index: usize| match params.get(index).and_then(Value::as_str).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => Address::parse_for(text, Network::Simnet)
            .map(Some)
            .map_err(|error| RpcError::new(-5, format!("invalid address: {error}"))),
    };
    let limit = params.get(1).and_then(Value::as_f64).unwrap_or(f64::MAX);
    let price = state.chain.next_price(&state.chain.best);
    if limit * (Amount::ATOMS_PER_COIN as f64) < price.atoms() as f64 {
        return Err(RpcError::new(-4, format!("ticket price {price} above spend limit")));
    }
    let fee = match address(5)? {
        None => None,
        Some(to) => {
            let percent = params.get(6).and_then(Value::as_f64).unwrap_or_default();
            let fee = PoolFee::from_percent(percent).map_err(|error| RpcError::new(-8, error.to_string()))?;
            Some((to, fee))
        }
    };
    let count = params.number(4).unwrap_or(1);
    let bought = state.purchase(&Purchase { voting: address(3)?, fee, count });
    bought.map(|bought| json!(bought.tickets)).map_err(|error| RpcError::new(-4, error.to_string()))
}
