//! Buying tickets from the buyer's wallet.

use stakepool_core::chain::{
    Address, Amount, KeyIndex, OutPoint, OutputScript, Spends, TicketHash, Transaction, TxHash, sign_pubkey_hash,
};
use stakepool_core::ticket::{PoolFee, required_fee};

use super::state::State;
use crate::chain::{NewTicket, ticket};
use crate::error::SimError;

/// The transaction fee of a ticket with a pool's fee in it, in atoms.
const POOL_TICKET_FEE: Amount = Amount::from_atoms(54_200);
/// Most tickets that a call may buy.
const MOST: u32 = 100;

/// What is to be bought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purchase {
    /// Who may vote; the buyer where it is nobody else.
    pub voting: Option<Address>,
    /// Who gets the pool's fee, and how much.
    pub fee: Option<(Address, PoolFee)>,
    pub count: u32,
}

/// Tickets that were bought.
pub(crate) struct Bought {
    pub tickets: Vec<TicketHash>,
    /// What funds them.
    pub parent: TxHash,
    /// The buyer's key to which price and reward go back.
    pub owner: KeyIndex,
}

impl State {
    /// Buys tickets at the next block's price. They wait to be mined, 20 a block, and vanish when the price rises.
    pub(crate) fn purchase(&mut self, purchase: &Purchase) -> Result<Bought, SimError> {
        let next = self.chain.best.height().plus(1);
        if next.0 < self.chain.params.stake_enabled_height {
            return Err(SimError::Purchase(format!(
                "tickets exist from height {}",
                self.chain.params.stake_enabled_height
            )));
        }
        if purchase.count == 0 || purchase.count > MOST {
            return Err(SimError::Purchase(format!("{} tickets: give 1 to {MOST}", purchase.count)));
        }
        let price = self.chain.next_price(&self.chain.best);
        let parts = self.parts(purchase, price)?;
        let buyer = self.wallets.len() - 1;
        let (index, key) = self.wallets[buyer].take_address()?;
        let own =
            Address::from(stakepool_core::chain::PubKeyAddress::new(self.cold_wallet.network(), key)).output_script();
        let amounts: Vec<(OutputScript, Amount)> =
            (0..purchase.count).flat_map(|_| parts.iter().map(|(amount, _)| (own, *amount))).collect();
        let split = self
            .crowd
            .pay(&self.chain, &amounts)
            .ok_or_else(|| SimError::Purchase("there is not enough money in the network".to_owned()))?;
        let voting = purchase.voting.map_or(own, |address| address.output_script());
        let mut bought = Vec::with_capacity(purchase.count as usize);
        for number in 0..purchase.count {
            let first = number * parts.len() as u32;
            let inputs = parts.iter().zip(first..).map(|((amount, refund), output)| {
                let outpoint = OutPoint { hash: split.hash(), index: output, tree: 0 };
                (outpoint, *amount, refund.unwrap_or(own))
            });
            let new = NewTicket { voting, price, inputs: inputs.collect(), funded_at: next, unlock: Vec::new() };
            bought.push(self.signed(&new, buyer, index)?);
        }
        let parent = split.hash();
        self.mempool.add(split);
        let tickets = bought.iter().map(|ticket| ticket.hash().into()).collect();
        bought.into_iter().for_each(|ticket| self.mempool.add(ticket));
        Ok(Bought { tickets, parent, owner: index })
    }

    /// The inputs of each ticket: amount, and who gets its refund where that is not the buyer.
    fn parts(&self, purchase: &Purchase, price: Amount) -> Result<Vec<(Amount, Option<OutputScript>)>, SimError> {
        let whole = price.atoms() + POOL_TICKET_FEE.atoms();
        let Some((address, fee)) = purchase.fee else { return Ok(vec![(Amount::from_atoms(whole), None)]) };
        let next = self.chain.best.height().plus(1);
        let pool = required_fee(&self.chain.params, price, POOL_TICKET_FEE, next, fee).atoms();
        if pool >= whole {
            return Err(SimError::Purchase(format!("a fee of {fee} % leaves nothing of the ticket")));
        }
        Ok(vec![(Amount::from_atoms(pool), Some(address.output_script())), (Amount::from_atoms(whole - pool), None)])
    }

    fn signed(&self, new: &NewTicket, wallet: usize, index: KeyIndex) -> Result<Transaction, SimError> {
        let mut made = ticket(new);
        let secret = self.wallets[wallet].keys().secret(index)?;
        for input in 0..made.inputs.len() {
            sign_pubkey_hash(&mut made, input, Spends::Output, &secret);
        }
        Ok(made)
    }
}
