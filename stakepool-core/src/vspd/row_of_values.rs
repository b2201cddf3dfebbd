//! Tickets of version 3 and later.

use std::collections::BTreeMap;

use super::row::Row;
use crate::bolt::Bucket;
use crate::secret::Secret;

/// The row of a bucket with a value for each field. Fields that later versions have brought may be missing.
///
/// # Errors
/// Which field cannot be read, without what it holds.
pub(super) fn row(bucket: Bucket<'_>) -> Result<Row, String> {
    let entries = bucket.entries().map_err(|error| error.to_string())?;
    let fields: BTreeMap<&[u8], &[u8]> = entries.iter().filter_map(|entry| Some((entry.key, entry.value()?))).collect();
    let fields = Fields(fields);
    Ok(Row {
        hash: fields.text("Hash")?,
        height: i64::from_le_bytes(fields.number("PurchaseHeight")?),
        owner: fields.text("CommitmentAddress")?,
        fee_key: fields.optional("FeeAddressXPubID")?.map_or(0, u32::from_le_bytes),
        fee_index: u32::from_le_bytes(fields.number("FeeAddressIndex")?),
        fee_address: fields.text("FeeAddress")?,
        fee_amount: i64::from_le_bytes(fields.number("FeeAmount")?),
        fee_expires: i64::from_le_bytes(fields.number("FeeExpiration")?),
        confirmed: fields.number::<1>("Confirmed")? == [1],
        voting_key: Secret::new(fields.text("VotingWIF")?),
        choices: fields.entries("VoteChoices")?,
        spends: fields.entries("TSpendPolicy")?,
        treasury_keys: fields.entries("TreasuryPolicy")?,
        payment: fields.text("FeeTxHex")?,
        payment_hash: fields.text("FeeTxHash")?,
        fee: fields.text("FeeTxStatus")?,
        outcome: fields.text("Outcome")?,
    })
}

struct Fields<'a>(BTreeMap<&'a [u8], &'a [u8]>);

impl Fields<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name.as_bytes()).copied()
    }

    fn text(&self, name: &str) -> Result<String, String> {
        let bytes = self.get(name).ok_or_else(|| format!("it has no {name}"))?;
        String::from_utf8(bytes.to_vec()).map_err(|_| format!("its {name} is no text"))
    }

    fn number<const N: usize>(&self, name: &str) -> Result<[u8; N], String> {
        self.optional(name)?.ok_or_else(|| format!("it has no {name}"))
    }

    fn optional<const N: usize>(&self, name: &str) -> Result<Option<[u8; N]>, String> {
        let number = |bytes: &[u8]| <[u8; N]>::try_from(bytes).map_err(|_| format!("its {name} is not {N} bytes"));
        self.get(name).map(number).transpose()
    }

    fn entries(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, String> {
        let Some(json) = self.get(name) else { return Ok(None) };
        serde_json::from_slice(json).map_err(|_| format!("its {name} is no JSON object of texts"))
    }
}
