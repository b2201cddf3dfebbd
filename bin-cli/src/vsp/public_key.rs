//! A server's public key as an argument and in answers.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use serde::{Serialize, Serializer};

/// The public key of a server's signatures, in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PublicKey(pub(super) [u8; 32]);

impl FromStr for PublicKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key = BASE64.decode(text.as_bytes()).ok().and_then(|key| key.try_into().ok());
        key.map(Self).ok_or("a public key has 44 characters of base64, as `pubkey` of vspinfo")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
