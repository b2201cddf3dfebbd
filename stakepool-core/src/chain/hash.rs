//! Hashes, each kind a type of its own.

use std::fmt;
use std::str::FromStr;

use ripemd::Ripemd160;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// A text that is no hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a hash: {1} hexadecimal digits are expected")]
pub struct HashError(pub String, pub usize);

/// SHA-256 once: the hash of EXCC's transactions and blocks (where Decred has BLAKE-256).
pub fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// RIPEMD-160 of SHA-256.
pub fn hash160(data: &[u8]) -> Hash160 {
    Hash160(Ripemd160::digest(sha256(data)).into())
}

macro_rules! reversed_hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// The bytes are in internal order; the displayed hexadecimal text is reversed.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// From bytes in internal order.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes in internal order.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut bytes = self.0;
                bytes.reverse();
                f.write_str(&hex::encode(bytes))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = HashError;

            fn from_str(text: &str) -> Result<Self, HashError> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| HashError(text.to_owned(), 64))?;
                bytes.reverse();
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    return <[u8; 32]>::deserialize(deserializer).map(Self);
                }
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

reversed_hash! {
    /// The hash of a transaction.
    TxHash
}
reversed_hash! {
    /// The hash of a ticket: the transaction that bought it.
    TicketHash
}
reversed_hash! {
    /// The hash of a block.
    BlockHash
}

impl From<TxHash> for TicketHash {
    fn from(hash: TxHash) -> Self {
        Self(hash.0)
    }
}

impl From<TicketHash> for TxHash {
    fn from(hash: TicketHash) -> Self {
        Self(hash.0)
    }
}

/// RIPEMD-160 of SHA-256 of a public key or a script; displayed as it lies in memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash160(pub [u8; 20]);

impl fmt::Display for Hash160 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash160 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash160({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_printed_hash_parses_back(bytes: [u8; 32]) {
            let hash = TicketHash::from_bytes(bytes);
            prop_assert_eq!(hash.to_string().parse::<TicketHash>(), Ok(hash));
        }
    }

    #[test]
    fn a_displayed_hash_is_reversed() {
        let mut bytes = [0; 32];
        bytes[31] = 0xab;
        assert!(BlockHash::from_bytes(bytes).to_string().starts_with("ab00"));
    }

    #[test]
    fn a_short_or_foreign_text_is_refused_with_the_length_wanted() {
        let error = "abc".parse::<TxHash>().unwrap_err();
        assert_eq!(error.to_string(), "`abc` is not a hash: 64 hexadecimal digits are expected");
        assert!("g".repeat(64).parse::<TxHash>().is_err());
    }
}
