//! What is needed to serve wallets of today (the API v3).

use std::path::{Path, PathBuf};

use stakepool_core::chain::{Amount, ExtendedPubKey, Network};
use stakepool_core::ticket::PoolFee;
use stakepool_core::vsp::FeeKey;

use crate::endpoint::{RpcEndpoint, RpcKeys, rpc_endpoints};
use crate::place::Need;
use crate::reader::Reader;
use crate::value::number;

/// The service for wallets of today.
#[derive(Clone, Debug, PartialEq)]
pub struct Vsp {
    /// The part of a vote's reward that a ticket pays.
    pub fee: PoolFee,
    /// The most that is ever asked; `None` for no limit.
    pub most: Option<Amount>,
    /// The account whose addresses take the fees.
    pub fee_key: ExtendedPubKey,
    /// The file with the key that seals voting keys in the database; made where it is missing.
    pub key_file: PathBuf,
    /// What wallets read where no tickets are taken; `None` where they are.
    pub closed: Option<String>,
    /// How many blocks nodes may lag before no ticket is taken any more.
    pub max_lag: u32,
    /// The nodes that are asked and given transactions. Never empty.
    pub nodes: Vec<RpcEndpoint>,
}

/// The most blocks that nodes may lag: beyond a day something is wrong for certain.
const MOST_LAG: u32 = 1000;

/// The part of the reward, in the range that wallets and registries know.
fn fee(text: &str) -> Result<PoolFee, String> {
    let percent: f64 =
        text.parse().map_err(|_| format!("`{text}` is no number: write a percentage such as 3 or 2.5"))?;
    let fee = PoolFee::from_percent(percent).map_err(|error| error.to_string())?;
    if fee.hundredths() == 0 { Err("a fee of at least 0.01 percent is needed".to_owned()) } else { Ok(fee) }
}

fn most(text: &str) -> Result<Option<Amount>, String> {
    let coins: f64 =
        text.parse().map_err(|_| format!("`{text}` is no amount: write coins such as 0.1; 0 is no limit"))?;
    let amount = Amount::from_coins(coins).map_err(|error| error.to_string())?;
    match amount {
        amount if amount < Amount::ZERO => Err("a limit cannot be negative; 0 is no limit".to_owned()),
        Amount::ZERO => Ok(None),
        amount => Ok(Some(amount)),
    }
}

/// Reads the keys. The outer `None` says that something is wrong, the inner one that wallets of today are not served.
pub(super) fn read(
    reader: &mut Reader<'_>,
    network: Network,
    data_dir: &Path,
    cold_wallets: &[ExtendedPubKey],
) -> Option<Option<Vsp>> {
    let fee = reader.value("vspfee", fee);
    let most = reader.value("vspmaxfee", most);
    let max_lag = reader.value("vspmaxlag", |text| number(text, 1..=MOST_LAG));
    let is_closed = reader.switch("vspclosed").unwrap_or(false);
    let message = reader.text("vspclosedmsg").unwrap_or_default();
    let key_file = data_dir.join(reader.path("vspkeyfile").unwrap_or_else(|| PathBuf::from("vsp.key")));
    if reader.switch("vsp") != Some(true) {
        return Some(None);
    }
    let fee_key = reader.extended_key("vspfeexpub", network);
    let nodes = rpc_endpoints(reader, &RpcKeys::NODES, network.node_port());
    if let Some(key) = fee_key
        && let Some(error) = cold_wallets.iter().find_map(|cold| FeeKey::new(key).require_other_than(cold).err())
    {
        reader.refuse("vspfeexpub", error);
    }
    if let Some(folder) = key_file.parent() {
        reader.needs("vspkeyfile", Need::Folder(folder.to_owned()));
    }
    let closed = is_closed.then_some(message);
    Some(Some(Vsp { fee: fee?, most: most?, fee_key: fee_key?, key_file, closed, max_lag: max_lag?, nodes }))
}
