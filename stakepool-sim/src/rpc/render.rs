//! Transactions as the programs show them.

use std::sync::Arc;

use serde_json::{Value, json};
use stakepool_core::chain::{
    Address, AddressKind, Amount, Generation, Hash160, Network, OutputScript, TxInput, TxOutput,
};

use crate::chain::{Block, Tx, TxTree};
use crate::network::State;

/// An amount in coins as Go prints it: without a point where it is whole.
pub(super) fn coins(amount: Amount) -> Value {
    let atoms = amount.atoms();
    if atoms % Amount::ATOMS_PER_COIN == 0 {
        json!(atoms / Amount::ATOMS_PER_COIN)
    } else {
        // Both are below 2^53 for all money that can exist, so the quotient is the nearest double.
        json!(atoms as f64 / Amount::ATOMS_PER_COIN as f64)
    }
}

/// The address of a script on simnet.
pub(super) fn address(script: OutputScript) -> Address {
    let kind = match script {
        OutputScript::PubKeyHash(hash) => AddressKind::PubKeyHash(hash),
        OutputScript::ScriptHash(hash) => AddressKind::ScriptHash(hash),
    };
    Address::new(Network::Simnet, kind)
}

/// A transaction in full, with where it was mined.
pub(super) fn transaction(state: &State, found: &Tx, mined: Option<(&Arc<Block>, TxTree, u32)>) -> Value {
    let generation = state.chain.generation;
    let body = &found.body;
    let outputs = body.outputs.iter().enumerate().map(|(number, one)| output(number, one, generation));
    let mut answer = json!({
        "hex": hex::encode(body.encode()), "txid": found.hash, "version": body.version,
        "locktime": body.lock_time, "expiry": body.expiry,
        "vin": body.inputs.iter().map(input).collect::<Vec<_>>(), "vout": outputs.collect::<Vec<_>>(),
    });
    if let Some((block, _, index)) = mined {
        answer["blockhash"] = json!(block.hash);
        answer["blockheight"] = json!(block.header.height);
        answer["confirmations"] = json!(i64::from(state.chain.best.height().0) - i64::from(block.header.height.0) + 1);
        answer["time"] = json!(block.header.time);
        answer["blocktime"] = json!(block.header.time);
        if generation == Generation::Today && index > 0 {
            answer["blockindex"] = json!(index);
        }
    }
    answer
}

fn input(input: &TxInput) -> Value {
    let script = hex::encode(&input.signature_script);
    if input.previous.hash.as_bytes() == &[0; 32] {
        let name = if input.signature_script == [0xde, 0xad, 0xbe, 0xef] { "stakebase" } else { "coinbase" };
        return json!({
            name: script, "sequence": input.sequence, "amountin": coins(input.value_in),
            "blockheight": input.block_height, "blockindex": input.block_index,
        });
    }
    json!({
        "txid": input.previous.hash, "vout": input.previous.index, "tree": input.previous.tree,
        "sequence": input.sequence, "amountin": coins(input.value_in), "blockheight": input.block_height,
        "blockindex": input.block_index,
        "scriptSig": {"asm": disassemble(&input.signature_script), "hex": script},
    })
}

fn output(number: usize, output: &TxOutput, generation: Generation) -> Value {
    let script = script(output, generation);
    json!({"value": coins(output.value), "n": number, "version": output.script_version, "scriptPubKey": script})
}

/// The script of an output.
pub(super) fn script(output: &TxOutput, generation: Generation) -> Value {
    let mut script = json!({"asm": disassemble(&output.script), "hex": hex::encode(&output.script)});
    let (kind, to, committed) = classify(&output.script, generation);
    script["type"] = json!(kind);
    if let Some(to) = to {
        script["addresses"] = json!([address(to)]);
        if committed.is_none() {
            script["reqSigs"] = json!(1);
        }
    }
    if let Some(amount) = committed {
        script["commitamt"] = coins(amount);
        if generation == Generation::Legacy {
            script["reqSigs"] = json!(1);
        }
    }
    if generation == Generation::Today {
        script["version"] = json!(output.script_version);
    }
    script
}

/// The kind of a script, its address, and for a commitment the amount.
fn classify(script: &[u8], generation: Generation) -> (String, Option<OutputScript>, Option<Amount>) {
    if let [0x6a, 0x1e, content @ ..] = script
        && let Some((hash, rest)) = content.split_first_chunk::<20>()
        && let Some(amount) = rest.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    {
        let hash = Hash160(*hash);
        let to = if amount >> 63 == 1 { OutputScript::ScriptHash(hash) } else { OutputScript::PubKeyHash(hash) };
        let amount = Amount::from_atoms((amount & (u64::MAX >> 1)) as i64);
        return ("sstxcommitment".to_owned(), Some(to), Some(amount));
    }
    let (stake, rest) = match script {
        [0xba, rest @ ..] => (Some("stakesubmission"), rest),
        [0xbb, rest @ ..] => (Some("stakegen"), rest),
        [0xbc, rest @ ..] => (Some("stakerevoke"), rest),
        [0xbd, rest @ ..] if generation == Generation::Today => (Some("stakechange"), rest),
        [0xbd, rest @ ..] => (Some("sstxchange"), rest),
        all => (None, all),
    };
    let Some(to) = OutputScript::parse(rest) else {
        let kind = if script.first() == Some(&0x6a) { "nulldata" } else { "nonstandard" };
        return (kind.to_owned(), None, None);
    };
    let plain = match to {
        OutputScript::PubKeyHash(_) => "pubkeyhash",
        OutputScript::ScriptHash(_) => "scripthash",
    };
    let kind = match (stake, generation) {
        (None, _) => plain.to_owned(),
        (Some(stake), Generation::Today) => format!("{stake}-{plain}"),
        (Some(stake), Generation::Legacy) => stake.to_owned(),
    };
    (kind, Some(to), None)
}

/// A script in words.
fn disassemble(script: &[u8]) -> String {
    let (mut rest, mut words) = (script, Vec::new());
    while let Some((&code, tail)) = rest.split_first() {
        rest = tail;
        words.push(match code {
            0 => "0".to_owned(),
            1..=75 => {
                let Some((data, after)) = tail.split_at_checked(code.into()) else {
                    words.push("[error]".to_owned());
                    break;
                };
                rest = after;
                hex::encode(data)
            }
            0x51..=0x60 => (code - 0x50).to_string(),
            0x6a => "OP_RETURN".to_owned(),
            0x76 => "OP_DUP".to_owned(),
            0x87 => "OP_EQUAL".to_owned(),
            0x88 => "OP_EQUALVERIFY".to_owned(),
            0xa9 => "OP_HASH160".to_owned(),
            0xac => "OP_CHECKSIG".to_owned(),
            0xae => "OP_CHECKMULTISIG".to_owned(),
            0xba => "OP_SSTX".to_owned(),
            0xbb => "OP_SSGEN".to_owned(),
            0xbc => "OP_SSRTX".to_owned(),
            0xbd => "OP_SSTXCHANGE".to_owned(),
            other => format!("OP_UNKNOWN{other}"),
        });
    }
    words.join(" ")
}
