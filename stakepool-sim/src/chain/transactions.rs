//! The transactions that stakers and miners make, in their real shapes.

use std::sync::LazyLock;

use stakepool_core::chain::{
    Amount, BlockHash, BlockHeight, Generation, Hash160, OutPoint, OutputScript, TicketHash, TicketOutputs,
    Transaction, TxHash, TxInput, TxOutput, VoteBits, VoteTransaction, hash160, shares,
};
use stakepool_core::ticket::TicketSubmission;

use crate::sign::{OP_TRUE, OP_TRUE_UNLOCK};

const OP_RETURN: u8 = 0x6a;
const OP_SSTX: u8 = 0xba;
const OP_SSGEN: u8 = 0xbb;
const OP_SSRTX: u8 = 0xbc;
const OP_SSTXCHANGE: u8 = 0xbd;
/// How much of a refund a vote and a revocation may use up as fees, as today's wallet says it.
const FEE_LIMITS: [u8; 2] = [0x00, 0x4e];
/// Version of automatic revocations.
const AUTO_REVOCATION: u16 = 2;

/// The output script to which the simulated stakers pay.
pub(crate) fn op_true_output() -> OutputScript {
    // Asked for every ticket with every block.
    static HASH: LazyLock<Hash160> = LazyLock::new(|| hash160(&OP_TRUE));
    OutputScript::ScriptHash(*HASH)
}

/// What a transaction is for.
#[derive(Clone, Debug)]
pub(crate) enum TxKind {
    Regular,
    Ticket(TicketSubmission),
    Vote { ticket: TicketHash, block: BlockHash, height: BlockHeight, bits: VoteBits },
    Revocation { ticket: TicketHash },
}

impl TxKind {
    /// Recognises a transaction by its shape.
    pub(crate) fn of(transaction: &Transaction) -> Self {
        let tag = |index: usize| transaction.outputs.get(index).and_then(|output| output.script.first().copied());
        match (tag(0), &transaction.inputs[..]) {
            (Some(OP_SSTX), _) => TicketSubmission::from_transaction(transaction).map_or(Self::Regular, Self::Ticket),
            (Some(OP_SSRTX), [input]) => Self::Revocation { ticket: input.previous.hash.into() },
            (Some(OP_RETURN), [_, _]) if tag(2) == Some(OP_SSGEN) => {
                VoteTransaction::from_transaction(transaction.clone()).map_or(Self::Regular, |vote| Self::Vote {
                    ticket: vote.ticket,
                    block: vote.block,
                    height: vote.height,
                    bits: vote.bits,
                })
            }
            _ => Self::Regular,
        }
    }
}

/// Money at hand: an output that anybody can spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purse {
    pub outpoint: OutPoint,
    pub value: Amount,
    /// Where it was, or will be, mined.
    pub height: BlockHeight,
}

impl Purse {
    fn input(&self) -> TxInput {
        input(self.outpoint, self.value, self.height.0, 0, OP_TRUE_UNLOCK.to_vec())
    }
}

fn input(previous: OutPoint, value: Amount, block_height: u32, block_index: u32, script: Vec<u8>) -> TxInput {
    TxInput { previous, sequence: u32::MAX, value_in: value, block_height, block_index, signature_script: script }
}

fn output(value: Amount, script: Vec<u8>) -> TxOutput {
    TxOutput { value, script_version: 0, script }
}

fn transaction(inputs: Vec<TxInput>, outputs: Vec<TxOutput>) -> Transaction {
    Transaction { version: 1, inputs, outputs, lock_time: 0, expiry: 0 }
}

fn tagged(tag: u8, script: OutputScript) -> Vec<u8> {
    [&[tag][..], &script.to_bytes()].concat()
}

/// The transaction that pays the miner. `nonce` keeps blocks of the same height apart.
pub(crate) fn coinbase(height: BlockHeight, nonce: u32, subsidy: Amount) -> Transaction {
    let nothing = OutPoint { hash: TxHash::from_bytes([0; 32]), index: u32::MAX, tree: 0 };
    let note = [&[OP_RETURN, 12][..], &height.0.to_le_bytes(), &nonce.to_le_bytes(), &[0; 4]].concat();
    transaction(
        vec![input(nothing, subsidy, 0, u32::MAX, vec![0; 2])],
        vec![output(subsidy, op_true_output().to_bytes()), output(Amount::ZERO, note)],
    )
}

/// A payment out of the purse (and the coinbases that come into it); what is left is the last output.
/// `None` where there is not enough.
pub(crate) fn payment(
    purses: &[Purse],
    outputs: &[(OutputScript, Amount)],
    fee: Amount,
    mined_at: BlockHeight,
) -> Option<(Transaction, Purse)> {
    let incoming = Amount::checked_sum(purses.iter().map(|purse| purse.value))?;
    let outgoing = Amount::checked_sum(outputs.iter().map(|(_, amount)| *amount).chain([fee]))?;
    let left = incoming.checked_sub(outgoing).filter(|left| *left > Amount::ZERO)?;
    let mut paid: Vec<TxOutput> = outputs.iter().map(|(to, amount)| output(*amount, to.to_bytes())).collect();
    paid.push(output(left, op_true_output().to_bytes()));
    let index = outputs.len() as u32;
    let transaction = transaction(purses.iter().map(Purse::input).collect(), paid);
    let outpoint = OutPoint { hash: transaction.hash(), index, tree: 0 };
    Some((transaction, Purse { outpoint, value: left, height: mined_at }))
}

