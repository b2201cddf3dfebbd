//! The outputs of a ticket: who votes, and who gets back what.

use super::amount::Amount;
use super::hash::{Hash160, TicketHash};
use super::script::OutputScript;
use super::transaction::Transaction;

const OP_RETURN: u8 = 0x6a;
const OP_SSTX: u8 = 0xba;
const OP_SSTXCHANGE: u8 = 0xbd;
/// Most inputs that consensus allows.
const MAX_INPUTS: usize = 64;
/// Smallest and largest push of a commitment, in bytes.
const COMMITMENT_PUSH: std::ops::RangeInclusive<u8> = 0x1e..=0x4b;

/// Where a commitment sends a refund and reward, and how much came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Who receives.
    pub to: OutputScript,
    /// How much the input held.
    pub amount: Amount,
}

/// What a ticket's transaction says: all that a vote of it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketOutputs {
    /// The ticket's hash.
    pub ticket: TicketHash,
    /// Who may vote.
    pub voting: OutputScript,
    /// The ticket price.
    pub price: Amount,
    /// One for each input, in their order. There is at least one.
    pub commitments: Box<[Commitment]>,
    /// The transaction fee: what the commitments say that came in, less what goes out.
    pub relay_fee: Amount,
}

/// Why a transaction is no ticket (the consensus rules of a stake submission).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the transaction is not a ticket: {0}")]
pub struct NotATicket(pub &'static str);

impl TicketOutputs {
    /// Reads the outputs of a ticket.
    ///
    /// # Errors
    /// [`NotATicket`] names the consensus rule that the transaction does not meet.
    pub fn from_transaction(transaction: &Transaction) -> Result<Self, NotATicket> {
        let inputs = transaction.inputs.len();
        if inputs == 0 || inputs > MAX_INPUTS {
            return Err(NotATicket("it must have 1 to 64 inputs"));
        }
        if transaction.outputs.len() != 2 * inputs + 1 {
            return Err(NotATicket("it must have one more output than twice its inputs"));
        }
        if transaction.outputs.iter().any(|output| output.script_version != 0) {
            return Err(NotATicket("a script has an unknown version"));
        }
        let voting = tagged(&transaction.outputs[0].script, OP_SSTX)
            .ok_or(NotATicket("its first output is not a stake submission"))?;
        let mut commitments = Vec::with_capacity(inputs);
        for pair in transaction.outputs[1..].chunks_exact(2) {
            commitments.push(commitment(&pair[0].script).ok_or(NotATicket("a commitment is malformed"))?);
            tagged(&pair[1].script, OP_SSTXCHANGE).ok_or(NotATicket("a change output is malformed"))?;
        }
        if transaction.outputs.iter().any(|output| output.value < Amount::ZERO) {
            return Err(NotATicket("an output is negative"));
        }
        let overflow = NotATicket("its amounts are impossible");
        let incoming = Amount::checked_sum(commitments.iter().map(|c| c.amount)).ok_or(overflow)?;
        let outgoing = Amount::checked_sum(transaction.outputs.iter().map(|o| o.value)).ok_or(overflow)?;
        Ok(Self {
            ticket: transaction.hash().into(),
            voting,
            price: transaction.outputs[0].value,
            commitments: commitments.into(),
            relay_fee: incoming.checked_sub(outgoing).ok_or(overflow)?,
        })
    }
}

fn tagged(script: &[u8], tag: u8) -> Option<OutputScript> {
    let (first, rest) = script.split_first()?;
    if *first == tag { OutputScript::parse(rest) } else { None }
}

fn commitment(script: &[u8]) -> Option<Commitment> {
    let [OP_RETURN, push, content @ ..] = script else { return None };
    if !COMMITMENT_PUSH.contains(push) || content.len() != usize::from(*push) {
        return None;
    }
    let (hash, rest) = content.split_first_chunk::<20>()?;
    let amount = u64::from_le_bytes(*rest.first_chunk()?);
    let hash = Hash160(*hash);
    // The top bit says that the hash is a script's; the amount is in the others.
    let to = if amount >> 63 == 1 { OutputScript::ScriptHash(hash) } else { OutputScript::PubKeyHash(hash) };
    Some(Commitment { to, amount: Amount::from_atoms((amount & (u64::MAX >> 1)) as i64) })
}
