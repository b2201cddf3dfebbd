//! Registered tickets of wallets of today in words.

use stakepool_core::vsp::{FeeStatus, Outcome, RegisteredState};

/// The state of a registered ticket in words.
pub const fn words(state: RegisteredState) -> &'static str {
    match state {
        RegisteredState::Open(FeeStatus::None) => "fee not paid",
        RegisteredState::Open(FeeStatus::Received) => "fee received, not sent",
        RegisteredState::Open(FeeStatus::Broadcast) => "to be voted, fee sent",
        RegisteredState::Open(FeeStatus::Confirmed) => "to be voted, fee confirmed",
        RegisteredState::Open(FeeStatus::Error) => "fee unusable",
        RegisteredState::Ended(Outcome::Voted) => "voted",
        RegisteredState::Ended(Outcome::Missed) => "missed",
        RegisteredState::Ended(Outcome::Expired) => "expired",
        RegisteredState::Ended(Outcome::Revoked) => "missed or expired",
    }
}
