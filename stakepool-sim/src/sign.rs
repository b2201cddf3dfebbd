//! Signing and checking inputs, with all inputs and outputs signed (SigHashAll), as exccd's `txscript` does it.

use secp256k1::{Message, PublicKey, SecretKey, ecdsa};
use stakepool_core::chain::{OutputScript, RedeemScript, Transaction, hash160, sha256};

/// The only hash type that wallets use.
const SIGHASH_ALL: u8 = 1;
/// Serialization type of the witnesses that a signature covers, in the high 16 bits of the version.
const SIGNED_WITNESS: u32 = 3 << 16;

/// What a signature of input `index` signs, where `script` is the script that it unlocks.
fn signature_hash(transaction: &Transaction, index: usize, script: &[u8]) -> Message {
    let mut witness = Vec::with_capacity(script.len() + 16);
    witness.extend_from_slice(&(u32::from(transaction.version) | SIGNED_WITNESS).to_le_bytes());
    put_var_int(&mut witness, transaction.inputs.len());
    for input in 0..transaction.inputs.len() {
        let script = if input == index { script } else { &[] };
        put_var_int(&mut witness, script.len());
        witness.extend_from_slice(script);
    }
    let mut signed = u32::from(SIGHASH_ALL).to_le_bytes().to_vec();
    // The transaction's hash is that of the prefix.
    signed.extend_from_slice(transaction.hash().as_bytes());
    signed.extend_from_slice(&sha256(&witness));
    Message::from_digest(sha256(&signed))
}

/// Bitcoin's variable-length integer.
pub(crate) fn put_var_int(out: &mut Vec<u8>, value: usize) {
    match value {
        0..=0xfc => out.push(value as u8),
        0xfd..=0xffff => {
            out.push(0xfd);
            out.extend_from_slice(&(value as u16).to_le_bytes());
        }
        _ => {
            out.push(0xfe);
            out.extend_from_slice(&(value as u32).to_le_bytes());
        }
    }
}

fn signature(transaction: &Transaction, index: usize, script: &[u8], key: &SecretKey) -> Vec<u8> {
    let mut bytes = ecdsa::sign(signature_hash(transaction, index, script), key).serialize_der().to_vec();
    bytes.push(SIGHASH_ALL);
    bytes
}

fn push(script: &mut Vec<u8>, data: &[u8]) {
    // Signatures, keys and multisig scripts of two keys are all below OP_PUSHDATA1.
    script.push(data.len() as u8);
    script.extend_from_slice(data);
}

/// Signs an input that spends a P2PKH output of the key.
pub(crate) fn sign_pubkey_hash(transaction: &mut Transaction, index: usize, key: &SecretKey) {
    let public = PublicKey::from_secret_key(key).serialize();
    let script = OutputScript::PubKeyHash(hash160(&public)).to_bytes();
    let mut unlock = Vec::with_capacity(108);
    push(&mut unlock, &signature(transaction, index, &script, key));
    push(&mut unlock, &public);
    transaction.inputs[index].signature_script = unlock;
}

/// Fills in an input that spends a P2SH output: one signature where a key is given, and the script.
pub(crate) fn sign_script(transaction: &mut Transaction, index: usize, script: &[u8], key: Option<&SecretKey>) {
    let mut unlock = Vec::with_capacity(146);
    if let Some(key) = key {
        push(&mut unlock, &signature(transaction, index, script, key));
    }
    push(&mut unlock, script);
    transaction.inputs[index].signature_script = unlock;
}

/// Whether input `index` unlocks an output of script `locked`. A one-key script of OP_TRUE needs no signature.
pub(crate) fn unlocks(transaction: &Transaction, index: usize, locked: OutputScript) -> bool {
    const OP_TRUE: [u8; 1] = [0x51];
    let Some(pushes) = transaction.inputs.get(index).and_then(|input| pushes(&input.signature_script)) else {
        return false;
    };
    let verify = |signature: &[u8], script: &[u8], key: &PublicKey| {
        let Some((&SIGHASH_ALL, der)) = signature.split_last() else { return false };
        let hash = signature_hash(transaction, index, script);
        ecdsa::Signature::from_der(der).is_ok_and(|signature| ecdsa::verify(&signature, hash, key).is_ok())
    };
    match (locked, &pushes[..]) {
        (OutputScript::PubKeyHash(hash), [signature, key]) if hash160(key) == hash => {
            PublicKey::from_slice(key).is_ok_and(|key| verify(signature, &locked.to_bytes(), &key))
        }
        (OutputScript::ScriptHash(hash), [script]) => *script == OP_TRUE && hash160(script) == hash,
        (OutputScript::ScriptHash(hash), [signature, script]) if hash160(script) == hash => {
            RedeemScript::from_bytes(script).is_ok_and(|redeem| {
                verify(signature, script, &redeem.pool_key().0) || verify(signature, script, &redeem.user_key().0)
            })
        }
        _ => false,
    }
}

