//! The way of a ticket's fee.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Confirmations after which a ticket or a fee transaction counts as settled.
pub const CONFIRMATIONS: u32 = 6;

/// Where a ticket's fee is on its way. The texts are those of `ticketstatus`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeeStatus {
    /// No fee transaction has come.
    #[default]
    None,
    /// It waits for the ticket's confirmations.
    Received,
    /// The node has taken it: from now on the ticket is voted.
    Broadcast,
    /// It is [`CONFIRMATIONS`] deep.
    Confirmed,
    /// It cannot be sent, or was spent elsewhere: the owner pays again.
    Error,
}

/// What can happen to a fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeEvent {
    /// The owner has sent a transaction that pays it.
    Paid,
    /// The node has taken the transaction, or has it already.
    Sent,
    /// The node will never take it.
    Refused,
    /// It is [`CONFIRMATIONS`] deep.
    Settled,
    /// It is less deep than that again: a reorganisation.
    Unsettled,
    /// It is neither mined nor waiting, and cannot be sent again: another transaction has spent its inputs.
    Lost,
}

/// Something that cannot happen to a fee where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fee that is `{status}` cannot be {event:?}: another instance was faster; read the ticket again")]
pub struct NotNow {
    /// Where the fee is.
    pub status: FeeStatus,
    /// What was said to happen.
    pub event: FeeEvent,
}

impl FeeStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Received, Self::Broadcast, Self::Confirmed, Self::Error];

    /// Its text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Received => "received",
            Self::Broadcast => "broadcast",
            Self::Confirmed => "confirmed",
            Self::Error => "error",
        }
    }

    /// Where the fee is after something happened. What has happened already changes nothing.
    ///
    /// # Errors
    /// [`NotNow`] for what cannot happen.
    pub const fn after(self, event: FeeEvent) -> Result<Self, NotNow> {
        use FeeEvent::{Lost, Paid, Refused, Sent, Settled, Unsettled};
        Ok(match (self, event) {
            (Self::None | Self::Error, Paid) => Self::Received,
            (Self::Received | Self::Broadcast, Sent) => Self::Broadcast,
            (Self::Received | Self::Error, Refused) | (Self::Broadcast | Self::Confirmed | Self::Error, Lost) => {
                Self::Error
            }
            (Self::Broadcast | Self::Confirmed, Settled) => Self::Confirmed,
            (Self::Confirmed | Self::Broadcast, Unsettled) => Self::Broadcast,
            (status, event) => return Err(NotNow { status, event }),
        })
    }

    /// Whether a fee may be paid now: none has come, or it went wrong.
    pub const fn is_payable(self) -> bool {
        matches!(self, Self::None | Self::Error)
    }

    /// Whether the node has the fee, so that the ticket is voted.
    pub const fn is_sent(self) -> bool {
        matches!(self, Self::Broadcast | Self::Confirmed)
    }
}

impl fmt::Display for FeeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the status of a fee: none, received, broadcast, confirmed or error is expected")]
pub struct UnknownStatus(pub String);

impl FromStr for FeeStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(events: &[FeeEvent]) -> Result<FeeStatus, NotNow> {
        events.iter().try_fold(FeeStatus::None, |status, event| status.after(*event))
    }

    #[test]
    fn a_fee_is_received_sent_and_confirmed() {
        use FeeEvent::{Paid, Sent, Settled};
        for (events, expected) in [
            (&[][..], FeeStatus::None),
            (&[Paid], FeeStatus::Received),
            (&[Paid, Sent], FeeStatus::Broadcast),
            (&[Paid, Sent, Settled], FeeStatus::Confirmed),
        ] {
            assert_eq!(after(events), Ok(expected));
        }
    }

    #[test]
    fn a_fee_that_went_wrong_is_paid_again_and_one_that_did_not_is_not() {
        use FeeEvent::{Lost, Paid, Refused, Sent, Settled};
        assert_eq!(after(&[Paid, Refused, Paid, Sent]), Ok(FeeStatus::Broadcast));
        assert_eq!(after(&[Paid, Sent, Lost]), Ok(FeeStatus::Error), "a double spend takes the ticket out again");
        assert_eq!(after(&[Paid, Sent, Settled, Lost]), Ok(FeeStatus::Error), "also after a deep reorganisation");
        for paid in [&[Paid][..], &[Paid, Sent], &[Paid, Sent, Settled]] {
            let status = after(paid).unwrap();
            assert!(!status.is_payable());
            assert_eq!(status.after(Paid), Err(NotNow { status, event: Paid }));
        }
    }

    #[test]
    fn a_reorganisation_takes_the_confirmation_back_and_what_was_done_already_changes_nothing() {
        use FeeEvent::{Paid, Refused, Sent, Settled, Unsettled};
        assert_eq!(after(&[Paid, Sent, Settled, Unsettled]), Ok(FeeStatus::Broadcast));
        assert_eq!(after(&[Paid, Sent, Sent, Settled, Settled]), Ok(FeeStatus::Confirmed));
        assert_eq!(after(&[Paid, Refused, Refused]), Ok(FeeStatus::Error));
        assert!(after(&[Settled]).is_err() && after(&[Paid, Settled]).is_err());
    }

    #[test]
    fn only_what_the_node_has_is_voted() {
        let sent = FeeStatus::ALL.map(FeeStatus::is_sent);
        assert_eq!(sent, [false, false, true, true, false]);
    }

    #[test]
    fn a_status_prints_and_parses_back() {
        for status in FeeStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
        assert!("Paid".parse::<FeeStatus>().is_err());
    }
}
