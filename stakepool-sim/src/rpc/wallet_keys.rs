//! A wallet's keys, addresses and scripts.

use std::sync::Arc;

use secp256k1::PublicKey;
use serde_json::{Value, json};
use stakepool_core::chain::{
    Address, AddressKind, BlockHeight, Generation, Hash160, KeyIndex, Network, PubKeyAddress, RedeemScript,
    ScriptAddress, hash160,
};

use super::error::{RpcError, RpcResult};
use super::params::Params;
use crate::network::State;
use crate::program::Program;
use crate::wallet::Wallet;

/// The highest index for which a wallet derives keys here.
const MOST_KEYS: u32 = 100_000;

/// Answers a call, where it is one of these.
pub(super) fn call(state: &mut State, number: usize, method: &str, params: Params<'_>) -> Option<RpcResult> {
    let generation = state.chain.generation;
    let wallet = &mut state.wallets[number];
    Some(match method {
        "getmasterpubkey" => Ok(json!(wallet.xpub().to_string())),
        "accountsyncaddressindex" => params.number(2).map(|index| {
            wallet.watch_to(KeyIndex(index));
            Value::Null
        }),
        "getnewaddress" => new_address(wallet),
        "validateaddress" => params.text(0).map(|text| validate(wallet, text, generation)),
        "createmultisig" => create_multisig(wallet, params),
        "importscript" => import_script(state, number, params),
        "listscripts" if generation == Generation::Legacy => Ok(list_scripts(wallet)),
        "getaddressesbyaccount"
            if generation == Generation::Today && params.text(0).is_ok_and(|name| name == "imported") =>
        {
            Ok(json!(
                wallet.scripts().keys().map(|hash| ScriptAddress::new(Network::Simnet, *hash)).collect::<Vec<_>>()
            ))
        }
        "rescanwallet" => {
            let from = params.number(0).unwrap_or(0);
            state.rescan(number, BlockHeight(from));
            Ok(Value::Null)
        }
        _ => return None,
    })
}

/// Derives the keys that `accountsyncaddressindex` asks for beside the other work, since it takes a second for 10,000.
pub(crate) async fn derive_ahead(program: &Program, number: usize, last: u32) -> Result<(), RpcError> {
    if last > MOST_KEYS {
        return Err(RpcError::new(-8, format!("child index {last} exceeds the maximum child index for an account")));
    }
    let keys = program.shared.read(|state| Arc::clone(state.wallets[number].keys()));
    let derived = tokio::task::spawn_blocking(move || keys.extend_to(KeyIndex(last))).await;
    derived.map_err(RpcError::internal)?.map_err(RpcError::internal)
}

fn new_address(wallet: &mut Wallet) -> RpcResult {
    let (_, key) = wallet.take_address().map_err(RpcError::internal)?;
    Ok(json!(PubKeyAddress::new(Network::Simnet, key).to_pubkey_hash()))
}

fn validate(wallet: &Wallet, text: &str, generation: Generation) -> Value {
    let today = generation == Generation::Today;
    let Some(address) = Address::parse_for(text, Network::Simnet).ok() else {
        return if today { json!({"isvalid": false, "script": "nonstandard"}) } else { json!({"isvalid": false}) };
    };
    match address.kind() {
        AddressKind::PubKeyHash(hash) => validate_key(wallet, &address, hash, today),
        AddressKind::PubKey(key) => {
            let mut answer = validate_key(wallet, &address, hash160(&key.serialize()), today);
            answer["pubkeyaddr"] = json!(address);
            answer["pubkey"] = json!(hex::encode(key.serialize()));
            answer
        }
        AddressKind::ScriptHash(hash) => validate_script(wallet, &address, hash, today),
    }
}

