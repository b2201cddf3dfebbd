//! The keys whose addresses take fees.

use serde::Deserialize;

use super::error::VspdError;
use crate::bolt::Bucket;
use crate::chain::{ExtendedPubKey, KeyIndex, Network};

/// A key whose addresses take fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VspdFeeKey {
    /// Its number, which tickets name.
    pub id: u32,
    /// The account's key.
    pub key: ExtendedPubKey,
    /// The last index that was given; 0 where none was.
    pub last: KeyIndex,
    /// Whether another one has followed it.
    pub retired: bool,
}

#[derive(Deserialize)]
struct Kept {
    id: u32,
    key: String,
    #[serde(rename = "lastusedidx")]
    last: u32,
    retired: i64,
}

/// All keys, the oldest first. Before version 5 there was one.
pub(super) fn read(vsp: Bucket<'_>, version: u32, network: Network) -> Result<Vec<VspdFeeKey>, VspdError> {
    if version < 5 {
        let text = vsp.value(b"feeXPub")?.and_then(|key| std::str::from_utf8(key).ok());
        let last = match vsp.value(b"lastaddressindex")? {
            Some(bytes) => u32::from_le_bytes(bytes.try_into().map_err(|_| VspdError::Missing("last address index"))?),
            None => 0,
        };
        let text = text.ok_or(VspdError::Missing("fee key (feeXPub)"))?.to_owned();
        return Ok(vec![parse(&Kept { id: 0, key: text, last, retired: 0 }, network)?]);
    }
    let bucket = vsp.bucket(b"xpubbkt")?.ok_or(VspdError::NoBucket("xpubbkt"))?;
    let kept = bucket.entries()?.into_iter().filter_map(|entry| entry.value());
    let mut keys = kept
        .map(|json| serde_json::from_slice::<Kept>(json).map_err(|_| VspdError::Missing("fee key")))
        .map(|kept| parse(&kept?, network))
        .collect::<Result<Vec<_>, _>>()?;
    keys.sort_unstable_by_key(|key| key.id);
    if keys.is_empty() { Err(VspdError::Missing("fee key")) } else { Ok(keys) }
}

fn parse(kept: &Kept, network: Network) -> Result<VspdFeeKey, VspdError> {
    let unusable =
        |error: crate::chain::HdKeyError| VspdError::FeeKey { id: kept.id, network, reason: error.to_string() };
    Ok(VspdFeeKey {
        id: kept.id,
        key: ExtendedPubKey::parse_for(&kept.key, network).map_err(unusable)?,
        last: KeyIndex(kept.last),
        retired: kept.retired != 0,
    })
}
