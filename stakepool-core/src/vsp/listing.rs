//! What the registry of pools, and wallets that read it, refuse in an answer of `vspinfo`.

use serde_json::{Map, Value};

use super::info::API_VERSION;
use crate::chain::Network;

/// The lowest version of a server that wallets offer to their users.
const LOWEST: [u64; 3] = [1, 1, 0];

/// What a field must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Numbers,
    Number,
    Text,
    Flag,
}

/// What the registry reads. It leaves out a pool that lacks one of them, and breaks down over another type.
const FIELDS: [(&str, Kind); 9] = [
    ("apiversions", Kind::Numbers),
    ("feepercentage", Kind::Number),
    ("vspclosed", Kind::Flag),
    ("voting", Kind::Number),
    ("voted", Kind::Number),
    ("revoked", Kind::Number),
    ("vspdversion", Kind::Text),
    ("blockheight", Kind::Number),
    ("estimatednetworkproportion", Kind::Number),
];

/// What wallets read beside it.
const FIELDS_OF_WALLETS: [(&str, Kind); 2] = [("pubkey", Kind::Text), ("network", Kind::Text)];

/// Why a pool is not listed, or not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListingFault {
    /// The answer is something else.
    #[error("the answer is no JSON object: look whether the address, or the proxy, leads to another program")]
    NotAnObject,
    /// A field is missing.
    #[error("`{0}` is missing: the registry leaves the pool out")]
    Missing(&'static str),
    /// A field holds something else.
    #[error("`{0}` is of another type than the registry reads: it breaks down over the pool")]
    Type(&'static str),
    /// The API of wallets of today is not spoken.
    #[error("`apiversions` does not name 3: wallets of today cannot register")]
    Version,
    /// The version of the server is none.
    #[error("`vspdversion` is `{0}`, which is no semantic version: wallets fail to read it")]
    NoVersion(String),
    /// The version of the server is too old.
    #[error("`vspdversion` is `{0}`: wallets offer no pool below 1.1.0")]
    OldVersion(String),
    /// The pool is on another network.
    #[error("`network` is `{found}`, and {expected} was asked for: wallets of {expected} do not show the pool")]
    Network {
        /// What it says.
        found: String,
        /// What was asked for.
        expected: Network,
    },
}

/// Everything that the registry or a wallet would refuse in an answer of `vspinfo`.
pub fn listing_faults(answer: &[u8], network: Network) -> Vec<ListingFault> {
    let Ok(Value::Object(info)) = serde_json::from_slice(answer) else { return vec![ListingFault::NotAnObject] };
    let fields = FIELDS.iter().chain(&FIELDS_OF_WALLETS);
    let mut faults: Vec<_> = fields.filter_map(|(field, kind)| fault_of_field(&info, field, *kind)).collect();
    let versions = info.get("apiversions").and_then(Value::as_array);
    if versions.is_some_and(|versions| !versions.iter().any(|one| one.as_u64() == Some(API_VERSION.into()))) {
        faults.push(ListingFault::Version);
    }
    if let Some(version) = info.get("vspdversion").and_then(Value::as_str) {
        faults.extend(fault_of_version(version));
    }
    if let Some(found) = info.get("network").and_then(Value::as_str)
        && found != network.name()
    {
        faults.push(ListingFault::Network { found: found.to_owned(), expected: network });
    }
    faults
}

fn fault_of_field(info: &Map<String, Value>, field: &'static str, kind: Kind) -> Option<ListingFault> {
    let Some(value) = info.get(field) else { return Some(ListingFault::Missing(field)) };
    let is_right = match kind {
        Kind::Numbers => value.as_array().is_some_and(|values| values.iter().all(Value::is_number)),
        Kind::Number => value.is_number(),
        Kind::Text => value.is_string(),
        Kind::Flag => value.is_boolean(),
    };
    (!is_right).then_some(ListingFault::Type(field))
}

fn fault_of_version(version: &str) -> Option<ListingFault> {
    let (said, _build) = version.split_once('+').unwrap_or((version, ""));
    let (numbers, is_before) = match said.split_once('-') {
        Some((numbers, before)) => (numbers, !before.is_empty()),
        None => (said, false),
    };
    let parts: Option<Vec<u64>> = numbers.split('.').map(number).collect();
    match parts.and_then(|parts| <[u64; 3]>::try_from(parts).ok()) {
        None => Some(ListingFault::NoVersion(version.to_owned())),
        Some(parts) if parts < LOWEST || parts == LOWEST && is_before => {
            Some(ListingFault::OldVersion(version.to_owned()))
        }
        Some(_) => None,
    }
}

/// A number of a semantic version: digits without a leading zero.
fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::BlockHeight;
    use crate::ticket::PoolFee;
    use crate::time::UnixTime;
    use crate::vsp::{Facts, RegisteredCounts, VspInfo, server_version};
    use serde_json::json;

    fn info() -> Value {
        let version = server_version("0.1.0");
        let facts = Facts {
            now: UnixTime(7),
            public_key: [1; 32],
            fee: PoolFee::from_percent(5.0).unwrap(),
            closed: None,
            network: Network::Mainnet,
            version: &version,
            tickets: RegisteredCounts::default(),
            daemons: (3, 2),
            height: BlockHeight(162),
        };
        serde_json::to_value(VspInfo::from(&facts)).unwrap()
    }

    fn faults(info: &Value) -> Vec<ListingFault> {
        listing_faults(info.to_string().as_bytes(), Network::Mainnet)
    }

    #[test]
    fn what_we_answer_is_listed() {
        assert_eq!(faults(&info()), []);
    }

    #[test]
    fn each_field_that_is_missing_or_of_another_type_is_named() {
        for (field, _) in FIELDS.iter().chain(&FIELDS_OF_WALLETS) {
            let mut without = info();
            without.as_object_mut().unwrap().remove(*field);
            assert_eq!(faults(&without), [ListingFault::Missing(field)]);
            let mut other = info();
            other[*field] = json!({});
            assert_eq!(faults(&other), [ListingFault::Type(field)]);
        }
        for text in ["", "[]", "<html>"] {
            assert_eq!(listing_faults(text.as_bytes(), Network::Mainnet), [ListingFault::NotAnObject]);
        }
    }

    #[test]
    fn versions_below_1_1_0_and_texts_that_are_none_are_refused() {
        for (version, fault) in [
            ("1.1.0", None),
            ("1.5.0+stakepool.0.1.0", None),
            ("1.2.0-pre", None),
            ("10.0.0", None),
            ("1.0.9", Some("below 1.1.0")),
            ("1.1.0-pre", Some("below 1.1.0")),
            ("0.99.0", Some("below 1.1.0")),
            ("1.1", Some("no semantic version")),
            ("v1.5.0", Some("no semantic version")),
            ("1.05.0", Some("no semantic version")),
            ("", Some("no semantic version")),
        ] {
            let mut info = info();
            info["vspdversion"] = version.into();
            let found = faults(&info);
            assert_eq!(found.len(), usize::from(fault.is_some()), "{version}: {found:?}");
            assert!(fault.is_none_or(|fault| found[0].to_string().contains(fault)), "{version}: {found:?}");
        }
    }

    #[test]
    fn another_network_or_api_is_refused() {
        let mut other = info();
        other["network"] = "testnet".into();
        other["apiversions"] = json!([1, 2]);
        let expected = Network::Mainnet;
        let network = ListingFault::Network { found: "testnet".to_owned(), expected };
        assert_eq!(faults(&other), [ListingFault::Version, network]);
    }
}
