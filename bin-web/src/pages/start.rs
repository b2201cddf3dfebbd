//! The way of a newcomer in three steps, from the sign-up to the first vote, for the wallet that he has.

use serde::Serialize;
use stakepool::tickets::Tally;
use warp::http::StatusCode;

use crate::pages::set_up::SetUp;
use crate::pages::tickets::{Buying, Choice, tip};
use crate::view::network::{example, network_flag};
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

/// The wallets, by their names in addresses, the one that most people have first.
const WALLETS: [(&str, &str); 4] = [
    ("exilibrium", "Exilibrium 1.8 or later"),
    ("exilibrium-1.7", "Exilibrium 1.7 or earlier"),
    ("exccwallet", "exccwallet 2.7 or 2.8"),
    ("exccwallet-2.2", "exccwallet 2.2 (legacy)"),
];

#[derive(Default, Serialize)]
struct Start {
    set_up: SetUp,
    wallets: Vec<Choice>,
    /// The name of the chosen one.
    wallet: &'static str,
    /// How public key addresses begin.
    example: &'static str,
    network_flag: &'static str,
    /// Filled in once an address is registered.
    buying: Option<Buying>,
}

/// Shows the steps, also to who has not signed up yet.
pub async fn show(visit: Visit) -> Outcome {
    let pool = &visit.site.pool;
    let tally = match visit.user() {
        Some(user) => pool.holdings(user.id, tip(&visit.site).await).await?.tally(),
        None => Tally::default(),
    };
    let price = pool.figures().await.ok().map(|figures| figures.stake.difficulty);
    let registration = visit.user().and_then(|user| user.registration.as_ref());
    let network = pool.terms().network;
    let start = Start {
        set_up: SetUp::of(visit.user(), &tally),
        example: example(network),
        network_flag: network_flag(network),
        buying: registration.map(|registration| Buying::of(pool, registration, price)),
        ..chosen(visit.form.text("wallet"))
    };
    visit.page("start.html.tera", StatusCode::OK, &start)
}

/// The choice of a wallet by its name; the first where there is none.
fn chosen(name: &str) -> Start {
    let wallet = WALLETS.iter().find(|wallet| wallet.0 == name).unwrap_or(&WALLETS[0]).0;
    let choice = |(name, title)| Choice { name, title, chosen: name == wallet };
    Start { wallets: WALLETS.map(choice).into(), wallet, ..Start::default() }
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let done = || SetUp::DONE;
    let page = |wallet: &str| {
        let (nothing, filled) =
            (chosen(wallet), Start { set_up: done(), buying: Some(Buying::default()), ..chosen(wallet) });
        [nothing, filled].map(|page| Sample::new("start.html.tera", &page))
    };
    WALLETS.iter().flat_map(|wallet| page(wallet.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_wallet_is_the_first() {
        assert_eq!((chosen("nonsense").wallet, chosen("exccwallet").wallet), ("exilibrium", "exccwallet"));
    }
}
