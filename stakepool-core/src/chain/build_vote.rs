//! Making votes, as exccwallet makes them.

use super::amount::Amount;
use super::hash::{BlockHash, TxHash};
use super::height::BlockHeight;
use super::network::{Generation, Params};
use super::script::OutputScript;
use super::subsidy::vote_subsidy;
use super::ticket_outputs::TicketOutputs;
use super::transaction::{OutPoint, Transaction, TxInput, TxOutput};
use super::vote::VoteBits;

const OP_RETURN: u8 = 0x6a;
const OP_SSGEN: u8 = 0xbb;
/// Most bytes that a push of one length byte holds.
const MOST_PUSHED: usize = 75;
/// The input of a vote that spends the ticket, and must be signed.
pub const TICKET_INPUT: usize = 1;
/// What legacy wallets state for the ticket's value.
const NOT_STATED: Amount = Amount::from_atoms(-1);

/// What a vote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoteChoice<'a> {
    /// The block that is voted on.
    pub block: BlockHash,
    /// Its height.
    pub height: BlockHeight,
    /// The vote bits.
    pub bits: VoteBits,
    /// What follows the bits: the vote version as little endian u32.
    pub extended_bits: &'a [u8],
}

/// Why no vote can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildVoteError {
    /// The extended bits do not fit.
    #[error(
        "the extended vote bits have {0} bytes, but at most 73 fit into a vote: give the wallet's `votebitsextended`"
    )]
    ExtendedBits(usize),
    /// Amounts that no mined ticket has.
    #[error("the ticket's amounts are impossible: it cannot have been mined")]
    Amounts,
}

/// A vote of a ticket on a block, with nothing yet that unlocks the ticket ([`TICKET_INPUT`]).
///
/// It is the one that a wallet of `generation` makes, byte by byte: a legacy one leaves out the ticket's value, which no
/// hash covers.
///
/// # Errors
/// [`BuildVoteError`] for extended bits that are too long, and amounts that no mined ticket has.
pub fn unsigned_vote(
    params: &Params,
    generation: Generation,
    ticket: &TicketOutputs,
    choice: &VoteChoice<'_>,
) -> Result<Transaction, BuildVoteError> {
    let said = [&choice.bits.0.to_le_bytes()[..], choice.extended_bits].concat();
    if said.len() > MOST_PUSHED {
        return Err(BuildVoteError::ExtendedBits(choice.extended_bits.len()));
    }
    let subsidy = vote_subsidy(params, choice.height);
    let reference = [&choice.block.as_bytes()[..], &choice.height.0.to_le_bytes()].concat();
    let mut outputs = vec![output(Amount::ZERO, null_data(&reference)), output(Amount::ZERO, null_data(&said))];
    let whole = ticket.price.checked_add(subsidy).ok_or(BuildVoteError::Amounts)?;
    for (to, reward) in shares(ticket, whole)? {
        outputs.push(output(reward, [&[OP_SSGEN][..], &to.to_bytes()].concat()));
    }
    let nothing = OutPoint { hash: TxHash::from_bytes([0; 32]), index: u32::MAX, tree: 0 };
    let submission = OutPoint { hash: ticket.ticket.into(), index: 0, tree: 1 };
    let value = if generation == Generation::Legacy { NOT_STATED } else { ticket.price };
    let inputs = vec![input(nothing, subsidy, params.stakebase_script.to_vec()), input(submission, value, Vec::new())];
    Ok(Transaction { version: 1, inputs, outputs, lock_time: 0, expiry: 0 })
}

/// Who gets how much of `whole`: in the proportion of the commitments, each rounded down. What is left over is the
/// transaction fee.
///
/// # Errors
/// [`BuildVoteError::Amounts`] where the commitments are negative, nothing, or too much.
pub fn shares(ticket: &TicketOutputs, whole: Amount) -> Result<Vec<(OutputScript, Amount)>, BuildVoteError> {
    let wide = |amount: Amount| u128::try_from(amount.atoms()).map_err(|_| BuildVoteError::Amounts);
    let whole = wide(whole)?;
    let committed = Amount::checked_sum(ticket.commitments.iter().map(|commitment| commitment.amount));
    let committed = wide(committed.ok_or(BuildVoteError::Amounts)?)?;
    if committed == 0 {
        return Err(BuildVoteError::Amounts);
    }
    let share = |amount| {
        i64::try_from(wide(amount)? * whole / committed).map(Amount::from_atoms).map_err(|_| BuildVoteError::Amounts)
    };
    ticket.commitments.iter().map(|commitment| Ok((commitment.to, share(commitment.amount)?))).collect()
}

