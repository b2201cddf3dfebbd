//! The two scripts of outputs that a pool must write and recognise.

use serde::{Deserialize, Serialize};

use super::hash::Hash160;

const OP_DUP: u8 = 0x76;
const OP_EQUAL: u8 = 0x87;
const OP_EQUALVERIFY: u8 = 0x88;
const OP_HASH160: u8 = 0xa9;
const OP_CHECKSIG: u8 = 0xac;
const PUSH_20: u8 = 20;

/// The script of an output that pays to a hash, without a stake opcode before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OutputScript {
    /// Pays to the hash of a public key.
    PubKeyHash(Hash160),
    /// Pays to the hash of a script.
    ScriptHash(Hash160),
}

impl OutputScript {
    /// Recognises the script, or `None` where it is another one.
    pub fn parse(script: &[u8]) -> Option<Self> {
        match script {
            [OP_DUP, OP_HASH160, PUSH_20, hash @ .., OP_EQUALVERIFY, OP_CHECKSIG] => {
                hash.try_into().ok().map(|hash| Self::PubKeyHash(Hash160(hash)))
            }
            [OP_HASH160, PUSH_20, hash @ .., OP_EQUAL] => {
                hash.try_into().ok().map(|hash| Self::ScriptHash(Hash160(hash)))
            }
            _ => None,
        }
    }

    /// The script's bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::PubKeyHash(hash) => {
                [&[OP_DUP, OP_HASH160, PUSH_20][..], &hash.0, &[OP_EQUALVERIFY, OP_CHECKSIG]].concat()
            }
            Self::ScriptHash(hash) => [&[OP_HASH160, PUSH_20][..], &hash.0, &[OP_EQUAL]].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_panic(script: Vec<u8>) {
            let _ = OutputScript::parse(&script);
        }

        #[test]
        fn an_output_script_is_recognised(hash: [u8; 20], to_script: bool) {
            let script = if to_script { OutputScript::ScriptHash(Hash160(hash)) } else { OutputScript::PubKeyHash(Hash160(hash)) };
            prop_assert_eq!(OutputScript::parse(&script.to_bytes()), Some(script));
        }
    }
}
