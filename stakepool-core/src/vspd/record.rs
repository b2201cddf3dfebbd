//! What was signed on both sides.

use serde::Deserialize;

use crate::bolt::Bucket;
use crate::time::UnixTime;
use crate::vsp::{Record, RecordKind};

/// A record of choices as it is kept.
#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "req")]
    request: String,
    #[serde(rename = "reqs")]
    request_signature: String,
    #[serde(rename = "rsp")]
    answer: String,
    #[serde(rename = "rsps")]
    answer_signature: String,
}

/// What a request says of itself.
#[derive(Deserialize)]
struct Asked {
    timestamp: i64,
    feetx: Option<serde::de::IgnoredAny>,
}

/// A record with its number, or why it cannot be read, without what it holds.
pub(super) struct Numbered {
    pub(super) number: u32,
    pub(super) record: Result<Record, String>,
}

/// The records of choices of one ticket, the oldest first.
pub(super) fn choices(bucket: Bucket<'_>) -> Result<Vec<Numbered>, String> {
    let mut records = Vec::new();
    for entry in bucket.entries().map_err(|error| error.to_string())? {
        let number = entry.key.try_into().map(u32::from_le_bytes);
        let number = number.map_err(|_| "a record has a key that is no number".to_owned())?;
        let record = entry.value().ok_or_else(|| "it is no value".to_owned()).and_then(choice);
        records.push(Numbered { number, record });
    }
    // The keys are little endian, so that 256 comes before 1 in the file.
    records.sort_unstable_by_key(|record| record.number);
    Ok(records)
}

fn choice(json: &[u8]) -> Result<Record, String> {
    let kept: Kept = serde_json::from_slice(json).map_err(|_| "it is no JSON of a record".to_owned())?;
    let asked = asked(&kept.request)?;
    let kind = if asked.feetx.is_some() { RecordKind::PayFee } else { RecordKind::SetVoteChoices };
    Ok(record(kind, &asked, kept))
}

/// The alternate address of a ticket, and the record of it.
pub(super) fn alternate(bucket: Bucket<'_>) -> Result<(String, Record), String> {
    let text = |name: &str| {
        let value = bucket.value(name.as_bytes()).map_err(|error| error.to_string())?;
        let text = value.and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.map(str::to_owned).ok_or_else(|| format!("it has no {name}"))
    };
    let kept = Kept {
        request: text("req")?,
        request_signature: text("reqsig")?,
        answer: text("res")?,
        answer_signature: text("ressig")?,
    };
    Ok((text("altsig")?, record(RecordKind::SetAltSignAddr, &asked(&kept.request)?, kept)))
}

fn asked(request: &str) -> Result<Asked, String> {
    serde_json::from_str(request).map_err(|_| "its request is no JSON object with a time".to_owned())
}

fn record(kind: RecordKind, asked: &Asked, kept: Kept) -> Record {
    Record {
        kind,
        timestamp: UnixTime(asked.timestamp),
        request: kept.request.into_bytes(),
        request_signature: kept.request_signature,
        answer: kept.answer.into_bytes(),
        answer_signature: kept.answer_signature,
        notes: Vec::new(),
    }
}
