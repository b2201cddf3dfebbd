//! The fee that is asked for a ticket, and the transaction that pays it.

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::refusal::{Code, Refusal};
use crate::chain::{Address, Amount, BlockHeight, Params, Transaction, TxHash};
use crate::ticket::{PoolFee, required_fee};
use crate::time::UnixTime;

/// How long a quote holds, whatever changes meanwhile.
pub const QUOTE_HOLDS: Duration = Duration::from_secs(3600);
/// The transaction fee that the formula assumes; nothing is ever sent with it.
const ASSUMED_RELAY_FEE: Amount = Amount::from_atoms(10_000);
/// Most that a transaction may move, as exccd checks it.
const MAX_AMOUNT: Amount = Amount::from_atoms(21_000_000 * Amount::ATOMS_PER_COIN);

/// What the operator asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeeTerms {
    /// The part of the reward.
    pub fee: PoolFee,
    /// The most that is ever asked; wallets refuse to pay more than they think right. `None` is no limit.
    pub most: Option<Amount>,
}

/// The best block, as far as fees depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestBlock {
    /// Its height.
    pub height: BlockHeight,
    /// Its stake difficulty: the ticket price.
    pub stake_difficulty: Amount,
}

/// What is asked for a ticket, and until when that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The fee.
    pub amount: Amount,
    /// The last moment at which it is taken.
    pub expires: UnixTime,
}

impl FeeTerms {
    /// The fee for a ticket of `price` as things are: the smallest of what the formula gives for the best block, what it gives
    /// for the ticket's own price (a wallet sets its own estimate aside, and fails on a higher quote), and the limit.
    pub fn quote(&self, params: &Params, best: BestBlock, price: Amount, now: UnixTime) -> Quote {
        let fee = |price| required_fee(params, price, ASSUMED_RELAY_FEE, best.height, self.fee);
        let amount = fee(best.stake_difficulty).min(fee(price));
        Quote { amount: self.most.map_or(amount, |most| amount.min(most)), expires: now.plus(QUOTE_HOLDS) }
    }
}

impl Quote {
    /// Whether the quote has run out.
    pub fn is_expired(&self, now: UnixTime) -> bool {
        now > self.expires
    }
}

/// A transaction that pays a fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeePayment {
    /// The transaction.
    pub transaction: Transaction,
    /// What it pays to the fee address, all its outputs together.
    pub paid: Amount,
}

impl FeePayment {
    /// Reads a transaction and insists that it pays at least `quoted` to the address.
    ///
    /// # Errors
    /// [`Code::InvalidFeeTx`] where it cannot be decoded, makes no sense or pays the address nothing; [`Code::FeeTooSmall`].
    pub fn parse(hex: &str, params: &Params, to: Address, quoted: Amount) -> Result<Self, Refusal> {
        let transaction = Transaction::decode_hex(hex).map_err(|_| Code::InvalidFeeTx)?;
        if !is_sane(&transaction, params) {
            return Err(Code::InvalidFeeTx.into());
        }
        let script = to.output_script().to_bytes();
        let ours = transaction.outputs.iter().filter(|output| output.script_version == 0 && output.script == script);
        let paid: Amount = ours.map(|output| output.value).sum();
        if paid == Amount::ZERO {
            let message = format!("feetx did not include any payments for fee address {to}");
            return Err(Refusal::new(Code::InvalidFeeTx, message));
        }
        if paid < quoted { Err(Code::FeeTooSmall.into()) } else { Ok(Self { transaction, paid }) }
    }

    /// The transaction's hash.
    pub fn hash(&self) -> TxHash {
        self.transaction.hash()
    }
}

