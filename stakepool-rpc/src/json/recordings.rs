//! Every answer and notification that was recorded from real programs of both generations is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;
use stakepool_core::chain::{
    BlockHash, ExtendedPubKey, Generation, Network, Transaction, TxHash, VoteTransaction, VoteVersion,
};
use stakepool_core::ports::{NodeEvent, StakeInfo, VoteSubmission, WalletError, WalletTickets};

use super::error::RpcError;
use super::identity::{Identity, ServerKind, Versions};
use super::message::{self, Incoming};
use super::node::{BestBlock, LiveTickets, RawTransaction, read_block, refused_vote};
use super::notifications::read_notification;
use super::wallet::{
    CreatedMultisig, SignedTransaction, StakeInfoAnswer, Tickets, UserInfo, ValidatedAddress, WalletInfoAnswer,
    says_there_are_none,
};

/// Methods in the recordings that the pool never calls: their results are only JSON to it.
const NOT_CALLED: [&str; 32] = [
    "addticket",
    "addtransaction",
    "estimatestakediff",
    "existsexpiredtickets",
    "existsliveticket",
    "existslivetickets",
    "existsmissedtickets",
    "getbalance",
    "getbestblockhash",
    "getblockchaininfo",
    "getblockcount",
    "getblocksubsidy",
    "getcoinsupply",
    "getinfo",
    "getmempoolinfo",
    "getnetworkinfo",
    "getnewaddress",
    "getpeerinfo",
    "getrawmempool",
    "getstakedifficulty",
    "getstakeversions",
    "getticketfee",
    "getticketpoolvalue",
    "gettransaction",
    "gettxout",
    "listscripts",
    "purchaseticket",
    "ticketfeeinfo",
    "ticketinfo",
    "ticketsforaddress",
    "walletlock",
    "walletpassphrase",
];

/// Methods that the pool calls. `rebroadcastwinners`, `revoketickets` and the subscriptions answer nothing.
const CALLED: [&str; 19] = [
    "accountsyncaddressindex",
    "createmultisig",
    "generatevote",
    "getbestblock",
    "getblock",
    "getblockhash",
    "getcurrentnet",
    "getmasterpubkey",
    "getrawtransaction",
    "getstakeinfo",
    "gettickets",
    "importscript",
    "livetickets",
    "rescanwallet",
    "sendrawtransaction",
    "stakepooluserinfo",
    "validateaddress",
    "version",
    "walletinfo",
];

/// Methods in the recordings of which only refusals were recorded.
const ONLY_REFUSED: [&str; 4] = ["getticketmaxprice", "getvoteinfo", "nosuch", "processunmanagedticket"];

/// Methods whose result says nothing.
const COMMANDS: [&str; 5] =
    ["accountsyncaddressindex", "importscript", "rescanwallet", "revoketickets", "sendrawtransaction"];

#[derive(Deserialize)]
struct Record {
    server: String,
    method: String,
    params: Vec<Value>,
    status: u16,
    response: Box<RawValue>,
}

impl Record {
    fn is_wallets(&self) -> bool {
        self.server != "exccd"
    }

    fn param(&self, index: usize) -> &str {
        self.params.get(index).and_then(Value::as_str).unwrap_or_default()
    }
}

fn files(of_notifications: bool) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rpc");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name.ends_with(".jsonl") && name.contains("notifications") == of_notifications)
        .map(|(name, path)| (name, std::fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() >= 4, "recordings are missing");
    files
}

fn generation_of(file: &str) -> Generation {
    if file.contains("-2.2.0.") { Generation::Legacy } else { Generation::Today }
}

#[test]
fn every_recorded_answer_is_read() {
    let mut methods = BTreeSet::new();
    for (file, text) in files(false) {
        for (line, text) in text.lines().enumerate() {
            let record: Record = serde_json::from_str(text).unwrap();
            if let Err(reason) = check(&record, generation_of(&file)) {
                panic!("{file}, line {}, {}: {reason}", line + 1, record.method);
            }
            methods.insert(record.method);
        }
    }
    for method in CALLED {
        assert!(methods.contains(method), "no recording of {method}");
    }
}

fn check(record: &Record, generation: Generation) -> Result<(), String> {
    if record.status != 200 {
        return Err(format!("status {}", record.status));
    }
    match message::read(record.response.get())? {
        Incoming::Answer(1, Ok(result)) if record.is_wallets() => check_wallet(record, generation, &result),
        Incoming::Answer(1, Ok(result)) => check_node(record, generation, &result),
        Incoming::Answer(1, Err(error)) => check_refusal(record, error.code, error.message),
        other => Err(format!("{other:?}")),
    }
}

fn read<T: DeserializeOwned>(result: &RawValue) -> Result<T, String> {
    serde_json::from_str(result.get()).map_err(|error| error.to_string())
}

fn ensure(condition: bool, what: &str) -> Result<(), String> {
    if condition { Ok(()) } else { Err(what.to_owned()) }
}

