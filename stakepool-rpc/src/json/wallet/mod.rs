//! A wallet.

mod agendas;
mod answers;
mod client;
mod transactions;
mod votes;

pub use client::Wallet;

#[cfg(test)]
pub(super) use agendas::says_there_are_none;
#[cfg(test)]
pub(super) use answers::{
    CreatedMultisig, SignedTransaction, StakeInfoAnswer, Tickets, UserInfo, ValidatedAddress, WalletInfoAnswer,
};
