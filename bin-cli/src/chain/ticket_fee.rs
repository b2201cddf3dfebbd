//! `chain ticket-fee`: the fee that a ticket must commit to the pool.

use std::io::{Read, Write};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stakepool_core::chain::{Amount, BlockHeight, Network, Params};
use stakepool_core::ticket::{PoolFee, required_fee};

use super::arguments::{self, GenerationName};
use super::query;
use crate::answer::{Answer, Style};
use crate::error::CliError;
use crate::lines::answer_each;

const EXAMPLE: &str = r#"{"price_atoms":200000000,"relay_fee_atoms":30000,"height":1000,"pool_fees":7.5}"#;

/// Compute the fee that a ticket must commit to the pool.
///
/// With `-` the values come from standard input, a JSON object a line, and each line is answered by one: an error in its
/// place where it cannot be used. Options given along with `-` stand in for fields that a line leaves out.
#[derive(Debug, Args)]
pub(crate) struct TicketFee {
    /// The network: mainnet, testnet or simnet.
    #[arg(long, value_name = "NET")]
    network: Network,
    /// The ticket price, in atoms.
    #[arg(long, value_name = "V", value_parser = arguments::atoms, allow_negative_numbers = true)]
    price_atoms: Option<Amount>,
    /// The ticket's transaction fee, in atoms.
    #[arg(long, value_name = "Z", value_parser = arguments::atoms, allow_negative_numbers = true)]
    relay_fee_atoms: Option<Amount>,
    /// The height at which the ticket is mined.
    #[arg(long, value_name = "H", allow_negative_numbers = true)]
    height: Option<u32>,
    /// The pool's fee, in percent.
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    pool_fees: Option<PoolFee>,
    /// The programs that run the network; matters on simnet only.
    #[arg(long, value_enum, default_value = "today")]
    generation: GenerationName,
    /// `-` to read the values from standard input.
    #[arg(value_name = "-")]
    source: Option<String>,
}

/// A line of standard input.
#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    price_atoms: Value,
    #[serde(default)]
    relay_fee_atoms: Value,
    #[serde(default)]
    height: Value,
    #[serde(default)]
    pool_fees: Value,
}

#[derive(Serialize)]
struct RequiredFee {
    required_fee_atoms: Amount,
}

impl Answer for RequiredFee {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let fee = self.required_fee_atoms;
        vec![("required fee", format!("{} atoms ({fee} EXCC)", fee.atoms()))]
    }
}

impl TicketFee {
    pub(super) fn run(self, style: Style, input: &mut dyn Read, output: &mut dyn Write) -> Result<(), CliError> {
        let params = self.network.params(self.generation.into());
        match self.source.as_deref() {
            None => style.write_single(output, &self.single(&params)?).map_err(CliError::Output),
            Some("-") => answer_each(style, input, output, |line| self.answer(&params, line)),
            Some(other) => {
                let reason =
                    format!("`{other}` is one argument too many; only `-`, for standard input, can stand here");
                Err(CliError::argument("ticket-fee", reason))
            }
        }
    }

    fn single(&self, params: &Params) -> Result<RequiredFee, CliError> {
        fn given<T>(argument: &'static str, value: Option<T>) -> Result<T, CliError> {
            value.ok_or_else(|| CliError::argument(argument, "it is missing; give it, or `-` for standard input"))
        }
        Ok(RequiredFee {
            required_fee_atoms: required_fee(
                params,
                given("--price-atoms", self.price_atoms)?,
                given("--relay-fee-atoms", self.relay_fee_atoms)?,
                BlockHeight(given("--height", self.height)?),
                given("--pool-fees", self.pool_fees)?,
            ),
        })
    }

    fn answer(&self, params: &Params, line: &[u8]) -> Result<RequiredFee, String> {
        let query: Query = query::parse(line, EXAMPLE)?;
        Ok(RequiredFee {
            required_fee_atoms: required_fee(
                params,
                query::atoms("price_atoms", &query.price_atoms, self.price_atoms)?,
                query::atoms("relay_fee_atoms", &query.relay_fee_atoms, self.relay_fee_atoms)?,
                query::height("height", &query.height, self.height)?,
                query::pool_fee("pool_fees", &query.pool_fees, self.pool_fees)?,
            ),
        })
    }
}
