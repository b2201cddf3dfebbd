//! A wallet's tickets and votes.

use serde_json::{Value, json};
use stakepool_core::chain::{Address, Amount, Generation, Network, TicketHash, Transaction, VoteBits, vote_subsidy};
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::PoolFee;

use super::error::{RpcError, RpcResult};
use super::params::Params;
use super::render::{address, coins};
use crate::chain::{Ticket, TxKind, VoteChoice};
use crate::network::{Purchase, State};
use crate::wallet::VoteFailure;

/// Answers a call, where it is one of these.
pub(super) fn call(state: &mut State, number: usize, method: &str, params: Params<'_>) -> Option<RpcResult> {
    let legacy = state.chain.generation == Generation::Legacy;
    Some(match method {
        "getstakeinfo" => Ok(stake_info(state, number)),
        "gettickets" => Ok(tickets(state, number, params.flag(0) == Some(true))),
        "stakepooluserinfo" => user_info(state, number, params),
        "gettransaction" => transaction(state, number, params),
        "generatevote" => generate_vote(state, number, params),
        "revoketickets" => {
            if legacy && state.wallets[number].locked {
                return Some(Err(RpcError::locked()));
            }
            if legacy {
                state.revoke(number);
            }
            Ok(Value::Null)
        }
        "addticket" if legacy => add_ticket(state, number, params),
        "addtransaction" if !legacy => add_transaction(state, number, params),
        "purchaseticket" => purchase(state, params),
        _ => return None,
    })
}

/// The tickets that the wallet knows and that are mined.
fn known(state: &State, number: usize) -> impl Iterator<Item = &Ticket> {
    state.wallets[number].tickets().keys().filter_map(|hash| state.chain.best.tickets.get(hash))
}

/// The wallet's tickets that wait to be mined.
fn unmined(state: &State, number: usize) -> impl Iterator<Item = TicketHash> {
    let scripts = state.wallets[number].scripts();
    state.mempool.candidates().iter().filter_map(move |candidate| match &candidate.kind {
        TxKind::Ticket(ticket) if ticket.voting_script_hash().is_some_and(|hash| scripts.contains_key(&hash)) => {
            Some(ticket.hash)
        }
        _ => None,
    })
}

fn stake_info(state: &State, number: usize) -> Value {
    let (chain, tip) = (&state.chain, state.chain.tip().1);
    let count = |wanted: TicketState, revoked: bool| {
        known(state, number)
            .filter(|ticket| ticket.state(tip, &chain.params) == wanted && ticket.revoked.is_some() == revoked)
            .count()
    };
    let live = count(TicketState::Live, false);
    let voted = count(TicketState::Voted, false);
    let missed = count(TicketState::Missed, false) + count(TicketState::Missed, true);
    let (expired, unspent_expired) = (count(TicketState::Expired, true), count(TicketState::Expired, false));
    let revoked = count(TicketState::Missed, true) + expired;
    let earned: Amount = known(state, number)
        .filter_map(|ticket| ticket.voted)
        .map(|(height, _)| vote_subsidy(&chain.params, height.minus(1)))
        .sum();
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let is_ticket = |kind: &TxKind| matches!(kind, TxKind::Ticket(_));
    let difficulty = chain.best.tip().map_or(Amount::ZERO, |tip| tip.header.stake_difficulty);
    let mut info = json!({
        "blockheight": tip, "difficulty": coins(difficulty), "totalsubsidy": coins(earned),
        "ownmempooltix": unmined(state, number).count(), "immature": count(TicketState::Immature, false),
        "voted": voted, "revoked": revoked,
    });
    let optional = [
        ("poolsize", json!(chain.best.live.len())),
        ("allmempooltix", json!(state.mempool.candidates().iter().filter(|one| is_ticket(&one.kind)).count())),
        ("live", json!(live)),
        ("missed", json!(missed)),
        ("expired", json!(expired + unspent_expired)),
        ("proportionlive", json!(share(live, chain.best.live.len()))),
        ("proportionmissed", json!(share(missed, missed + voted))),
    ];
    let legacy = chain.generation == Generation::Legacy;
    for (name, value) in optional {
        // Today's wallet leaves out what is 0.
        if legacy || value.as_f64() != Some(0.0) {
            info[name] = value;
        }
    }
    if !legacy {
        info["unspent"] = json!(live + count(TicketState::Missed, false) + unspent_expired);
        info["unspentexpired"] = json!(unspent_expired);
    }
    info
}

