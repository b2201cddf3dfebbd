//! What a refused request is answered: a code, its HTTP status and a message.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// The codes of refusals. Wallets act on 3, 4, 6, 7 and 8; the number is the variant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// A field is missing or malformed. Usually sent with a text of its own.
    BadRequest,
    /// Something is wrong on the side of the pool.
    InternalError,
    /// No tickets are taken.
    VspClosed,
    /// The fee was paid already: the wallet counts it as paid.
    FeeAlreadyReceived,
    /// The transaction does not pay the fee: the wallet makes another.
    InvalidFeeTx,
    /// It pays too little.
    FeeTooSmall,
    /// The ticket was never registered: the wallet skips it.
    UnknownTicket,
    /// The ticket can no longer vote: the wallet drops it.
    TicketCannotVote,
    /// The quote ran out: the wallet asks for another address.
    FeeExpired,
    /// Choices in agendas or policies that do not exist.
    InvalidVoteChoices,
    /// The signature is not by the ticket's owner.
    BadSignature,
    /// The voting key is none, or another ticket's.
    InvalidPrivateKey,
    /// Choices came before the fee.
    FeeNotReceived,
    /// Not a ticket, or one of another form.
    InvalidTicket,
    /// The node refuses the ticket or its parent.
    CannotBroadcastTicket,
    /// The node refuses the fee.
    CannotBroadcastFee,
    /// The fee spends what is not there.
    CannotBroadcastFeeUnknownOutputs,
    /// The time of the request is not later than that of the one before.
    InvalidTimestamp,
}

impl Code {
    /// All codes in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::BadRequest,
        Self::InternalError,
        Self::VspClosed,
        Self::FeeAlreadyReceived,
        Self::InvalidFeeTx,
        Self::FeeTooSmall,
        Self::UnknownTicket,
        Self::TicketCannotVote,
        Self::FeeExpired,
        Self::InvalidVoteChoices,
        Self::BadSignature,
        Self::InvalidPrivateKey,
        Self::FeeNotReceived,
        Self::InvalidTicket,
        Self::CannotBroadcastTicket,
        Self::CannotBroadcastFee,
        Self::CannotBroadcastFeeUnknownOutputs,
        Self::InvalidTimestamp,
    ];

    /// The number in the answer.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The HTTP status. Wallets read the code of 4xx answers only.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InternalError | Self::CannotBroadcastTicket | Self::CannotBroadcastFee => 500,
            Self::CannotBroadcastFeeUnknownOutputs => 428,
            _ => 400,
        }
    }

    /// The message where there is nothing more to say.
    pub const fn default_message(self) -> &'static str {
        match self {
            Self::BadRequest => "bad request",
            Self::InternalError => "internal error",
            Self::VspClosed => "vsp is closed",
            Self::FeeAlreadyReceived => "fee tx already received for ticket",
            Self::InvalidFeeTx => "invalid fee tx",
            Self::FeeTooSmall => "fee too small",
            Self::UnknownTicket => "unknown ticket",
            Self::TicketCannotVote => "ticket not eligible to vote",
            Self::FeeExpired => "fee has expired",
            Self::InvalidVoteChoices => "invalid vote choices",
            Self::BadSignature => "bad request signature",
            Self::InvalidPrivateKey => "invalid private key",
            Self::FeeNotReceived => "no fee tx received for ticket",
            Self::InvalidTicket => "not a valid ticket tx",
            Self::CannotBroadcastTicket => "ticket transaction could not be broadcast",
            Self::CannotBroadcastFee => "fee transaction could not be broadcast",
            Self::CannotBroadcastFeeUnknownOutputs => "fee transaction could not be broadcast due to unknown outputs",
            Self::InvalidTimestamp => "old or reused timestamp",
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

/// A refused request. It serializes as the body of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What kind of refusal it is.
    pub code: Code,
    /// What is said. Never a key.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with a message of its own.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }

    /// A request that is malformed.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, message)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code, code.default_message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_numbered_from_0_to_17() {
        let numbers: Vec<u8> = Code::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, (0..=17).collect::<Vec<_>>());
    }

    #[test]
    fn a_refusal_is_a_code_and_a_message() {
        let refusal = serde_json::to_string(&Refusal::from(Code::CannotBroadcastFeeUnknownOutputs)).unwrap();
        assert_eq!(refusal, r#"{"code":16,"message":"fee transaction could not be broadcast due to unknown outputs"}"#);
    }
}
