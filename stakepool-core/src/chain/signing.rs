//! Signing inputs and checking their signatures, with all inputs and outputs signed (SigHashAll), as exccd's `txscript` does it.

use secp256k1::{Message, PublicKey, ecdsa};

use super::hash::{hash160, sha256};
use super::private_key::PrivateKey;
use super::redeem_script::RedeemScript;
use super::script::OutputScript;
use super::transaction::Transaction;
use super::wire::{put_var_bytes, put_var_int};

const OP_SSTX: u8 = 0xba;
/// The only hash type that wallets use.
const SIGHASH_ALL: u8 = 1;
/// Serialization type of the witnesses that a signature covers, in the high 16 bits of the version.
const SIGNED_WITNESS: u32 = 3 << 16;
/// Most bytes that a push of one length byte holds.
const MOST_PUSHED: u8 = 75;

/// What an input spends. The signature of a P2PKH output covers the whole of its script, and so the stake opcode, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spends {
    /// An ordinary output.
    Output,
    /// A ticket, as a vote or a revocation does.
    Ticket,
}

impl Spends {
    /// The script that locks what is spent.
    fn script(self, locked: OutputScript) -> Vec<u8> {
        let tag: &[u8] = match self {
            Self::Output => &[],
            Self::Ticket => &[OP_SSTX],
        };
        [tag, &locked.to_bytes()].concat()
    }
}

/// What a signature of input `index` signs, where `script` is the script that it unlocks. Values and heights that the
/// inputs state are not covered.
fn signature_hash(transaction: &Transaction, index: usize, script: &[u8]) -> Message {
    let mut witness = Vec::with_capacity(script.len() + 16);
    witness.extend_from_slice(&(u32::from(transaction.version) | SIGNED_WITNESS).to_le_bytes());
    put_var_int(&mut witness, transaction.inputs.len() as u64);
    for input in 0..transaction.inputs.len() {
        put_var_bytes(&mut witness, if input == index { script } else { &[] });
    }
    let mut signed = u32::from(SIGHASH_ALL).to_le_bytes().to_vec();
    // The transaction's hash is that of the prefix.
    signed.extend_from_slice(transaction.hash().as_bytes());
    signed.extend_from_slice(&sha256(&witness));
    Message::from_digest(sha256(&signed))
}

/// A signature as the wallets make it: nonce after RFC 6979, the lower of both `s`, so that the same key and transaction
/// always give the same bytes.
fn signature(transaction: &Transaction, index: usize, script: &[u8], key: &PrivateKey) -> Vec<u8> {
    let mut bytes = ecdsa::sign(signature_hash(transaction, index, script), key.secret()).serialize_der().to_vec();
    bytes.push(SIGHASH_ALL);
    bytes
}

fn push(script: &mut Vec<u8>, data: &[u8]) {
    // Signatures, keys and multisig scripts of two keys are all at most MOST_PUSHED long.
    script.push(data.len() as u8);
    script.extend_from_slice(data);
}

/// Signs input `index`, which spends what pays to the hash of the key. Where there is no such input, nothing happens.
pub fn sign_pubkey_hash(transaction: &mut Transaction, index: usize, spends: Spends, key: &PrivateKey) {
    let public = key.public_key().serialize();
    let script = spends.script(OutputScript::PubKeyHash(hash160(&public)));
    let mut unlock = Vec::with_capacity(108);
    push(&mut unlock, &signature(transaction, index, &script, key));
    push(&mut unlock, &public);
    unlock_by(transaction, index, unlock);
}

/// Fills in input `index`, which spends what pays to the hash of the script, a ticket or not: one signature where a key is
/// given, and the script. Where there is no such input, nothing happens.
pub fn sign_multisig(transaction: &mut Transaction, index: usize, redeem: &RedeemScript, key: Option<&PrivateKey>) {
    let script = redeem.to_bytes();
    let mut unlock = Vec::with_capacity(146);
    if let Some(key) = key {
        push(&mut unlock, &signature(transaction, index, &script, key));
    }
    push(&mut unlock, &script);
    unlock_by(transaction, index, unlock);
}

fn unlock_by(transaction: &mut Transaction, index: usize, script: Vec<u8>) {
    if let Some(input) = transaction.inputs.get_mut(index) {
        input.signature_script = script;
    }
}

