//! What the server says of itself (`vspinfo`).

use data_encoding::BASE64;
use serde::Serialize;

use crate::chain::{BlockHeight, Network};
use crate::ticket::PoolFee;
use crate::time::UnixTime;

/// The version of the API.
pub const API_VERSION: u32 = 3;
/// The version of the predecessor's server whose API this is. Wallets leave out servers below 1.1.0.
const SPEAKS: &str = "1.5.0";

/// The version for `vspdversion`: what is spoken, and as the build (which does not count in comparisons) the version of the pool.
///
/// ```
/// assert_eq!(stakepool_core::vsp::server_version("0.1.0"), "1.5.0+stakepool.0.1.0");
/// ```
pub fn server_version(ours: &str) -> String {
    // Only these may stand in a build; a `+` of our own version would begin a second one.
    let clean = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let ours: String = ours.chars().map(clean).collect();
    format!("{SPEAKS}+stakepool.{}", ours.trim_matches('.'))
}

/// How many tickets there are, and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegisteredCounts {
    /// Tickets to be voted.
    pub voting: u64,
    /// Tickets that have voted.
    pub voted: u64,
    /// Tickets that were never drawn.
    pub expired: u64,
    /// Tickets that were drawn and did not vote.
    pub missed: u64,
    /// Tickets of an older server of which is not known which of the two they are.
    pub revoked: u64,
    /// All live tickets of the network.
    pub network: u64,
}

/// The pool, as `vspinfo` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts<'a> {
    /// When this was so.
    pub now: UnixTime,
    /// The server's public key.
    pub public_key: [u8; 32],
    /// The fee.
    pub fee: PoolFee,
    /// Why no tickets are taken; `None` where they are.
    pub closed: Option<&'a str>,
    /// The network.
    pub network: Network,
    /// As [`server_version`] makes it.
    pub version: &'a str,
    /// The tickets.
    pub tickets: RegisteredCounts,
    /// Those that vote: all, and those that can now.
    pub daemons: (u32, u32),
    /// The height of the best block.
    pub height: BlockHeight,
}

/// The answer of `vspinfo`: the fields of 2023 and those of today together.
#[derive(Clone, Debug, Serialize)]
pub struct VspInfo {
    apiversions: [u32; 1],
    timestamp: UnixTime,
    pubkey: String,
    feepercentage: f64,
    vspclosed: bool,
    vspclosedmsg: String,
    network: &'static str,
    vspdversion: String,
    voting: u64,
    voted: u64,
    totalvotingwallets: u32,
    votingwalletsonline: u32,
    /// The registry leaves out a pool without it.
    revoked: u64,
    expired: u64,
    missed: u64,
    blockheight: BlockHeight,
    estimatednetworkproportion: f64,
}

impl From<&Facts<'_>> for VspInfo {
    fn from(facts: &Facts<'_>) -> Self {
        let tickets = facts.tickets;
        let proportion = if tickets.network == 0 { 0.0 } else { tickets.voting as f64 / tickets.network as f64 };
        Self {
            apiversions: [API_VERSION],
            timestamp: facts.now,
            pubkey: BASE64.encode(&facts.public_key),
            feepercentage: facts.fee.percent(),
            vspclosed: facts.closed.is_some(),
            vspclosedmsg: facts.closed.unwrap_or_default().to_owned(),
            network: facts.network.name(),
            vspdversion: facts.version.to_owned(),
            voting: tickets.voting,
            voted: tickets.voted,
            totalvotingwallets: facts.daemons.0,
            votingwalletsonline: facts.daemons.1,
            revoked: tickets.expired.saturating_add(tickets.missed).saturating_add(tickets.revoked),
            expired: tickets.expired,
            missed: tickets.missed,
            blockheight: facts.height,
            estimatednetworkproportion: proportion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_a_semantic_one_that_wallets_take() {
        assert_eq!(server_version("0.1.0"), "1.5.0+stakepool.0.1.0");
        assert_eq!(server_version("0.2.0-rc.1+abc"), "1.5.0+stakepool.0.2.0-rc.1-abc");
    }

    #[test]
    fn the_fields_of_both_generations_are_there_and_revoked_is_expired_and_missed() {
        let tickets = RegisteredCounts { voting: 3, voted: 5, expired: 2, missed: 1, revoked: 4, network: 12 };
        let facts = Facts {
            now: UnixTime(7),
            public_key: [1; 32],
            fee: PoolFee::from_percent(5.0).unwrap(),
            closed: Some("for a test"),
            network: Network::Simnet,
            version: "1.5.0",
            tickets,
            daemons: (3, 2),
            height: BlockHeight(162),
        };
        let info = serde_json::to_value(VspInfo::from(&facts)).unwrap();
        let expected = serde_json::json!({
            "apiversions": [3], "timestamp": 7, "pubkey": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
            "feepercentage": 5.0, "vspclosed": true, "vspclosedmsg": "for a test", "network": "simnet",
            "vspdversion": "1.5.0", "voting": 3, "voted": 5, "totalvotingwallets": 3, "votingwalletsonline": 2,
            "revoked": 7, "expired": 2, "missed": 1, "blockheight": 162, "estimatednetworkproportion": 0.25,
        });
        assert_eq!(info, expected);
    }
}
