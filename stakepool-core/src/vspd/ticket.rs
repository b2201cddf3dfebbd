//! A ticket of the predecessor's server.

use std::fmt::Display;
use std::str::FromStr;

use super::row::Row;
use crate::chain::{Address, Amount, BlockHeight, KeyIndex, Network, PrivateKey, TicketHash, Transaction, TxHash};
use crate::time::UnixTime;
use crate::vsp::{FeeAddress, FeeStatus, Outcome, Preferences, Quote, Record};

/// A ticket with all that was kept of it, but for its transaction, which that server did not keep.
#[derive(Clone, Debug, PartialEq)]
pub struct VspdTicket {
    /// The ticket.
    pub hash: TicketHash,
    /// Where it was mined, once that counted as settled; `None` also where only that it was mined is kept.
    pub confirmed_at: Option<BlockHeight>,
    /// Whether it counted as settled.
    pub confirmed: bool,
    /// The commitment address.
    pub owner: Address,
    /// Another address whose key may sign.
    pub alternate: Option<Address>,
    /// The number of the fee key of which the fee address is.
    pub fee_key: u32,
    /// Where the fee goes.
    pub fee_address: FeeAddress,
    /// What is asked.
    pub quote: Quote,
    /// The key that votes, where it has come.
    pub voting_key: Option<PrivateKey>,
    /// What is to be voted.
    pub preferences: Preferences,
    /// The transaction that pays the fee, as long as it was not confirmed.
    pub payment: Option<Transaction>,
    /// The hash of that, kept for longer.
    pub fee_transaction: Option<TxHash>,
    /// Where the fee is on its way.
    pub fee: FeeStatus,
    /// How the ticket ended.
    pub outcome: Option<Outcome>,
    /// What was signed on both sides, the oldest first.
    pub records: Vec<Record>,
}

impl VspdTicket {
    /// Reads a row. The alternate address and the records are added later.
    ///
    /// # Errors
    /// What cannot be read, never with a voting key in it.
    pub(super) fn from_row(row: &Row, network: Network) -> Result<Self, String> {
        let payment = non_empty(&row.payment).map(Transaction::decode_hex).transpose();
        let payment = payment.map_err(|error| format!("its fee's transaction cannot be decoded: {error}"))?;
        let fee_transaction = non_empty(&row.payment_hash).map(|text| parsed("fee's hash", text)).transpose()?;
        if let (Some(payment), Some(hash)) = (&payment, fee_transaction)
            && payment.hash() != hash
        {
            return Err("the hash of its fee's transaction is another one's".to_owned());
        }
        let voting_key = non_empty(row.voting_key.expose()).map(|wif| PrivateKey::from_wif(wif, network)).transpose();
        Ok(Self {
            hash: parsed("hash", &row.hash)?,
            confirmed_at: height(row)?,
            confirmed: row.confirmed,
            owner: address("commitment address", &row.owner, network)?,
            alternate: None,
            fee_key: row.fee_key,
            fee_address: FeeAddress {
                index: KeyIndex(row.fee_index),
                address: address("fee address", &row.fee_address, network)?,
            },
            quote: Quote { amount: Amount::from_atoms(row.fee_amount), expires: UnixTime(row.fee_expires) },
            voting_key: voting_key.map_err(|error| format!("its voting key cannot be used: {error}"))?,
            preferences: Preferences {
                choices: row.choices.clone().unwrap_or_default(),
                spends: row.spends.clone().unwrap_or_default(),
                treasury_keys: row.treasury_keys.clone().unwrap_or_default(),
            },
            payment,
            fee_transaction,
            fee: parsed("fee's status", &row.fee)?,
            outcome: non_empty(&row.outcome).map(outcome).transpose()?,
            records: Vec::new(),
        })
    }
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn parsed<T: FromStr<Err: Display>>(what: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("its {what} cannot be used: {error}"))
}

pub(super) fn address(what: &str, text: &str, network: Network) -> Result<Address, String> {
    Address::parse_for(text, network).map_err(|error| format!("its {what} cannot be used: {error}"))
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let found = Outcome::ALL.into_iter().find(|outcome| outcome.name() == text);
    found.ok_or_else(|| "its outcome is none of voted, revoked, missed and expired".to_owned())
}

/// Where a settled ticket was mined; some servers have noted that later.
fn height(row: &Row) -> Result<Option<BlockHeight>, String> {
    if !row.confirmed || row.height == 0 {
        return Ok(None);
    }
    u32::try_from(row.height).map(|height| Some(BlockHeight(height))).map_err(|_| "its height is none".to_owned())
}