/// What every node checks of a transaction before anything else.
fn is_sane(transaction: &Transaction, params: &Params) -> bool {
    let Transaction { inputs, outputs, .. } = transaction;
    let in_range = |amount: Amount| (Amount::ZERO..=MAX_AMOUNT).contains(&amount);
    let total = Amount::checked_sum(outputs.iter().map(|output| output.value));
    let mut spent = HashSet::new();
    !inputs.is_empty()
        && !outputs.is_empty()
        && transaction.encode().len() <= params.max_transaction_size
        && outputs.iter().all(|output| in_range(output.value))
        && total.is_some_and(in_range)
        && inputs.iter().all(|input| spent.insert(input.previous))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{AddressKind, Generation, Hash160, Network, OutPoint, TxInput, TxOutput};
    use proptest::prelude::*;

    const ADDRESS: Address = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([7; 20])));

    fn params() -> Params {
        Network::Simnet.params(Generation::Today)
    }

    fn terms(percent: f64, most: Option<i64>) -> FeeTerms {
        FeeTerms { fee: PoolFee::from_percent(percent).unwrap(), most: most.map(Amount::from_atoms) }
    }

    const BEST: BestBlock = BestBlock { height: BlockHeight(162), stake_difficulty: Amount::from_atoms(44_543_551) };

    fn quote(terms: FeeTerms, price: i64) -> i64 {
        terms.quote(&params(), BEST, Amount::from_atoms(price), UnixTime(0)).amount.atoms()
    }

    #[test]
    fn the_formula_is_that_of_the_predecessors_server() {
        assert_eq!(quote(terms(5.0, None), 44_543_551), 2_197_718);
    }

    #[test]
    fn a_quote_is_the_smallest_of_best_block_own_price_and_limit() {
        assert_eq!(quote(terms(5.0, None), 100_000_000), 2_197_718, "a dearer ticket pays what a ticket costs now");
        assert!(quote(terms(5.0, None), 30_000_000) < 2_197_718, "a cheaper one pays for its own price");
        assert_eq!(quote(terms(5.0, Some(1_000_000)), 44_543_551), 1_000_000);
        assert_eq!(quote(terms(90.0, Some(10_000_000)), 44_543_551), 10_000_000);
        assert_eq!(quote(terms(5.0, Some(10_000_000)), 44_543_551), 2_197_718);
    }

    #[test]
    fn a_quote_holds_for_an_hour() {
        let quote = terms(5.0, None).quote(&params(), BEST, BEST.stake_difficulty, UnixTime(1000));
        assert_eq!(quote.expires, UnixTime(4600));
        assert!(!quote.is_expired(UnixTime(4600)));
        assert!(quote.is_expired(UnixTime(4601)));
    }

    fn paying(outputs: &[(i64, Address)]) -> Transaction {
        let input = |index| TxInput {
            previous: OutPoint { hash: TxHash::from_bytes([1; 32]), index, tree: 0 },
            sequence: u32::MAX,
            value_in: Amount::ZERO,
            block_height: 0,
            block_index: u32::MAX,
            signature_script: Vec::new(),
        };
        let output = |(value, to): &(i64, Address)| TxOutput {
            value: Amount::from_atoms(*value),
            script_version: 0,
            script: to.output_script().to_bytes(),
        };
        Transaction {
            version: 1,
            inputs: vec![input(0), input(1)],
            outputs: outputs.iter().map(output).collect(),
            lock_time: 0,
            expiry: 0,
        }
    }

    fn read(transaction: &Transaction) -> Result<Amount, Code> {
        let hex = hex::encode(transaction.encode());
        let payment = FeePayment::parse(&hex, &params(), ADDRESS, Amount::from_atoms(100));
        payment.map(|payment| payment.paid).map_err(|refusal| refusal.code)
    }

    #[test]
    fn all_outputs_to_the_address_count_together() {
        let other = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([8; 20])));
        assert_eq!(read(&paying(&[(60, ADDRESS), (5, other), (40, ADDRESS)])), Ok(Amount::from_atoms(100)));
        assert_eq!(read(&paying(&[(60, ADDRESS), (39, ADDRESS)])), Err(Code::FeeTooSmall));
        assert_eq!(read(&paying(&[(500, other)])), Err(Code::InvalidFeeTx));
        let mut other_version = paying(&[(500, ADDRESS)]);
        other_version.outputs[0].script_version = 1;
        assert_eq!(read(&other_version), Err(Code::InvalidFeeTx));
    }

    #[test]
    fn transactions_that_no_node_takes_are_refused() {
        let good = paying(&[(100, ADDRESS)]);
        assert!(read(&good).is_ok());
        let mut twice = good.clone();
        twice.inputs[1].previous = twice.inputs[0].previous;
        let mut without_inputs = good.clone();
        without_inputs.inputs.clear();
        let mut too_big = good;
        too_big.inputs[0].signature_script = vec![0; params().max_transaction_size];
        let most = MAX_AMOUNT.atoms();
        let amounts = [
            paying(&[]),
            paying(&[(-1, ADDRESS), (200, ADDRESS)]),
            paying(&[(most + 1, ADDRESS)]),
            paying(&[(most, ADDRESS), (1, ADDRESS)]),
            paying(&[(i64::MAX, ADDRESS), (i64::MAX, ADDRESS)]),
        ];
        for transaction in [twice, without_inputs, too_big].into_iter().chain(amounts) {
            assert_eq!(read(&transaction), Err(Code::InvalidFeeTx));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", hex in "([0-9a-f]{2}){0,200}") {
            for text in [text, hex] {
                let _ = FeePayment::parse(&text, &params(), ADDRESS, Amount::ZERO);
            }
        }

        #[test]
        fn no_quote_is_negative_or_above_the_limit(height: u32, difficulty: i64, price: i64, percent in 0.0..=100.0f64) {
            let best = BestBlock { height: BlockHeight(height), stake_difficulty: Amount::from_atoms(difficulty) };
            let amount = terms(percent, Some(7)).quote(&params(), best, Amount::from_atoms(price), UnixTime(0)).amount;
            prop_assert!((0..=7).contains(&amount.atoms()));
        }
    }
}
