//! Addresses: what people and programs pass around instead of keys and scripts.

use std::fmt;
use std::str::FromStr;

use secp256k1::PublicKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::base58check::{self, Base58Error};
use super::hash::{Hash160, hash160};
use super::network::Network;
use super::script::OutputScript;

/// The three kinds of address that a pool meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// Pays to the hash of a public key.
    PubKeyHash(Hash160),
    /// Pays to the hash of a script.
    ScriptHash(Hash160),
    /// Shows a public key on secp256k1 itself.
    PubKey(PublicKey),
}

/// An address on a network.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    network: Network,
    kind: AddressKind,
}

/// Why a text is not the address that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not base58 at all.
    #[error("`{0}` is not an address: it has characters or a length that no address has")]
    NotBase58(String),
    /// A typing error.
    #[error("`{0}` is mistyped: its checksum does not match; copy the address again")]
    Checksum(String),
    /// A prefix that EXCC does not use.
    #[error("`{0}` is not an EXCC address: its prefix belongs to no EXCC network")]
    UnknownPrefix(String),
    /// The public key inside is not on the curve or of another signature type.
    #[error("`{0}` does not hold a valid secp256k1 public key")]
    InvalidKey(String),
    /// An address of another network.
    #[error("`{address}` is an address of {found}, but this pool runs on {expected}")]
    WrongNetwork {
        /// The text.
        address: String,
        /// The network that it belongs to.
        found: Network,
        /// The network that was wanted.
        expected: Network,
    },
    /// An address of another kind.
    #[error("`{address}` is {found}, but {expected} is needed here")]
    WrongKind {
        /// The text.
        address: String,
        /// What it is, with its article.
        found: &'static str,
        /// What was wanted, with its article.
        expected: &'static str,
    },
}

impl Address {
    /// An address from its parts.
    pub const fn new(network: Network, kind: AddressKind) -> Self {
        Self { network, kind }
    }

    /// The network on which the address is valid.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// What the address stands for.
    pub const fn kind(&self) -> AddressKind {
        self.kind
    }

    /// Parses an address and insists on its network.
    ///
    /// # Errors
    /// As parsing, and [`AddressError::WrongNetwork`].
    pub fn parse_for(text: &str, expected: Network) -> Result<Self, AddressError> {
        let address: Self = text.parse()?;
        if address.network == expected {
            Ok(address)
        } else {
            Err(AddressError::WrongNetwork { address: text.to_owned(), found: address.network, expected })
        }
    }

    const fn kind_name(&self) -> &'static str {
        match self.kind {
            AddressKind::PubKeyHash(_) => "a public key hash address (P2PKH)",
            AddressKind::ScriptHash(_) => "a script address (P2SH)",
            AddressKind::PubKey(_) => "a public key address",
        }
    }

    fn wrong_kind(&self, expected: &'static str) -> AddressError {
        AddressError::WrongKind { address: self.to_string(), found: self.kind_name(), expected }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let bytes = base58check::decode(text).map_err(|error| match error {
            Base58Error::Alphabet => AddressError::NotBase58(text.to_owned()),
            Base58Error::Checksum => AddressError::Checksum(text.to_owned()),
        })?;
        let unknown = || AddressError::UnknownPrefix(text.to_owned());
        let (prefix, payload) = bytes.split_first_chunk::<2>().ok_or_else(unknown)?;
        for network in Network::ALL {
            let kind = if let Ok(hash) = <[u8; 20]>::try_from(payload) {
                if *prefix == network.pubkey_hash_prefix() {
                    AddressKind::PubKeyHash(Hash160(hash))
                } else if *prefix == network.script_hash_prefix() {
                    AddressKind::ScriptHash(Hash160(hash))
                } else {
                    continue;
                }
            } else if *prefix == network.pubkey_prefix() {
                AddressKind::PubKey(
                    decode_public_key(payload).ok_or_else(|| AddressError::InvalidKey(text.to_owned()))?,
                )
            } else {
                continue;
            };
            return Ok(Self { network, kind });
        }
        Err(unknown())
    }
}

/// Set in the first byte of a public key address where the key's Y coordinate is odd.
const ODD_Y: u8 = 0x80;