fn check_identity(result: &RawValue, kind: ServerKind, generation: Generation) -> Result<(), String> {
    let identity = Identity::from_versions(&read::<Versions>(result)?).map_err(|error| error.to_string())?;
    ensure((identity.kind, identity.generation) == (kind, generation), &format!("{identity:?}"))
}

fn check_wallet(record: &Record, generation: Generation, result: &RawValue) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    match record.method.as_str() {
        "version" => check_identity(result, ServerKind::Wallet, generation),
        "walletinfo" => {
            let info = read::<WalletInfoAnswer>(result)?.with_identity(generation, "v".to_owned());
            let extended = hex::decode(&info.vote_bits_extended).map_err(|e| text(&e))?;
            ensure(info.connected && !info.votes_itself && info.vote_bits.0 == 1, "the switches")?;
            ensure(info.vote_version == VoteVersion(if generation == Generation::Legacy { 6 } else { 11 }), "version")?;
            ensure(extended == info.vote_version.0.to_le_bytes(), "the extended bits are the vote version")
        }
        "generatevote" => {
            let vote = VoteTransaction::decode_hex(&read::<SignedTransaction>(result)?.hex).map_err(|e| text(&e))?;
            ensure(vote.block.to_string() == record.param(0), "the block")?;
            ensure(record.params[1] == vote.height.0, "the height")?;
            ensure(vote.ticket.to_string() == record.param(2), "the ticket")
        }
        "getmasterpubkey" => {
            let key: ExtendedPubKey = read::<String>(result)?.parse().map_err(|e| text(&e))?;
            ensure(key.network() == Network::Simnet, "the network")
        }
        "validateaddress" => {
            let answer: ValidatedAddress = read(result)?;
            let is_script = record.param(0).starts_with("Sc");
            if is_script || !answer.ismine {
                return ensure(answer.isvalid != (record.param(0) == "garbage"), "validity");
            }
            let key = answer.own_pubkey()?.ok_or("no key")?;
            ensure(key.to_pubkey_hash().to_string() == record.param(0), "the key belongs to the address")
        }
        "createmultisig" => {
            let made: CreatedMultisig = match read(result) {
                // The pool makes scripts of two keys only; scripts of one were recorded, too.
                Err(reason) if record.params[1].as_array().is_some_and(|keys| keys.len() != 2) => {
                    return ensure(reason.contains("1-of-2"), &reason);
                }
                other => other?,
            };
            let (pool, user) = (made.redeem_script.pool_address(Network::Simnet), &record.params[1][0]);
            ensure(user == &Value::from(pool.to_string()), "the pool's key comes first")?;
            ensure(made.redeem_script.address(Network::Simnet) == made.address, "the address of the script")
        }
        "gettickets" => read::<Tickets>(result).map(drop),
        "getstakeinfo" => {
            let info = StakeInfo::try_from(read::<StakeInfoAnswer>(result)?).map_err(|e| text(&e))?;
            ensure(info.height.0 > 100 && info.pool_size > 0 && info.difficulty.atoms() > 0, "the figures")
        }
        "stakepooluserinfo" => {
            let tickets: WalletTickets = read::<UserInfo>(result)?.into();
            let ended = |status: &str| ["voted", "missed", "expired"].contains(&status);
            let consistent = tickets.tickets.iter().all(|ticket| ended(&ticket.status) == ticket.spent_at.is_some());
            ensure(consistent, "ended tickets are the spent ones")
        }
        _ => check_common(record, result),
    }
}

fn check_node(record: &Record, generation: Generation, result: &RawValue) -> Result<(), String> {
    match record.method.as_str() {
        "version" => check_identity(result, ServerKind::Node, generation),
        "getcurrentnet" => ensure(Network::from_magic(read(result)?) == Some(Network::Simnet), "the network"),
        "getblockhash" => read::<BlockHash>(result).map(drop),
        "getblock" => {
            let block = read_block(&read::<String>(result)?).map_err(|error| error.to_string())?;
            ensure(block.header.hash.to_string() == record.param(0), "the hash")
        }
        // Without verbosity, which the pool never asks for.
        "getrawtransaction" if record.params.get(1) == Some(&Value::from(0)) => read::<String>(result).map(drop),
        "getrawtransaction" => {
            let raw: RawTransaction = read(result)?;
            let transaction = Transaction::decode_hex(&raw.hex).map_err(|error| error.to_string())?;
            ensure(transaction.hash().to_string() == record.param(0), "the hash")?;
            let blocks = read::<BTreeMap<String, Value>>(result)?;
            ensure(raw.mined_at().map(|height| Value::from(height.0)).as_ref() == blocks.get("blockheight"), "height")
        }
        "livetickets" => {
            let live = read::<LiveTickets>(result)?.tickets.unwrap_or_default();
            ensure(!live.is_empty(), "there are live tickets")
        }
        "validateaddress" => read::<IgnoredAny>(result).map(drop),
        "sendrawtransaction" => {
            let transaction = Transaction::decode_hex(record.param(0)).map_err(|error| error.to_string())?;
            ensure(transaction.encode() == hex::decode(record.param(0)).unwrap_or_default(), "encodes as it was")?;
            ensure(transaction.hash() == read::<TxHash>(result)?, "the hash")
        }
        _ => check_common(record, result),
    }
}

