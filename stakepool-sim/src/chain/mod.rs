//! The chain: blocks, tickets, the lottery, and the rules under which blocks are mined.

mod block;
mod branch;
mod lottery;
mod miner;
mod store;
mod transactions;
mod tx;

pub(crate) use block::{Block, Header};
pub(crate) use branch::{Branch, Effects, Ticket, TxTree};
pub(crate) use store::Chain;
pub(crate) use transactions::{NewTicket, Purse, TxKind, op_true_output, payment, revocation, ticket};
pub(crate) use tx::Tx;
