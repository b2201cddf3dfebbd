//! The states in which operators see registered tickets.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::fee_status::FeeStatus;
use super::registration::{Outcome, TicketRegistration};

/// Where a registered ticket is: where its fee is, and after the ticket's end how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisteredState {
    /// It has not ended, and its fee is there.
    Open(FeeStatus),
    /// It has ended.
    Ended(Outcome),
}

impl RegisteredState {
    /// All of them, in the order of a ticket's life.
    pub const ALL: [Self; 9] = [
        Self::Open(FeeStatus::None),
        Self::Open(FeeStatus::Received),
        Self::Open(FeeStatus::Broadcast),
        Self::Open(FeeStatus::Confirmed),
        Self::Open(FeeStatus::Error),
        Self::Ended(Outcome::Voted),
        Self::Ended(Outcome::Missed),
        Self::Ended(Outcome::Expired),
        Self::Ended(Outcome::Revoked),
    ];

    /// Its text: that of the fee's status or of the end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open(fee) => fee.name(),
            Self::Ended(outcome) => outcome.name(),
        }
    }
}

impl From<&TicketRegistration> for RegisteredState {
    fn from(registration: &TicketRegistration) -> Self {
        registration.outcome.map_or(Self::Open(registration.fee), Self::Ended)
    }
}

impl fmt::Display for RegisteredState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for RegisteredState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A text that is no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the state of a registered ticket: none, received, broadcast, confirmed, error, voted, missed, expired or \
     revoked is expected"
)]
pub struct UnknownState(pub String);

impl FromStr for RegisteredState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| UnknownState(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_a_fee_and_every_end_is_a_state_that_prints_and_parses_back() {
        let states = FeeStatus::ALL.map(RegisteredState::Open).into_iter();
        for state in states.chain(Outcome::ALL.map(RegisteredState::Ended)) {
            assert_eq!(state.to_string().parse(), Ok(state));
        }
        assert!("live".parse::<RegisteredState>().unwrap_err().to_string().contains("none, received"));
    }
}