fn validate_key(wallet: &Wallet, address: &Address, hash: Hash160, today: bool) -> Value {
    let mut answer = json!({"isvalid": true, "address": address});
    if today {
        let kind = if matches!(address.kind(), AddressKind::PubKey(_)) { "pubkey" } else { "pubkeyhash" };
        answer["script"] = json!(kind);
        answer["iscompressed"] = json!(true);
    }
    if let Some((index, key)) = wallet.own_key(hash) {
        answer["ismine"] = json!(true);
        answer["pubkeyaddr"] = json!(PubKeyAddress::new(Network::Simnet, key));
        answer["pubkey"] = json!(hex::encode(key.serialize()));
        answer["iscompressed"] = json!(true);
        answer["account"] = json!("default");
        if today {
            answer["accountn"] = json!(0);
            answer["branch"] = json!(0);
            answer["index"] = json!(index);
        }
    }
    answer
}

fn validate_script(wallet: &Wallet, address: &Address, hash: Hash160, today: bool) -> Value {
    let mut answer = json!({"isvalid": true, "address": address});
    if today {
        answer["script"] = json!("scripthash");
        answer["isscript"] = json!(true);
        answer["iscompressed"] = json!(true);
    }
    let Some(script) = wallet.scripts().get(&hash) else { return answer };
    answer["ismine"] = json!(true);
    answer["isscript"] = json!(true);
    answer["account"] = json!("imported");
    answer["hex"] = json!(hex::encode(script));
    let Ok(redeem) = RedeemScript::from_bytes(script) else { return answer };
    let keys = [redeem.pool_address(Network::Simnet), redeem.user_address(Network::Simnet)];
    // Today's wallet names the keys, the legacy one their hashes.
    answer["addresses"] = if today { json!(keys) } else { json!(keys.map(|key| key.to_pubkey_hash())) };
    answer["script"] = json!("multisig");
    answer["sigsrequired"] = json!(1);
    answer
}

fn key_of(wallet: &Wallet, value: &Value) -> Result<PublicKey, RpcError> {
    let text = value.as_str().unwrap_or_default();
    let unknown = || RpcError::new(-5, format!("`{text}` is neither a public key nor an address of this wallet"));
    if let Ok(bytes) = hex::decode(text) {
        return PublicKey::from_slice(&bytes).map_err(|_| unknown());
    }
    match Address::parse_for(text, Network::Simnet).map_err(|_| unknown())?.kind() {
        AddressKind::PubKey(key) => Ok(key),
        AddressKind::PubKeyHash(hash) => wallet.own_key(hash).map(|(_, key)| key).ok_or_else(unknown),
        AddressKind::ScriptHash(_) => Err(unknown()),
    }
}

fn create_multisig(wallet: &Wallet, params: Params<'_>) -> RpcResult {
    let needed = params.number(0)?;
    let keys =
        params.array(1)?.iter().map(|value| key_of(wallet, value)).collect::<Result<Vec<PublicKey>, RpcError>>()?;
    if needed == 0 || needed as usize > keys.len() || keys.len() > 15 {
        return Err(RpcError::new(-8, format!("{needed} of {} keys cannot be required", keys.len())));
    }
    let mut script = vec![0x50 + needed as u8];
    for key in &keys {
        script.push(33);
        script.extend_from_slice(&key.serialize());
    }
    script.extend_from_slice(&[0x50 + keys.len() as u8, 0xae]);
    let address = ScriptAddress::new(Network::Simnet, hash160(&script));
    Ok(json!({"address": address, "redeemScript": hex::encode(script)}))
}

fn import_script(state: &mut State, number: usize, params: Params<'_>) -> RpcResult {
    let script = params.bytes(0)?;
    let from = BlockHeight(params.number(2).unwrap_or(0));
    let rescan = params.flag(1).unwrap_or(true);
    state.import_script(number, script, rescan.then_some(from))?;
    Ok(Value::Null)
}

fn list_scripts(wallet: &Wallet) -> Value {
    let scripts = wallet.scripts().iter().map(|(hash, script)| {
        json!({
            "hash160": hash.to_string(), "address": ScriptAddress::new(Network::Simnet, *hash),
            "redeemscript": hex::encode(script),
        })
    });
    json!({"scripts": scripts.collect::<Vec<_>>()})
}
