//! `chain ticket`: the pool's verdict on a ticket.

use std::io::{Read, Write};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHeight, DecodeError, KeyIndex, Network, OutputScript, Transaction, TxHash,
};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee, TicketSubmission, Verdict};

use super::arguments::{GenerationName, external_branch};
use super::query;
use crate::answer::{Answer, Style};
use crate::error::CliError;
use crate::lines::answer_each;

const EXAMPLE: &str = r#"{"tx_hex":"0100…","height":1000}"#;
/// Most fee addresses that are derived: more take minutes and no pool has them.
const MOST_USERS: u32 = 1_000_000;

/// Judge a ticket as the pool would.
///
/// With `-` the tickets come from standard input, a JSON object with `tx_hex` and `height` a line, and each line is
/// answered by one: an error in its place where it cannot be used. A `--height` given along with `-` stands in for
/// lines without one. A transaction that is no ticket, or whose voting right goes to no script, is no ticket of a pool;
/// whatever cannot be read from it is null.
#[derive(Debug, Args)]
pub(crate) struct Ticket {
    /// The network: mainnet, testnet or simnet.
    #[arg(long, value_name = "NET")]
    network: Network,
    /// The extended public key of the cold wallet, to whose addresses the fees go.
    #[arg(long, value_name = "KEY")]
    cold_wallet_xpub: String,
    /// The pool's fee, in percent.
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    pool_fees: PoolFee,
    /// The height at which the ticket was mined.
    #[arg(long, value_name = "H", allow_negative_numbers = true)]
    height: Option<u32>,
    /// The highest index of a fee address.
    #[arg(long, value_name = "N", default_value_t = 9999, allow_negative_numbers = true)]
    max_users: u32,
    /// The programs that run the network; matters on simnet only.
    #[arg(long, value_enum, default_value = "today")]
    generation: GenerationName,
    /// The ticket in hexadecimal, or `-` to read from standard input.
    #[arg(value_name = "TXHEX")]
    transaction: String,
}

/// A line of standard input.
#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    tx_hex: Value,
    #[serde(default)]
    height: Value,
}

/// What the pool thinks of a transaction. Fields that do not apply are null.
#[derive(Default, Serialize)]
struct Judgement {
    ticket_hash: Option<TxHash>,
    voting_address: Option<Address>,
    price_atoms: Option<Amount>,
    fee_address: Option<Address>,
    committed_fee_atoms: Option<Amount>,
    required_fee_atoms: Option<Amount>,
    verdict: VerdictName,
}

#[derive(Clone, Copy, Default, Serialize)]
#[serde(rename_all = "snake_case")]
enum VerdictName {
    Accepted,
    LowFee,
    UnknownFeeAddress,
    FeeLost,
    #[default]
    NotAPoolTicket,
}

impl From<Verdict> for VerdictName {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted => Self::Accepted,
            Verdict::LowFee => Self::LowFee,
            Verdict::UnknownFeeAddress => Self::UnknownFeeAddress,
            Verdict::FeeLost => Self::FeeLost,
        }
    }
}

impl Answer for Judgement {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let verdict = match self.verdict {
            VerdictName::Accepted => "accepted",
            VerdictName::LowFee => "low fee",
            VerdictName::UnknownFeeAddress => "the fee goes to an address that is not the pool's",
            VerdictName::FeeLost => "the fee was spent by another transaction",
            VerdictName::NotAPoolTicket => "not a ticket of a pool",
        };
        let coins = |amount: Option<Amount>| amount.map(|amount| format!("{amount} EXCC"));
        let readable = [
            ("ticket", self.ticket_hash.map(|hash| hash.to_string())),
            ("voting address", self.voting_address.map(|address| address.to_string())),
            ("price", coins(self.price_atoms)),
            ("fee address", self.fee_address.map(|address| address.to_string())),
            ("committed fee", coins(self.committed_fee_atoms)),
            ("required fee", coins(self.required_fee_atoms)),
            ("verdict", Some(verdict.to_owned())),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Ticket {
    pub(super) fn run(self, style: Style, input: &mut dyn Read, output: &mut dyn Write) -> Result<(), CliError> {
        if self.max_users > MOST_USERS {
            return Err(CliError::argument("--max-users", format!("give at most {MOST_USERS}")));
        }
        if self.transaction == "-" {
            let judge = self.evaluator()?;
            return answer_each(style, input, output, |line| self.answer(&judge, line));
        }
        let height = self.height.ok_or_else(|| {
            CliError::argument("--height", "it is missing; give the height at which the ticket was mined")
        })?;
        let transaction = Transaction::decode_hex(&self.transaction)
            .map_err(|error| CliError::argument("TXHEX", undecodable(&error)))?;
        let answer = judge(&self.evaluator()?, &transaction, BlockHeight(height));
        style.write_single(output, &answer).map_err(CliError::Output)
    }

    /// The judge, with all fee addresses derived once for all tickets.
    fn evaluator(&self) -> Result<Evaluator, CliError> {
        let branch = external_branch("--cold-wallet-xpub", &self.cold_wallet_xpub, self.network)?;
        let addresses = FeeAddresses::derive(&branch, KeyIndex(self.max_users))
            .map_err(|error| CliError::argument("--cold-wallet-xpub", error))?;
        let params = self.network.params(self.generation.into());
        Ok(Evaluator::new(self.network, params, self.pool_fees, addresses))
    }

    fn answer(&self, evaluator: &Evaluator, line: &[u8]) -> Result<Judgement, String> {
        let query: Query = query::parse(line, EXAMPLE)?;
        let hex = match &query.tx_hex {
            Value::String(hex) => hex,
            Value::Null => return Err("`tx_hex` is missing: give the ticket in hexadecimal".to_owned()),
            _ => return Err("`tx_hex` cannot be used: give the ticket in hexadecimal, in quotes".to_owned()),
        };
        let height = query::height("height", &query.height, self.height)?;
        let transaction = Transaction::decode_hex(hex).map_err(|error| format!("`tx_hex`: {}", undecodable(&error)))?;
        Ok(judge(evaluator, &transaction, height))
    }
}

fn undecodable(error: &DecodeError) -> String {
    format!("{error}; give the whole transaction as `getrawtransaction` prints it")
}

fn judge(evaluator: &Evaluator, transaction: &Transaction, mined_at: BlockHeight) -> Judgement {
    let ticket_hash = Some(transaction.hash());
    let Ok(ticket) = TicketSubmission::from_transaction(transaction) else {
        return Judgement { ticket_hash, ..Judgement::default() };
    };
    let facts = evaluator.judge(&ticket, mined_at);
    let of_a_pool = ticket.voting_script_hash().is_some();
    Judgement {
        ticket_hash,
        voting_address: Some(Address::new(evaluator.network(), kind(ticket.voting))),
        price_atoms: Some(facts.price),
        fee_address: Some(facts.fee_address),
        committed_fee_atoms: Some(facts.committed_fee),
        // A pool asks no fee of a ticket that it does not vote.
        required_fee_atoms: of_a_pool.then_some(facts.required_fee),
        verdict: if of_a_pool { facts.verdict.into() } else { VerdictName::NotAPoolTicket },
    }
}

const fn kind(script: OutputScript) -> AddressKind {
    match script {
        OutputScript::PubKeyHash(hash) => AddressKind::PubKeyHash(hash),
        OutputScript::ScriptHash(hash) => AddressKind::ScriptHash(hash),
    }
}
