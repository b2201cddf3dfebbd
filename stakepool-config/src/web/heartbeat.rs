//! The heartbeat: signs of life for a watcher elsewhere.

use std::time::Duration;

use stakepool_core::secret::Secret;

use crate::reader::Reader;
use crate::value::{number, url};

/// A watcher elsewhere, which alerts the operator where the signs of life stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// What is asked for: an address of the web, often with a secret in it.
    pub address: Secret,
    /// How often.
    pub every: Duration,
}

/// What is wrong with the address, without it.
const NO_ADDRESS: &str = "the value is not a web address: write it like https://watcher.example/pool";
/// The most minutes between two signs of life: a day.
const MOST_MINUTES: u32 = 24 * 60;

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Heartbeat> {
    let minutes = reader.value("alertheartbeatminutes", |text| number(text, 1..=MOST_MINUTES));
    let address = reader.secret("alertheartbeat").filter(|secret| {
        reader.accept("alertheartbeat", url(secret.expose()).map_err(|_| NO_ADDRESS.to_owned())).is_some()
    });
    Some(Heartbeat { address: address?, every: Duration::from_secs(60 * u64::from(minutes?)) })
}
