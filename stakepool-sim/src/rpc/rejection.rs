//! How a node says why it does not take a transaction.

use stakepool_core::chain::{Generation, TxHash};

use super::error::RpcError;
use crate::network::Rejection;

/// The error with which a node of a generation refuses transaction `hash`.
pub(crate) fn rejected(hash: TxHash, rejection: &Rejection, generation: Generation) -> RpcError {
    let (code, reason) = match rejection {
        Rejection::Stopped => (-1, "the node is stopping".to_owned()),
        Rejection::Duplicate => {
            let code = if generation == Generation::Today { -40 } else { -1 };
            (code, format!("already have transaction {hash}"))
        }
        Rejection::Mined => (-40, "transaction already exists".to_owned()),
        Rejection::AlreadyVotes { ticket, block, height } => {
            (-1, format!("vote {hash} spending ticket {ticket} already votes on block {block} (height {height})"))
        }
        Rejection::Orphan(missing) => (
            -1,
            format!("orphan transaction {hash} references outputs of unknown or fully-spent transaction {missing}"),
        ),
        Rejection::UnknownBlock(block) => (-1, format!("vote {hash} is on unknown block {block}")),
        Rejection::BadSignature { input } => {
            (-1, format!("failed to validate input {hash}:{input}: the script does not unlock the output"))
        }
        Rejection::DoubleSpend(other) => (-1, format!("transaction {other} in the pool already spends the same coins")),
        Rejection::SpendsTooMuch => {
            (-1, format!("total value of all transaction inputs for transaction {hash} is less than the amount spent"))
        }
    };
    let rejected = if generation == Generation::Today { "rejected" } else { "Rejected" };
    RpcError::new(code, format!("{rejected} transaction {hash}: {reason}"))
}