fn check_common(record: &Record, result: &RawValue) -> Result<(), String> {
    match record.method.as_str() {
        "getbestblock" => read::<BestBlock>(result).map(drop),
        method if COMMANDS.contains(&method) || NOT_CALLED.contains(&method) => read::<IgnoredAny>(result).map(drop),
        _ => Err("an unknown method".to_owned()),
    }
}

fn check_refusal(record: &Record, code: i64, message: String) -> Result<(), String> {
    let known = ONLY_REFUSED.contains(&record.method.as_str()) || NOT_CALLED.contains(&record.method.as_str());
    let error = RpcError::Rpc { method: "recorded", code, message: message.clone() };
    match record.method.as_str() {
        "sendrawtransaction" if message.contains("could not decode") || message.contains("Could not decode") => {
            ensure(refused_vote(&error).is_none(), "a broken transaction is no vote")
        }
        "sendrawtransaction" => {
            let rival = message.contains("already votes on block");
            let expected = if rival { VoteSubmission::RivalVote } else { VoteSubmission::AlreadyKnown };
            ensure(refused_vote(&error) == Some(expected), &message)
        }
        "getrawtransaction" | "getblock" => ensure(code == -5, "unknown"),
        "getblockhash" => ensure(code == -1, "out of range"),
        "getvoteinfo" => ensure(says_there_are_none(&error), "a version without agendas"),
        "walletinfo" => ensure(code == -1, "a node is no wallet"),
        "generatevote" if message == "address manager is locked" => {
            ensure(matches!(error.for_wallet("w"), WalletError::Locked { .. }), "locked")
        }
        "stakepooluserinfo" if message.contains("VSP") => {
            ensure(matches!(error.for_wallet("w"), WalletError::PoolFeaturesDisabled { .. }), "features")
        }
        "createmultisig" | "generatevote" | "importscript" | "stakepooluserinfo" => {
            ensure(matches!(error.for_wallet("w"), WalletError::Rpc { .. }), "a plain error")
        }
        _ => ensure(known, "an unknown method"),
    }
}

#[test]
fn a_locked_wallet_of_today_answers_an_unsigned_vote_and_an_unlocked_one_a_signed_one() {
    let mut signed = BTreeMap::new();
    for (file, text) in files(false).into_iter().filter(|(name, _)| name.contains("wallet-2.8.5.rare")) {
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let Some(hex) = value["response"]["result"]["hex"].as_str() else { continue };
            let note = value["note"].as_str().unwrap().to_owned();
            signed.entry(note).or_insert_with(Vec::new).push(VoteTransaction::decode_hex(hex).unwrap().is_signed());
        }
        assert_eq!(signed["locked wallet"], [false], "{file}");
        assert_eq!(signed["with votebitsextended of walletinfo"], [true, true], "{file}");
    }
    assert!(!signed.is_empty());
}

#[test]
fn every_recorded_notification_is_read() {
    let mut total = 0;
    for (file, text) in files(true) {
        let mut hashes: BTreeMap<u32, BTreeSet<BlockHash>> = BTreeMap::new();
        let mut headers = Vec::new();
        for (line, text) in text.lines().enumerate() {
            let context = format!("{file}, line {}", line + 1);
            let (method, params) = match message::read(text).expect(&context) {
                // The answers to the four subscriptions.
                Incoming::Answer(1..=4, Ok(result)) => {
                    assert_eq!(result.get(), "null", "{context}");
                    continue;
                }
                Incoming::Notification { method, params } => (method, params),
                other => panic!("{context}: {other:?}"),
            };
            total += 1;
            match read_notification(&method, &params).expect(&context) {
                Some(NodeEvent::BlockConnected(header) | NodeEvent::BlockDisconnected(header)) => headers.push(header),
                Some(NodeEvent::NewTickets { block, height, .. } | NodeEvent::SpentAndMissed { block, height, .. }) => {
                    hashes.entry(height.0).or_default().insert(block);
                }
                Some(NodeEvent::WinningTickets { block, height, tickets }) => {
                    assert_eq!(tickets.len(), 5, "{context}");
                    hashes.entry(height.0).or_default().insert(block);
                }
                Some(other) => panic!("{context}: {other:?}"),
                None => assert_eq!(method, "reorganization", "{context}"),
            }
        }
        assert!(!headers.is_empty(), "{file}");
        for header in headers {
            assert!(hashes[&header.height.0].contains(&header.hash), "{file}: {header:?}");
        }
    }
    assert!(total > 180, "{total}");
}