/// Whether input `index` unlocks what is locked by `locked`: a P2PKH script, or that of a 1-of-2 multisig script. Other
/// scripts are not understood, and count as locked.
pub fn unlocks(transaction: &Transaction, index: usize, spends: Spends, locked: OutputScript) -> bool {
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
            PublicKey::from_slice(key).is_ok_and(|key| verify(signature, &spends.script(locked), &key))
        }
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
        if length == 0 || length > MOST_PUSHED {
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
    use crate::chain::redeem_script::{PoolKey, UserKey};
    use proptest::prelude::*;

    /// A vote of today's exccwallet for a ticket of a pool's script, as it was accepted by exccd.
    const RECORDED_VOTE: &str = "01000000020000000000000000000000000000000000000000000000000000000000000000ffffffff00ffffffff7199e983d14a2f71354253a2549b5ef1be8ec2375e1f724c9847040b2758816f0000000001ffffffff0400000000000000000000266a24e70a36fb7c55d393431de005608fec6a587ece8e2e314d1bb07dd048d3f35d00bb00000000000000000000000000046a020100c0f9bf0e0000000000001abb76a914859ac8c4150cb861346478a4e4e0df2567774c8688ac2a7e0dbb0000000000001abb76a914422f25a04dcc2e36dc3341ab009b11d098659cec88ac000000000000000002310ab7c40000000000000000ffffffff04deadbeefba6d16050000000000000000ffffffff9047304402203b5c08db85d2c8803e2ee25c7a28db9776544aa1253c674970c6381b6e89cdf602204c6638bb3f92a5505e192cd4a59b07da780a609985bc5552012c62fc382d101501475121036a71d430bb781e9a701c9489f125cebfa7bd7b35f6c472a728ba791a865c328f2103b794dfd3a55f1b7ca1647b1e525ccf8da7708f4e085770654518fade41c21b3552ae";

    fn recorded() -> (Transaction, RedeemScript) {
        let vote = Transaction::decode_hex(RECORDED_VOTE).unwrap();
        let script = vote.inputs[1].signature_script.clone();
        let redeem = RedeemScript::from_bytes(&script[script.len() - 71..]).unwrap();
        (vote, redeem)
    }

    #[test]
    fn a_real_wallets_signature_is_valid_and_a_changed_transaction_is_not() {
        let (mut vote, redeem) = recorded();
        let locked = OutputScript::ScriptHash(hash160(&redeem.to_bytes()));
        assert!(unlocks(&vote, 1, Spends::Ticket, locked));
        vote.lock_time += 1;
        assert!(!unlocks(&vote, 1, Spends::Ticket, locked));
    }

    #[test]
    fn what_is_signed_here_unlocks_and_nothing_else_does() {
        let (mut vote, _) = recorded();
        let keys = [[7; 32], [8; 32], [9; 32]].map(|bytes| PrivateKey::from_bytes(&bytes).unwrap());
        let [pool, user, other] = keys.each_ref().map(PrivateKey::public_key);
        let redeem = RedeemScript::new(PoolKey(pool), UserKey(user));
        let locked = OutputScript::ScriptHash(hash160(&redeem.to_bytes()));
        for (key, valid) in keys.iter().zip([true, true, false]) {
            sign_multisig(&mut vote, 1, &redeem, Some(key));
            assert_eq!(unlocks(&vote, 1, Spends::Ticket, locked), valid);
        }
        sign_multisig(&mut vote, 1, &redeem, None);
        assert!(!unlocks(&vote, 1, Spends::Ticket, locked));
        sign_pubkey_hash(&mut vote, 1, Spends::Ticket, &keys[2]);
        let own = OutputScript::PubKeyHash(hash160(&other.serialize()));
        assert!(unlocks(&vote, 1, Spends::Ticket, own));
        assert!(!unlocks(&vote, 1, Spends::Output, own), "the signature covers the stake opcode");
        assert!(!unlocks(&vote, 1, Spends::Ticket, OutputScript::PubKeyHash(hash160(&pool.serialize()))));
    }

    #[test]
    fn an_input_that_is_not_there_is_neither_signed_nor_unlocked() {
        let (mut vote, redeem) = recorded();
        let before = vote.clone();
        sign_pubkey_hash(&mut vote, 2, Spends::Ticket, &PrivateKey::from_bytes(&[7; 32]).unwrap());
        assert_eq!(vote, before);
        assert!(!unlocks(&vote, 2, Spends::Ticket, OutputScript::ScriptHash(hash160(&redeem.to_bytes()))));
    }

    proptest! {
        #[test]
        fn no_signature_script_panics(script: Vec<u8>) {
            let (mut vote, redeem) = recorded();
            vote.inputs[1].signature_script = script;
            prop_assert!(!unlocks(&vote, 1, Spends::Ticket, OutputScript::ScriptHash(hash160(&redeem.to_bytes()))));
        }
    }
}
