//! A ticket's fields as they are written, whatever the version.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::secret::Secret;

/// A ticket's fields as they are written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    #[serde(rename = "hsh")]
    pub(super) hash: String,
    #[serde(rename = "phgt")]
    pub(super) height: i64,
    #[serde(rename = "cmtaddr")]
    pub(super) owner: String,
    #[serde(skip)]
    pub(super) fee_key: u32,
    #[serde(rename = "faddridx")]
    pub(super) fee_index: u32,
    #[serde(rename = "faddr")]
    pub(super) fee_address: String,
    #[serde(rename = "famt")]
    pub(super) fee_amount: i64,
    #[serde(rename = "fexp")]
    pub(super) fee_expires: i64,
    #[serde(rename = "conf")]
    pub(super) confirmed: bool,
    #[serde(rename = "vwif")]
    pub(super) voting_key: Secret,
    #[serde(rename = "vchces")]
    pub(super) choices: Option<BTreeMap<String, String>>,
    #[serde(skip)]
    pub(super) spends: Option<BTreeMap<String, String>>,
    #[serde(skip)]
    pub(super) treasury_keys: Option<BTreeMap<String, String>>,
    #[serde(rename = "fhex")]
    pub(super) payment: String,
    #[serde(rename = "fhsh")]
    pub(super) payment_hash: String,
    #[serde(rename = "fsts")]
    pub(super) fee: String,
    #[serde(rename = "otcme")]
    pub(super) outcome: String,
}