fn tickets(state: &State, number: usize, immature: bool) -> Value {
    let tip = state.chain.tip().1;
    let mined = known(state, number)
        .filter(|ticket| ticket.voted.is_none() && ticket.revoked.is_none())
        .filter(|ticket| immature || ticket.state(tip, &state.chain.params) != TicketState::Immature)
        .map(|ticket| ticket.submission.hash);
    let mut hashes: Vec<TicketHash> = mined.collect();
    if immature {
        hashes.extend(unmined(state, number));
    }
    json!({"hashes": hashes})
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
    let script = user.output_script();
    let (mut valid, mut invalid) = (Vec::new(), Vec::new());
    for ticket in known(state, number).filter(|ticket| ticket.submission.voting == script) {
        if wallet.accepts(&ticket.submission.hash) {
            valid.push(pool_ticket(state, ticket));
        } else {
            invalid.push(json!(ticket.submission.hash));
        }
    }
    // Legacy writes null for an empty list.
    let list = |items: Vec<Value>| if legacy && items.is_empty() { Value::Null } else { Value::Array(items) };
    Ok(json!({"tickets": list(valid), "invalid": list(invalid)}))
}

/// A ticket as the wallet sees it: a miss shows only once the revocation is mined, and maturity a block late.
fn pool_ticket(state: &State, ticket: &Ticket) -> Value {
    let consensus = &state.chain.params;
    let spent = ticket.voted.or(ticket.revoked);
    let status = match (ticket.voted, ticket.revoked) {
        (Some(_), _) => "voted",
        (None, Some((at, _))) if at.0 - ticket.mined_at.0 >= consensus.ticket_expiry => "expired",
        (None, Some(_)) => "missed",
        (None, None) if state.chain.tip().1 > ticket.mined_at.plus(consensus.ticket_maturity) => "live",
        (None, None) => "immature",
    };
    json!({
        "status": status, "ticket": ticket.submission.hash, "ticketheight": ticket.mined_at,
        "spentby": spent.map_or_else(|| "0".repeat(64), |(_, hash)| hash.to_string()),
        "spentbyheight": spent.map_or(0, |(height, _)| height.0),
    })
}

fn transaction(state: &State, number: usize, params: Params<'_>) -> RpcResult {
    let hash: TicketHash = params.hash(0)?;
    let missing = || RpcError::new(-5, "no information for transaction");
    let ticket = known(state, number).find(|ticket| ticket.submission.hash == hash).ok_or_else(missing)?;
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
    if extended.len() > 73 {
        return Err(RpcError::new(-8, "the extended vote bits are too long"));
    }
    let unknown = || match state.chain.generation {
        Generation::Today => {
            RpcError::new(-4, format!("wallet.GenerateVoteTx: item does not exist: tx {hash} not found"))
        }
        Generation::Legacy => RpcError::new(-4, "ticket purchase transaction not found"),
    };
    let ticket = state.chain.best.tickets.get(&hash).ok_or_else(unknown)?;
    let choice = VoteChoice { block, height, bits, extended: &extended };
    let vote = state.wallets[number].vote(&state.chain, ticket, &choice).map_err(|failure| match failure {
        VoteFailure::UnknownTicket => unknown(),
        VoteFailure::Locked => RpcError::locked(),
    })?;
    Ok(json!({"hex": hex::encode(vote.encode())}))
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
    bought.map(|tickets| json!(tickets)).map_err(|error| RpcError::new(-4, error.to_string()))
}
