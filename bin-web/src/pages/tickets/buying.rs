//! How to buy tickets, with the user's own values filled in.

use serde::Serialize;
use stakepool::Pool;
use stakepool_core::accounts::Registration;
use stakepool_core::chain::Amount;

use crate::view::amounts;
use crate::view::network::{network_flag, network_switch};

/// Stands in commands for a limit that the buyer has to put in.
const PLACEHOLDER: &str = "HIGHEST_PRICE";

/// What a buyer copies.
#[derive(Debug, Default, Serialize)]
pub struct Buying {
    base_url: String,
    /// The price above which the samples do not buy; `None` while the price of now is not known.
    limit: Option<String>,
    /// What stands in its place then.
    placeholder: &'static str,
    conf_today: String,
    conf_legacy: String,
    by_hand: String,
}

impl Buying {
    /// The values of a user; `price` is that of a ticket now, where it is known.
    pub fn of(pool: &Pool, registration: &Registration, price: Option<Amount>) -> Self {
        let (limit, terms) = (limit(price), pool.terms());
        let highest = limit.map_or_else(|| PLACEHOLDER.to_owned(), amounts::plain);
        let (voting, fee_address, fee) = (registration.address, terms.fee_address(registration), terms.in_force().fee);
        let common = format!(
            "[Application Options]\n{}enableticketbuyer=1\npooladdress={fee_address}\npoolfees={fee}\n\n\
             [Ticket Buyer Options]\nticketbuyer.votingaddress={voting}\n",
            network_switch(terms.network)
        );
        let exccctl = format!("exccctl {}--wallet", network_flag(terms.network));
        Self {
            base_url: pool.site().base_url.clone(),
            conf_today: format!("{common}ticketbuyer.limit=1\nticketbuyer.balancetomaintainabsolute=0"),
            conf_legacy: format!(
                "{common}ticketbuyer.maxpriceabsolute={highest}\nticketbuyer.balancetomaintainabsolute=0"
            ),
            by_hand: format!("{exccctl} purchaseticket default {highest} 1 {voting} 1 {fee_address} {fee}"),
            limit: limit.map(amounts::price),
            placeholder: PLACEHOLDER,
        }
    }
}

/// The command that imports a user's script into a wallet.
pub fn import(pool: &Pool, registration: &Registration) -> String {
    format!("exccctl {}--wallet importscript {}", network_flag(pool.terms().network), registration.script)
}

/// A tenth above the price of now, in whole hundredths of a coin. Without a price there is none: any figure would be one
/// that somebody buys for.
fn limit(price: Option<Amount>) -> Option<Amount> {
    const HUNDREDTH: i64 = Amount::ATOMS_PER_COIN / 100;
    let atoms = price.map(Amount::atoms).filter(|atoms| *atoms > 0)?;
    let hundredths = (atoms / 10).saturating_add(atoms) / HUNDREDTH + 1;
    Some(Amount::from_atoms(hundredths.saturating_mul(HUNDREDTH)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_tenth_above_the_price() {
        for (atoms, text) in [(2_000_000_000, "22.01"), (35_298, "0.01")] {
            assert_eq!(limit(Some(Amount::from_atoms(atoms))).map(amounts::plain).as_deref(), Some(text));
        }
        assert_eq!((limit(None), limit(Some(Amount::from_atoms(0)))), (None, None));
        assert!(limit(Some(Amount::from_atoms(i64::MAX))).is_some());
    }
}
