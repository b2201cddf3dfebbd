//! Tickets that vote by keys of the buyer's alone, and what a wallet of today pays for them to a pool.

use stakepool_core::chain::{
    Address, Amount, OutPoint, PrivateKey, PubKeyAddress, Spends, TicketHash, Transaction, TxHash, TxInput, TxOutput,
    sign_pubkey_hash,
};

use super::purchase::Purchase;
use super::state::State;
use crate::error::SimError;

/// The fee of a transaction that pays a pool, in atoms.
const PAYMENT_FEE: i64 = 25_000;

/// A ticket, as its owner has it.
#[derive(Clone)]
pub(crate) struct OwnTicket {
    pub hash: TicketHash,
    /// What funds it.
    pub parent: TxHash,
    /// Votes with it.
    pub voting: PrivateKey,
    /// Signs for it: the key of its commitment address.
    pub owner: PrivateKey,
}

impl State {
    /// Buys tickets that vote by one fresh key of the buyer's.
    pub(crate) fn buy_own_tickets(&mut self, count: u32) -> Result<Vec<OwnTicket>, SimError> {
        let (network, buyer) = (self.cold_wallet.network(), self.wallets.len() - 1);
        let (index, key) = self.wallets[buyer].take_address()?;
        let voting = Some(PubKeyAddress::new(network, key).to_pubkey_hash());
        let bought = self.purchase(&Purchase { voting, fee: None, count })?;
        let keys = self.wallets[buyer].keys();
        let (voting, owner) = (keys.secret(index)?, keys.secret(bought.owner)?);
        let own = |hash| OwnTicket { hash, parent: bought.parent, voting: voting.clone(), owner: owner.clone() };
        Ok(bought.tickets.into_iter().map(own).collect())
    }

    /// A transaction that was mined or waits.
    pub(crate) fn transaction(&self, hash: &TxHash) -> Option<&Transaction> {
        let mined = self.chain.best.transaction(hash).map(|(mined, ..)| mined);
        mined.or_else(|| self.mempool.get(hash)).map(|found| found.body.as_ref())
    }

    /// A transaction of the buyer's that pays an amount. It is signed and goes nowhere: the coin that it spends waits to be
    /// mined.
    pub(crate) fn payment_to(&mut self, to: Address, amount: Amount) -> Result<Transaction, SimError> {
        let poor = || SimError::Purchase("there is not enough money in the network".to_owned());
        let buyer = self.wallets.len() - 1;
        let (index, key) = self.wallets[buyer].take_address()?;
        let own = Address::from(PubKeyAddress::new(self.cold_wallet.network(), key)).output_script();
        let value = amount.checked_add(Amount::from_atoms(PAYMENT_FEE)).ok_or_else(poor)?;
        let coin = self.crowd.pay(&self.chain, &[(own, value)]).ok_or_else(poor)?;
        let input = TxInput {
            previous: OutPoint { hash: coin.hash(), index: 0, tree: 0 },
            sequence: u32::MAX,
            value_in: value,
            block_height: 0,
            block_index: u32::MAX,
            signature_script: Vec::new(),
        };
        self.mempool.add(coin);
        let output = TxOutput { value: amount, script_version: 0, script: to.output_script().to_bytes() };
        let mut made = Transaction { version: 1, inputs: vec![input], outputs: vec![output], lock_time: 0, expiry: 0 };
        sign_pubkey_hash(&mut made, 0, Spends::Output, &self.wallets[buyer].keys().secret(index)?);
        Ok(made)
    }
}