/// What a ticket is made of.
pub(crate) struct NewTicket {
    /// Who may vote.
    pub voting: OutputScript,
    pub price: Amount,
    /// The outputs spent, each with its value and who gets the refund. The first is the pool's fee where there is one.
    pub inputs: Vec<(OutPoint, Amount, OutputScript)>,
    /// Where the spent outputs were, or will be, mined.
    pub funded_at: BlockHeight,
    /// What unlocks the inputs, unless they are signed later.
    pub unlock: Vec<u8>,
}

/// A ticket with one commitment and one empty change an input.
pub(crate) fn ticket(new: &NewTicket) -> Transaction {
    let mut outputs = vec![output(new.price, tagged(OP_SSTX, new.voting))];
    for (_, amount, refund) in &new.inputs {
        let (hash, script_flag) = match refund {
            OutputScript::PubKeyHash(hash) => (hash, 0),
            OutputScript::ScriptHash(hash) => (hash, 1 << 63),
        };
        let committed = amount.atoms() as u64 | script_flag;
        let script = [&[OP_RETURN, 30][..], &hash.0, &committed.to_le_bytes(), &FEE_LIMITS].concat();
        outputs.push(output(Amount::ZERO, script));
        outputs.push(output(Amount::ZERO, tagged(OP_SSTXCHANGE, OutputScript::PubKeyHash(Hash160([0; 20])))));
    }
    let spent = |(outpoint, amount, _): &(OutPoint, Amount, OutputScript)| {
        input(*outpoint, *amount, new.funded_at.0, 1, new.unlock.clone())
    };
    transaction(new.inputs.iter().map(spent).collect(), outputs)
}

/// The refund of a ticket that missed its turn; `None` where it is no ticket that can have been mined.
pub(crate) fn revocation(ticket: &Transaction, generation: Generation) -> Option<Transaction> {
    let ticket = TicketOutputs::from_transaction(ticket).ok()?;
    let spent = OutPoint { hash: ticket.ticket.into(), index: 0, tree: 1 };
    let refunds = shares(&ticket, ticket.price).ok()?;
    let mut revocation = transaction(
        vec![input(spent, ticket.price, 0, u32::MAX, Vec::new())],
        refunds.into_iter().map(|(to, refund)| output(refund, tagged(OP_SSRTX, to))).collect(),
    );
    if generation == Generation::Today {
        revocation.version = AUTO_REVOCATION;
    }
    Some(revocation)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED_TICKET: &str = "01000000025bb2289a4b56fb40c5e934eee2c9232f08f9947074f840a997889da3c8bca2ab0000000000ffffffff5bb2289a4b56fb40c5e934eee2c9232f08f9947074f840a997889da3c8bca2ab0100000000ffffffff0554f58d0300000000000018baa914f04fc9553eb7d3585c1bbd52d61cf5a7f204c56b8700000000000000000000206a1e352307d617e0180ec8cfc2bd7a9c6d2812298e42a815430000000000004e000000000000000000001abd76a914000000000000000000000000000000000000000088ac00000000000000000000206a1eaad8a7d1a7411bf5a1dc5d05e6f94bf4ed4ff14c64b34b0300000000004e000000000000000000001abd76a914000000000000000000000000000000000000000088ac000000000000000002a815430000000000a6000000010000006b483045022100ff006a603033effe44148a78d2dea7f236e8ea26f7876a7c96dd0228aba2e9f302204f128c1d29fa2564f8ee9411e13348a46006e400383e51db6aafa592503cc7c5012102b39eab66887b98ea750ce47430f3cb4430fc72c6b17bf18cb1398caaad4f99ef64b34b0300000000a6000000010000006a47304402207c3cc02d6a9757541b248263481c9bba8c72d769fc32607cdefba5a7d1ceb5a202206fb7b0edb60d9346cf4cbce72e5b9f94953e12c783ccb22b6a0ebd5bc1738d9d012102b39eab66887b98ea750ce47430f3cb4430fc72c6b17bf18cb1398caaad4f99ef";

    #[test]
    fn a_ticket_is_the_one_that_a_real_wallet_makes() {
        let recorded = Transaction::decode_hex(RECORDED_TICKET).unwrap();
        let TxKind::Ticket(submission) = TxKind::of(&recorded) else { panic!("not a ticket") };
        let refunds = TicketOutputs::from_transaction(&recorded).unwrap().commitments;
        let inputs =
            recorded.inputs.iter().zip(refunds).map(|(input, refund)| (input.previous, refund.amount, refund.to));
        let made = ticket(&NewTicket {
            voting: submission.voting,
            price: submission.price,
            inputs: inputs.collect(),
            funded_at: BlockHeight(166),
            unlock: Vec::new(),
        });
        assert_eq!(made.hash(), recorded.hash());
    }

    #[test]
    fn a_revocation_gives_everything_back() {
        let bought = Transaction::decode_hex(RECORDED_TICKET).unwrap();
        let made = revocation(&bought, Generation::Today).unwrap();
        let refunded: Amount = made.outputs.iter().map(|output| output.value).sum();
        let price = bought.outputs[0].value;
        assert!(refunded <= price && refunded.atoms() >= price.atoms() - 2);
        assert!(matches!(TxKind::of(&made), TxKind::Revocation { ticket } if ticket == bought.hash().into()));
    }
}
