//! A wallet.

mod agendas;
mod answers;
mod client;
mod transactions;

pub use client::Wallet;

#[cfg(test)]
pub(super) use agendas::says_there_are_none;
#[cfg(test)]
pub(super) use answers::{
    CreatedMultisig, GeneratedVote, StakeInfoAnswer, Tickets, UserInfo, ValidatedAddress, WalletInfoAnswer,
};
