//! Wallets that work, but should not be used as they are.

use super::wallet::WalletInfo;
use crate::chain::Generation;

/// What is wrong with a wallet without a node.
const SPV: &str = "it works without a node (SPV), so that it hears late of blocks and knows no ticket that others bought before \
                   it had the script; start it without spv, and with rpcconnect and cafile of an exccd";
/// The first exccwallet without the faults of those before it. It is also the first that says its version.
const FIRST_SOUND: (u32, u32, u32) = (2, 8, 5);

impl WalletInfo {
    /// What is wrong with how the wallet was started and with its version, each with the remedy.
    pub fn faults(&self) -> Vec<String> {
        self.spv.then(|| SPV.to_owned()).into_iter().chain(self.outdated()).collect()
    }

    /// What is wrong with the version of a wallet of today: those before 2.8.0 can lock up for good and forget transactions
    /// when the chain reorganises repeatedly, those before 2.8.4 can lose sight of a ticket.
    fn outdated(&self) -> Option<String> {
        let rest = self.version.strip_prefix("exccwallet ").filter(|_| self.generation == Generation::Today)?;
        let named = rest.split([' ', '-', '+']).next()?;
        let mut numbers = named.split('.').map_while(|number| number.parse::<u32>().ok());
        let found = match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(major), Some(minor), Some(patch)) if (major, minor, patch) >= FIRST_SOUND => return None,
            (Some(_), Some(_), Some(_)) => format!("its version is {named}"),
            // While its node is away it cannot be asked.
            _ if !rest.starts_with("(JSON-RPC") => return None,
            _ => "it does not say its version, so that it is older than 2.8.5".to_owned(),
        };
        Some(format!(
            "{found}: exccwallet before 2.8.5 can lock up, or lose sight of tickets; update it to 2.8.5 or later"
        ))
    }
}
