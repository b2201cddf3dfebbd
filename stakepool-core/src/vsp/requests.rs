//! The requests of wallets.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::{MAX_CHOICES, MAX_KEPT, Required, read, read_to_keep};
use super::preferences::Preferences;
use super::refusal::{Code, Refusal};
use super::ticket::VspTicket;
use crate::chain::{TicketHash, Transaction};
use crate::secret::Secret;
use crate::time::UnixTime;

/// What a request of `ticketproof` says that no other does.
const PROOF_PURPOSE: &str = "ticketproof";
/// How many seconds the time of a request of `ticketproof` may be from the server's.
const PROOF_WITHIN: u64 = 600;

/// The ticket that a request is about: what each says, and all that `ticketstatus` does.
///
/// # Errors
/// A bad request without a ticket's hash, or with one that is none.
pub fn ticket_of(body: &[u8]) -> Result<TicketHash, Refusal> {
    #[derive(Deserialize)]
    struct Fields {
        tickethash: Option<String>,
    }
    let Fields { tickethash } = read(body)?;
    let mut required = Required::default();
    let ticket = required.text("TicketHash", tickethash);
    required.finish()?;
    ticket.parse().map_err(|_| Refusal::bad_request("invalid ticket hash"))
}

/// A ticket with the transaction that funds it, as `feeaddress` and `setaltsignaddr` send them, so that the node can be given
/// both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketPackage {
    /// The ticket.
    pub ticket: VspTicket,
    /// The ticket's transaction.
    pub transaction: Transaction,
    /// The transaction that funds it, or another one.
    pub parent: Transaction,
}

impl TicketPackage {
    /// Reads ticket and parent.
    ///
    /// # Errors
    /// A bad request where something is missing or cannot be decoded, or the hash is another ticket's;
    /// [`Code::InvalidTicket`] where the transaction is no ticket with three outputs.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Fields {
            tickethex: Option<String>,
            tickethash: Option<String>,
            parenthex: Option<String>,
        }
        let Fields { tickethex, tickethash, parenthex } = read(body)?;
        let mut required = Required::default();
        let ticket = required.text("TicketHex", tickethex);
        let hash = required.text("TicketHash", tickethash);
        let parent = required.text("ParentHex", parenthex);
        required.finish()?;
        let transaction =
            Transaction::decode_hex(&ticket).map_err(|_| Refusal::bad_request("cannot decode ticket hex"))?;
        let ticket = VspTicket::from_transaction(&transaction)?;
        if hash.parse() != Ok(ticket.hash()) {
            return Err(Refusal::bad_request("ticket hex does not match hash"));
        }
        let parent = Transaction::decode_hex(&parent).map_err(|_| Refusal::bad_request("cannot decode parent hex"))?;
        Ok(Self { ticket, transaction, parent })
    }

    /// Insists that the parent funds the ticket, as is needed before it is sent to the node.
    ///
    /// # Errors
    /// A bad request where it does not.
    pub fn require_parent(&self) -> Result<(), Refusal> {
        let parent = self.parent.hash();
        if self.transaction.inputs.iter().any(|input| input.previous.hash == parent) {
            Ok(())
        } else {
            Err(Refusal::bad_request("invalid ticket parent"))
        }
    }
}

/// What `feeaddress` says beside the ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeAddressRequest {
    /// When it was made.
    pub timestamp: UnixTime,
}

impl FeeAddressRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// A bad request without a time.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Fields {
            timestamp: Option<i64>,
        }
        let Fields { timestamp } = read(body)?;
        let mut required = Required::of("FeeAddressRequest");
        let timestamp = UnixTime(required.number("Timestamp", timestamp));
        required.finish()?;
        Ok(Self { timestamp })
    }
}

/// What `setaltsignaddr` says beside the ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAltSignAddrRequest {
    /// When it was made.
    pub timestamp: UnixTime,
    /// The address whose key shall sign, too; not looked at yet.
    pub alternate: String,
}

impl SetAltSignAddrRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// A bad request where a field is missing, or the body is too large to keep.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Fields {
            timestamp: Option<i64>,
            altsignaddress: Option<String>,
        }
        let Fields { timestamp, altsignaddress } = read_to_keep(body, MAX_KEPT)?;
        let mut required = Required::of("SetAltSignAddrRequest");
        let timestamp = UnixTime(required.number("Timestamp", timestamp));
        let alternate = required.text("AltSignAddress", altsignaddress);
        required.finish()?;
        Ok(Self { timestamp, alternate })
    }
}

/// A request of `payfee`. It holds a voting key, which it does not print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayFeeRequest {
    /// When it was made.
    pub timestamp: UnixTime,
    /// The transaction that pays the fee, in hexadecimal; not decoded yet.
    pub fee_transaction: String,
    /// The key that votes, in wallet import format; not decoded yet.
    pub voting_key: Secret,
    /// What is to be voted.
    pub preferences: Preferences,
}