fn decode_public_key(payload: &[u8]) -> Option<PublicKey> {
    let mut key: [u8; 33] = payload.try_into().ok()?;
    // All other bits name the signature type; 0 is ECDSA on secp256k1, the only one with a multisig.
    key[0] = match key[0] {
        0 => 0x02,
        ODD_Y => 0x03,
        _ => return None,
    };
    PublicKey::from_slice(&key).ok()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(39);
        match &self.kind {
            AddressKind::PubKeyHash(hash) => {
                bytes.extend_from_slice(&self.network.pubkey_hash_prefix());
                bytes.extend_from_slice(&hash.0);
            }
            AddressKind::ScriptHash(hash) => {
                bytes.extend_from_slice(&self.network.script_hash_prefix());
                bytes.extend_from_slice(&hash.0);
            }
            AddressKind::PubKey(key) => {
                let key = key.serialize();
                bytes.extend_from_slice(&self.network.pubkey_prefix());
                bytes.push(if key[0] == 0x03 { ODD_Y } else { 0 });
                bytes.extend_from_slice(&key[1..]);
            }
        }
        f.write_str(&base58check::encode(&bytes))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

macro_rules! address_of_kind {
    ($(#[$doc:meta])* $name:ident, $variant:ident($content:ty), $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name {
            network: Network,
            content: $content,
        }

        impl $name {
            /// From its parts.
            pub const fn new(network: Network, content: $content) -> Self {
                Self { network, content }
            }

            /// The network on which the address is valid.
            pub const fn network(&self) -> Network {
                self.network
            }

            /// Parses an address of this kind and insists on its network.
            ///
            /// # Errors
            /// [`AddressError`] says what is wrong with the text.
            pub fn parse_for(text: &str, expected: Network) -> Result<Self, AddressError> {
                Address::parse_for(text, expected)?.try_into()
            }
        }

        impl TryFrom<Address> for $name {
            type Error = AddressError;

            fn try_from(address: Address) -> Result<Self, AddressError> {
                match address.kind {
                    AddressKind::$variant(content) => Ok(Self { network: address.network, content }),
                    _ => Err(address.wrong_kind($expected)),
                }
            }
        }

        impl From<$name> for Address {
            fn from(address: $name) -> Self {
                Self { network: address.network, kind: AddressKind::$variant(address.content) }
            }
        }

        impl FromStr for $name {
            type Err = AddressError;

            fn from_str(text: &str) -> Result<Self, AddressError> {
                text.parse::<Address>()?.try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Address::from(*self).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

address_of_kind! {
    /// A script address: where the voting right of a pool's ticket goes.
    ScriptAddress, ScriptHash(Hash160), "a script address (P2SH)"
}
address_of_kind! {
    /// A public key address: what a user submits, and what the pool's own key is shown as.
    PubKeyAddress, PubKey(PublicKey), "a public key address"
}

impl ScriptAddress {
    /// The hash of the script.
    pub const fn hash(&self) -> Hash160 {
        self.content
    }
}

impl PubKeyAddress {
    /// The public key.
    pub const fn public_key(&self) -> &PublicKey {
        &self.content
    }

    /// The P2PKH address of the same key.
    pub fn to_pubkey_hash(&self) -> Address {
        Address::new(self.network, AddressKind::PubKeyHash(hash160(&self.content.serialize())))
    }
}

impl Address {
    /// The script that pays to the address; for a public key address the one that pays to the key's hash.
    pub fn output_script(&self) -> OutputScript {
        match self.kind {
            AddressKind::PubKeyHash(hash) => OutputScript::PubKeyHash(hash),
            AddressKind::ScriptHash(hash) => OutputScript::ScriptHash(hash),
            AddressKind::PubKey(key) => OutputScript::PubKeyHash(hash160(&key.serialize())),
        }
    }
}

macro_rules! serde_as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

serde_as_text!(Address, ScriptAddress, PubKeyAddress);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_network() -> impl Strategy<Value = Network> {
        prop::sample::select(Network::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn a_hash_address_prints_and_parses_back(network in any_network(), hash: [u8; 20], script: bool) {
            let kind = if script { AddressKind::ScriptHash(Hash160(hash)) } else { AddressKind::PubKeyHash(Hash160(hash)) };
            let address = Address::new(network, kind);
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }

        #[test]
        fn a_public_key_address_prints_and_parses_back(network in any_network(), secret in prop::array::uniform32(1u8..)) {
            let secret = secp256k1::SecretKey::from_secret_bytes(secret).unwrap();
            let address = PubKeyAddress::new(network, PublicKey::from_secret_key(&secret));
            prop_assert_eq!(PubKeyAddress::parse_for(&address.to_string(), network), Ok(address));
        }

        #[test]
        fn one_wrong_character_is_noticed(hash: [u8; 20], at in 0usize..35, other in "[1-9A-HJ-NP-Za-km-z]") {
            let text = Address::new(Network::Simnet, AddressKind::ScriptHash(Hash160(hash))).to_string();
            let mut wrong = text.clone();
            wrong.replace_range(at..=at, &other);
            prop_assume!(wrong != text);
            prop_assert!(wrong.parse::<Address>().is_err());
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Address>();
        }
    }

    #[test]
    fn an_address_of_another_network_is_refused_with_both_named() {
        let error = ScriptAddress::parse_for("ScoTGFqm1qHWZrtuNvCBMNKQNXS3K8LKhRf", Network::Mainnet).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`ScoTGFqm1qHWZrtuNvCBMNKQNXS3K8LKhRf` is an address of simnet, but this pool runs on mainnet"
        );
    }

    #[test]
    fn an_address_of_another_kind_is_refused_with_both_named() {
        let error = "SsZCEU4RYALXMEquCTWyR5QJzPXSQsjgdt5".parse::<PubKeyAddress>().unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("is a public key hash address (P2PKH), but a public key address is needed here")
        );
    }
}
