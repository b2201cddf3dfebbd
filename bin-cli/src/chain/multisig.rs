//! `chain multisig`: the script and address that hold the voting rights of a user's tickets.

use std::io::Write;

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::{Network, PoolKey, PubKeyAddress, RedeemScript, ScriptAddress, UserKey};

use crate::answer::{Answer, Style};
use crate::error::CliError;

/// Make the 1-of-2 multisig script of the pool's and a user's key.
#[derive(Debug, Args)]
pub(crate) struct Multisig {
    /// The network of the addresses: mainnet, testnet or simnet.
    #[arg(long, value_name = "NET")]
    network: Network,
    /// The pool's public key address for the user, which comes first in the script.
    #[arg(value_name = "POOL_PUBKEY_ADDRESS")]
    pool: String,
    /// The user's public key address.
    #[arg(value_name = "USER_PUBKEY_ADDRESS")]
    user: String,
}

#[derive(Serialize)]
struct Script {
    redeem_script_hex: RedeemScript,
    p2sh: ScriptAddress,
}

impl Answer for Script {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("redeem script", self.redeem_script_hex.to_string()), ("P2SH address", self.p2sh.to_string())]
    }
}

impl Multisig {
    pub(super) fn run(self, style: Style, output: &mut dyn Write) -> Result<(), CliError> {
        let key = |argument, text: &str| {
            PubKeyAddress::parse_for(text, self.network).map_err(|error| CliError::argument(argument, error))
        };
        let pool = key("POOL_PUBKEY_ADDRESS", &self.pool)?;
        let user = key("USER_PUBKEY_ADDRESS", &self.user)?;
        let script = RedeemScript::new(PoolKey(*pool.public_key()), UserKey(*user.public_key()));
        let answer = Script { redeem_script_hex: script, p2sh: script.address(self.network) };
        style.write_single(output, &answer).map_err(CliError::Output)
    }
}
