//! What unlocks an output: what the core knows, and the script that the simulated stakers' money lies in.

use stakepool_core::chain::{self, OutputScript, Spends, Transaction, hash160};

/// The script that anybody can spend: all money of the simulated stakers lies in it.
pub(crate) const OP_TRUE: [u8; 1] = [0x51];
/// What spends an output that pays to the hash of [`OP_TRUE`].
pub(crate) const OP_TRUE_UNLOCK: [u8; 2] = [0x01, 0x51];

/// Whether input `index` unlocks an output of script `locked`.
pub(crate) fn unlocks(transaction: &Transaction, index: usize, spends: Spends, locked: OutputScript) -> bool {
    let is_op_true = transaction.inputs.get(index).is_some_and(|input| input.signature_script == OP_TRUE_UNLOCK);
    (is_op_true && locked == OutputScript::ScriptHash(hash160(&OP_TRUE)))
        || chain::unlocks(transaction, index, spends, locked)
}