impl PayFeeRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// A bad request where a field is missing, there are too many policies, or the body is too large to keep.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Fields {
            timestamp: Option<i64>,
            tickethash: Option<String>,
            feetx: Option<String>,
            votingkey: Option<Secret>,
            #[serde(flatten)]
            wanted: Wanted,
        }
        let Fields { timestamp, tickethash, feetx, votingkey, wanted } = read_to_keep(body, MAX_KEPT)?;
        let mut required = Required::of("PayFeeRequest");
        let timestamp = UnixTime(required.number("Timestamp", timestamp));
        required.text("TicketHash", tickethash);
        let fee_transaction = required.text("FeeTx", feetx);
        let voting_key = votingkey.unwrap_or_default();
        required.filled("VotingKey", !voting_key.is_empty());
        let preferences = wanted.require(&mut required);
        required.finish()?;
        Ok(Self { timestamp, fee_transaction, voting_key, preferences })
    }
}

/// A request of `setvotechoices`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetVoteChoicesRequest {
    /// When it was made.
    pub timestamp: UnixTime,
    /// What is to be voted.
    pub preferences: Preferences,
}

impl SetVoteChoicesRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// A bad request where a field is missing, there are too many policies, or the body is too large to keep.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Fields {
            timestamp: Option<i64>,
            tickethash: Option<String>,
            #[serde(flatten)]
            wanted: Wanted,
        }
        let Fields { timestamp, tickethash, wanted } = read_to_keep(body, MAX_CHOICES)?;
        let mut required = Required::of("SetVoteChoicesRequest");
        let timestamp = UnixTime(required.number("Timestamp", timestamp));
        required.text("TicketHash", tickethash);
        let preferences = wanted.require(&mut required);
        required.finish()?;
        Ok(Self { timestamp, preferences })
    }

    /// Insists that the request is later than those recorded, so that none can be sent twice.
    ///
    /// # Errors
    /// [`Code::InvalidTimestamp`] where it is not.
    pub fn require_later_than(&self, latest: Option<UnixTime>) -> Result<(), Refusal> {
        if latest.is_some_and(|latest| self.timestamp <= latest) { Err(Code::InvalidTimestamp.into()) } else { Ok(()) }
    }
}

/// Checks a request of `ticketproof`, whose answer holds the voting key: what was signed for another call, or for another server, is
/// none, nor is what was signed long ago. `server` is the server's public key as `vspinfo` shows it.
///
/// # Errors
/// A bad request that says which field is wrong, and what it must be.
pub fn require_proof_request(body: &[u8], server: &str, now: UnixTime) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Fields {
        purpose: Option<String>,
        pubkey: Option<String>,
        timestamp: Option<i64>,
    }
    let Fields { purpose, pubkey, timestamp } = read(body)?;
    if purpose.as_deref() != Some(PROOF_PURPOSE) {
        return Err(Refusal::bad_request(format!("the field purpose must be {PROOF_PURPOSE:?}")));
    }
    if pubkey.as_deref() != Some(server) {
        return Err(Refusal::bad_request(format!("the field pubkey must be this server's public key, {server}")));
    }
    if timestamp.is_none_or(|made| made.abs_diff(now.0) > PROOF_WITHIN) {
        let now = now.0;
        return Err(Refusal::bad_request(format!(
            "the field timestamp must be the time in unix seconds, within ten minutes of this server's clock: {now}"
        )));
    }
    Ok(())
}

type Entries = BTreeMap<String, Option<String>>;

/// The three maps. Older clients send `null` for an empty one, which counts as missing for the choices alone.
#[derive(Deserialize)]
struct Wanted {
    votechoices: Option<Entries>,
    tspendpolicy: Option<Entries>,
    treasurypolicy: Option<Entries>,
}

