//! A transaction that was looked at once.

use std::sync::Arc;

use stakepool_core::chain::{Transaction, TxHash};

use super::transactions::TxKind;

/// A transaction with what follows from it, so that hashing and recognising it are paid once. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Tx {
    pub hash: TxHash,
    pub kind: TxKind,
    pub body: Arc<Transaction>,
}

impl From<Transaction> for Tx {
    fn from(transaction: Transaction) -> Self {
        Self { hash: transaction.hash(), kind: TxKind::of(&transaction), body: Arc::new(transaction) }
    }
}