/// The data that a script pushes, or `None` where it does anything else.
fn pushes(script: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, mut found) = (script, Vec::new());
    while let Some((&length, tail)) = rest.split_first() {
        if length == 0 || length > 75 {
            return None;
        }
        let (data, after) = tail.split_at_checked(length.into())?;
        found.push(data);
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::{PoolKey, UserKey};

    /// A vote of today's exccwallet for a ticket of a pool's script, as it was accepted by exccd.
    const RECORDED_VOTE: &str = "01000000020000000000000000000000000000000000000000000000000000000000000000ffffffff00ffffffff7199e983d14a2f71354253a2549b5ef1be8ec2375e1f724c9847040b2758816f0000000001ffffffff0400000000000000000000266a24e70a36fb7c55d393431de005608fec6a587ece8e2e314d1bb07dd048d3f35d00bb00000000000000000000000000046a020100c0f9bf0e0000000000001abb76a914859ac8c4150cb861346478a4e4e0df2567774c8688ac2a7e0dbb0000000000001abb76a914422f25a04dcc2e36dc3341ab009b11d098659cec88ac000000000000000002310ab7c40000000000000000ffffffff04deadbeefba6d16050000000000000000ffffffff9047304402203b5c08db85d2c8803e2ee25c7a28db9776544aa1253c674970c6381b6e89cdf602204c6638bb3f92a5505e192cd4a59b07da780a609985bc5552012c62fc382d101501475121036a71d430bb781e9a701c9489f125cebfa7bd7b35f6c472a728ba791a865c328f2103b794dfd3a55f1b7ca1647b1e525ccf8da7708f4e085770654518fade41c21b3552ae";

    fn recorded() -> (Transaction, RedeemScript) {
        let vote = Transaction::decode_hex(RECORDED_VOTE).unwrap();
        let script = vote.inputs[1].signature_script.clone();
        let redeem = RedeemScript::from_bytes(&script[script.len() - 71..]).unwrap();
        (vote, redeem)
    }

    #[test]
    fn a_real_wallets_signature_is_valid() {
        let (mut vote, redeem) = recorded();
        let locked = OutputScript::ScriptHash(hash160(&redeem.to_bytes()));
        assert!(unlocks(&vote, 1, locked));
        vote.lock_time += 1;
        assert!(!unlocks(&vote, 1, locked));
    }

    #[test]
    fn what_is_signed_here_unlocks_and_nothing_else_does() {
        let (mut vote, _) = recorded();
        let keys = [[7; 32], [8; 32], [9; 32]].map(|bytes| SecretKey::from_secret_bytes(bytes).unwrap());
        let [pool, user, other] = keys.map(|key| PublicKey::from_secret_key(&key));
        let redeem = RedeemScript::new(PoolKey(pool), UserKey(user)).to_bytes();
        let locked = OutputScript::ScriptHash(hash160(&redeem));
        for (key, valid) in keys.iter().zip([true, true, false]) {
            sign_script(&mut vote, 1, &redeem, Some(key));
            assert_eq!(unlocks(&vote, 1, locked), valid);
        }
        sign_script(&mut vote, 1, &redeem, None);
        assert!(!unlocks(&vote, 1, locked));
        sign_pubkey_hash(&mut vote, 1, &keys[2]);
        assert!(unlocks(&vote, 1, OutputScript::PubKeyHash(hash160(&other.serialize()))));
        assert!(!unlocks(&vote, 1, OutputScript::PubKeyHash(hash160(&pool.serialize()))));
    }
}