impl Wanted {
    fn require(self, required: &mut Required) -> Preferences {
        let texts = |entries: Entries| -> BTreeMap<String, String> {
            entries.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect()
        };
        let choices = texts(required.present("VoteChoices", self.votechoices));
        let spends = texts(self.tspendpolicy.unwrap_or_default());
        let treasury_keys = texts(self.treasurypolicy.unwrap_or_default());
        required.at_most("TSpendPolicy", spends.len(), Preferences::MOST_POLICIES);
        required.at_most("TreasuryPolicy", treasury_keys.len(), Preferences::MOST_POLICIES);
        Preferences { choices, spends, treasury_keys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
        let refusal = result.unwrap_err();
        assert_eq!(refusal.code, Code::BadRequest);
        refusal.message.into_owned()
    }

    /// A request of this size, whose fields are right.
    fn of_size(size: usize) -> Vec<u8> {
        let text = |filler: usize| {
            let filler = "x".repeat(filler);
            format!(
                r#"{{"timestamp":1,"tickethash":"a","feetx":"a","votingkey":"a","altsignaddress":"a","votechoices":{{}},"x":"{filler}"}}"#
            )
        };
        text(size - text(0).len()).into_bytes()
    }

    #[test]
    fn what_is_kept_as_proof_is_bounded() {
        let (choices, kept) = (16 << 10, 128_000);
        assert!(SetVoteChoicesRequest::parse(&of_size(choices)).is_ok());
        assert!(message(SetVoteChoicesRequest::parse(&of_size(choices + 1))).contains("at most 16384 bytes"));
        assert!(PayFeeRequest::parse(&of_size(kept)).is_ok() && SetAltSignAddrRequest::parse(&of_size(kept)).is_ok());
        assert!(message(PayFeeRequest::parse(&of_size(kept + 1))).contains("at most 128000 bytes"));
        assert!(message(SetAltSignAddrRequest::parse(&of_size(kept + 1))).contains("at most 128000 bytes"));
    }

    #[test]
    fn missing_fields_are_named_all_together_as_wallets_know_it() {
        let required = |key: &str, field: &str| {
            format!("Key: '{key}' Error:Field validation for '{field}' failed on the 'required' tag")
        };
        assert_eq!(message(ticket_of(b"{}")), required("TicketHash", "TicketHash"));
        let body = br#"{"timestamp":0,"tickethash":"x","feetx":null,"votechoices":null}"#;
        let expected = ["Timestamp", "FeeTx", "VotingKey", "VoteChoices"]
            .map(|field| required(&format!("PayFeeRequest.{field}"), field));
        assert_eq!(message(PayFeeRequest::parse(body)), expected.join("\n"));
    }

    #[test]
    fn missing_or_null_policies_are_empty_and_more_than_three_too_many() {
        let parse = |policies: &str| {
            SetVoteChoicesRequest::parse(
                format!(r#"{{"timestamp":1,"tickethash":"x","votechoices":{{}}{policies}}}"#).as_bytes(),
            )
        };
        for policies in ["", r#","tspendpolicy":null,"treasurypolicy":null"#, r#","unknown":[1]"#] {
            assert_eq!(parse(policies).unwrap().preferences, Preferences::default());
        }
        let many = parse(r#","treasurypolicy":{"1":"","2":"","3":"","4":null}"#);
        assert_eq!(
            message(many),
            "Key: 'SetVoteChoicesRequest.TreasuryPolicy' Error:Field validation for 'TreasuryPolicy' failed on the 'max' tag"
        );
    }

    #[test]
    fn a_key_in_the_wrong_place_is_not_repeated() {
        let key = "cNKNf9vhQyhQLbssYoPMKt42QpikMtAEg5666Rwvs26zfxE3gApW";
        for body in [format!(r#"{{"timestamp":"{key}"}}"#), format!(r#"{{"votingkey":"{key}""#), format!("\"{key}\"")] {
            let text = message(PayFeeRequest::parse(body.as_bytes()));
            assert!(!text.contains(&key[..8]), "{text}");
        }
        let body = format!(r#"{{"timestamp":1,"tickethash":"x","feetx":"00","votingkey":"{key}","votechoices":{{}}}}"#);
        let request = PayFeeRequest::parse(body.as_bytes()).unwrap();
        assert_eq!(request.voting_key.expose(), key);
        assert!(!format!("{request:?}").contains(&key[..8]));
    }

    #[test]
    fn a_request_that_is_not_later_than_the_last_is_refused() {
        let request = SetVoteChoicesRequest { timestamp: UnixTime(7), preferences: Preferences::default() };
        assert_eq!(request.require_later_than(None), Ok(()));
        assert_eq!(request.require_later_than(Some(UnixTime(6))), Ok(()));
        assert_eq!(request.require_later_than(Some(UnixTime(7))), Err(Code::InvalidTimestamp.into()));
    }

    #[test]
    fn a_body_above_a_mebibyte_is_not_read() {
        let body = format!(r#"{{"x":"{}"}}"#, "a".repeat(1 << 20));
        assert!(message(ticket_of(body.as_bytes())).contains("too large"));
    }

    proptest! {
        #[test]
        fn no_body_panics(bytes: Vec<u8>, text in ".*", hash in ".*", hex in "[0-9a-f]{0,200}", number: i64) {
            let texts = [text.clone(), format!(r#"{{"timestamp":{number},"tickethash":{hash:?},"tickethex":"{hex}","parenthex":"{hex}","feetx":"{hex}","votingkey":{text:?},"altsignaddress":{text:?},"votechoices":{{{text:?}:{hash:?}}}}}"#)];
            for body in [&bytes[..], texts[0].as_bytes(), texts[1].as_bytes()] {
                let _ = ticket_of(body);
                let _ = TicketPackage::parse(body);
                let _ = FeeAddressRequest::parse(body);
                let _ = SetAltSignAddrRequest::parse(body);
                let _ = PayFeeRequest::parse(body);
                let _ = SetVoteChoicesRequest::parse(body);
            }
        }
    }
}
