//! The script behind a user's multisig address.

use std::fmt;
use std::str::FromStr;

use secp256k1::PublicKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::address::{PubKeyAddress, ScriptAddress};
use super::hash::hash160;
use super::hdkey::{ExternalBranch, HdKeyError, KeyIndex};
use super::network::Network;

const OP_1: u8 = 0x51;
const OP_2: u8 = 0x52;
const OP_CHECKMULTISIG: u8 = 0xae;
const PUSH_33: u8 = 33;

/// The pool's key in a redeem script: that of the voting wallets for one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolKey(pub PublicKey);

/// The user's own key in a redeem script: the one that the user submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserKey(pub PublicKey);

/// The 1-of-2 multisig script of a user: the pool's key or the user's may vote. The pool's key comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RedeemScript {
    pool: PoolKey,
    user: UserKey,
}

/// A text that is no redeem script of a pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The text is not hexadecimal.
    #[error("the redeem script is not hexadecimal")]
    NotHex,
    /// Another script.
    #[error("the redeem script is not a 1-of-2 multisig of two compressed public keys")]
    NotMultisig,
}

impl RedeemScript {
    const LENGTH: usize = 71;

    /// The script of a pool's and a user's key.
    pub const fn new(pool: PoolKey, user: UserKey) -> Self {
        Self { pool, user }
    }

    /// The script of user `index`, whose own key is `user`, where `voting` is the external branch of the voting wallets'
    /// account.
    ///
    /// # Errors
    /// As [`ExtendedPubKey::child`](super::ExtendedPubKey::child).
    pub fn for_user(voting: &ExternalBranch, index: KeyIndex, user: &PubKeyAddress) -> Result<Self, HdKeyError> {
        Ok(Self::new(PoolKey(voting.public_key(index)?), UserKey(*user.public_key())))
    }

    /// The pool's key.
    pub const fn pool_key(&self) -> PoolKey {
        self.pool
    }

    /// The user's key.
    pub const fn user_key(&self) -> UserKey {
        self.user
    }

    /// The script's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut script = Vec::with_capacity(Self::LENGTH);
        script.extend_from_slice(&[OP_1, PUSH_33]);
        script.extend_from_slice(&self.pool.0.serialize());
        script.push(PUSH_33);
        script.extend_from_slice(&self.user.0.serialize());
        script.extend_from_slice(&[OP_2, OP_CHECKMULTISIG]);
        script
    }

    /// The address to which a ticket's voting right goes.
    pub fn address(&self, network: Network) -> ScriptAddress {
        ScriptAddress::new(network, hash160(&self.to_bytes()))
    }

    /// The pool's key as an address.
    pub const fn pool_address(&self, network: Network) -> PubKeyAddress {
        PubKeyAddress::new(network, self.pool.0)
    }

    /// The user's key as an address.
    pub const fn user_address(&self, network: Network) -> PubKeyAddress {
        PubKeyAddress::new(network, self.user.0)
    }

    /// Recognises the script.
    ///
    /// # Errors
    /// [`ScriptError::NotMultisig`] for any other script.
    pub fn from_bytes(script: &[u8]) -> Result<Self, ScriptError> {
        let [OP_1, PUSH_33, keys @ .., OP_2, OP_CHECKMULTISIG] = script else { return Err(ScriptError::NotMultisig) };
        if script.len() != Self::LENGTH || keys[33] != PUSH_33 {
            return Err(ScriptError::NotMultisig);
        }
        let key = |bytes| PublicKey::from_slice(bytes).map_err(|_| ScriptError::NotMultisig);
        Ok(Self::new(PoolKey(key(&keys[..33])?), UserKey(key(&keys[34..])?)))
    }
}

impl fmt::Display for RedeemScript {
    /// Lower-case hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl FromStr for RedeemScript {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        Self::from_bytes(&hex::decode(text).map_err(|_| ScriptError::NotHex)?)
    }
}

impl Serialize for RedeemScript {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RedeemScript {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_panic(script: Vec<u8>) {
            let _ = RedeemScript::from_bytes(&script);
        }
    }

    #[test]
    fn a_cut_or_changed_script_is_refused() {
        let text = "5121021eb44bdc00e01912d8385b09338b1fd40952716a0f1b82eac4d0d07eb7bdb6c121034c2cddbbe9fd8b703d42615a5d01c4cc9e1352e4c28efaf511d683d8b1f6e15d52ae";
        assert_eq!(text.parse::<RedeemScript>().unwrap().to_string(), text);
        for wrong in [&text[2..], &text[..140], &text.replacen("51", "52", 1), "zz", ""] {
            assert!(wrong.parse::<RedeemScript>().is_err(), "{wrong}");
        }
    }
}