fn null_data(data: &[u8]) -> Vec<u8> {
    [&[OP_RETURN, data.len() as u8], data].concat()
}

fn output(value: Amount, script: Vec<u8>) -> TxOutput {
    TxOutput { value, script_version: 0, script }
}

fn input(previous: OutPoint, value_in: Amount, signature_script: Vec<u8>) -> TxInput {
    // Where the spent output was mined is not stated.
    TxInput { previous, sequence: u32::MAX, value_in, block_height: 0, block_index: u32::MAX, signature_script }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::hash::{Hash160, TicketHash};
    use crate::chain::network::Network;
    use crate::chain::ticket_outputs::Commitment;
    use crate::chain::vote::VoteTransaction;
    use proptest::prelude::*;

    const CHOICE: VoteChoice<'_> = VoteChoice {
        block: BlockHash::from_bytes([3; 32]),
        height: BlockHeight(200),
        bits: VoteBits(5),
        extended_bits: &[11, 0, 0, 0],
    };

    fn ticket(price: i64, amounts: &[i64]) -> TicketOutputs {
        let to = |n: usize| OutputScript::PubKeyHash(Hash160([n as u8; 20]));
        let commitment = |(n, amount): (usize, &i64)| Commitment { to: to(n), amount: Amount::from_atoms(*amount) };
        TicketOutputs {
            ticket: TicketHash::from_bytes([1; 32]),
            voting: to(0),
            price: Amount::from_atoms(price),
            commitments: amounts.iter().enumerate().map(commitment).collect(),
            relay_fee: Amount::ZERO,
        }
    }

    fn cast(ticket: &TicketOutputs, choice: &VoteChoice<'_>) -> Result<Transaction, BuildVoteError> {
        unsigned_vote(&Network::Simnet.params(Generation::Today), Generation::Today, ticket, choice)
    }

    #[test]
    fn a_vote_says_what_was_chosen() {
        let vote = cast(&ticket(1000, &[400, 700]), &CHOICE).unwrap();
        let read = VoteTransaction::from_transaction(vote).unwrap();
        assert_eq!((read.block, read.height, read.bits), (CHOICE.block, CHOICE.height, CHOICE.bits));
        assert_eq!(read.ticket, TicketHash::from_bytes([1; 32]));
        assert!(!read.is_signed());
    }

    #[test]
    fn the_input_that_makes_the_reward_carries_the_networks_script() {
        for (network, script) in
            [(Network::Mainnet, &[0, 0][..]), (Network::Testnet, &[0, 0]), (Network::Simnet, &[0xde, 0xad, 0xbe, 0xef])]
        {
            let params = network.params(Generation::Today);
            let vote = unsigned_vote(&params, Generation::Today, &ticket(1000, &[1000]), &CHOICE).unwrap();
            assert_eq!(vote.inputs[0].signature_script, script);
        }
    }

    #[test]
    fn too_long_extended_bits_and_impossible_amounts_are_refused() {
        let long = VoteChoice { extended_bits: &[0; 74], ..CHOICE };
        assert_eq!(cast(&ticket(1000, &[1000]), &long), Err(BuildVoteError::ExtendedBits(74)));
        assert!(cast(&ticket(1000, &[1000]), &VoteChoice { extended_bits: &[0; 73], ..CHOICE }).is_ok());
        for (price, amounts) in
            [(1000, &[][..]), (1000, &[0, 0]), (i64::MAX, &[1]), (1000, &[-5, -6]), (-1 << 60, &[1])]
        {
            assert_eq!(cast(&ticket(price, amounts), &CHOICE), Err(BuildVoteError::Amounts), "{price} {amounts:?}");
        }
    }

    proptest! {
        #[test]
        fn no_amounts_panic(price: i64, amounts: Vec<i64>, height: u32) {
            let _ = cast(&ticket(price, &amounts), &VoteChoice { height: BlockHeight(height), ..CHOICE });
        }

        #[test]
        fn no_more_than_price_and_subsidy_is_paid_and_less_by_at_most_an_atom_a_commitment(price in 0i64..1 << 45, amounts in prop::collection::vec(1i64..1 << 45, 1..65)) {
            let vote = cast(&ticket(price, &amounts), &CHOICE).unwrap();
            let paid: i64 = vote.outputs.iter().map(|output| output.value.atoms()).sum();
            let whole = price + vote.inputs[0].value_in.atoms();
            prop_assert!(paid <= whole && whole - paid < amounts.len() as i64);
        }
    }
}
