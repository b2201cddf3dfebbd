//! The front page.

use serde::Serialize;
use stakepool_core::chain::{Amount, Generation, Params, vote_subsidy};
use stakepool_core::ports::StakeInfo;
use warp::http::StatusCode;

use super::stats::percent;
use crate::view::amounts;
use crate::view::render::Sample;
use crate::view::when::BlockTime;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Home {
    offer: Option<Offer>,
    figures: Option<Figures>,
}

/// What a ticket costs and earns now.
#[derive(Default, Serialize)]
struct Offer {
    price: String,
    reward: String,
    /// How long it takes on average until a ticket votes, in words.
    wait: String,
    /// How long at most.
    at_most: Option<String>,
}

#[derive(Default, Serialize)]
struct Figures {
    live: u64,
    voted: u64,
    missed: u64,
    /// How many of those drawn were missed; `None` where none was drawn.
    missed_share: Option<String>,
    users: Option<u64>,
}

impl Offer {
    /// The offer at the best block; `None` where the wallets do not know the price.
    fn of(stake: &StakeInfo, params: &Params) -> Option<Self> {
        let time = BlockTime { tip: Some(stake.height), spacing: params.target_time_per_block };
        let reward = vote_subsidy(params, stake.height);
        if stake.difficulty <= Amount::ZERO || reward <= Amount::ZERO || stake.pool_size == 0 {
            return None;
        }
        let drawn_in = stake.pool_size / u64::from(params.tickets_per_block.max(1));
        let drawn_in = u32::try_from(drawn_in).unwrap_or(u32::MAX);
        let wait = params.ticket_maturity.saturating_add(drawn_in);
        Some(Self {
            price: amounts::price(stake.difficulty),
            reward: amounts::rounded(reward),
            wait: time.lasting(wait),
            at_most: Some(time.lasting(params.ticket_maturity.saturating_add(params.ticket_expiry))),
        })
    }
}

/// Shows the page. It does so without figures, too.
pub async fn show(visit: Visit) -> Outcome {
    let pool = &visit.site.pool;
    let known = pool.figures().await.ok();
    let params = pool.terms().network.params(Generation::Today);
    let offer = known.as_ref().and_then(|known| Offer::of(&known.stake, &params));
    let figures = pool.tally().await.ok().map(|tally| Figures {
        live: tally.live,
        voted: tally.voted,
        missed: tally.missed,
        missed_share: (tally.voted + tally.missed > 0).then(|| percent(tally.of_drawn(tally.missed))),
        users: known.as_ref().map(|known| known.active_users),
    });
    visit.page("home.html.tera", StatusCode::OK, &Home { offer, figures })
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let full = || Figures { missed_share: Some("1%".to_owned()), users: Some(1), ..Figures::default() };
    let offer = || Offer { at_most: Some("a year".to_owned()), ..Offer::default() };
    let pages = [
        Home { offer: None, figures: None },
        Home { offer: None, figures: Some(Figures::default()) },
        Home { offer: Some(offer()), figures: Some(full()) },
    ];
    pages.map(|page| Sample::new("home.html.tera", &page)).into()
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::{BlockHeight, Network};

    use super::*;

    fn stake(pool_size: u64) -> StakeInfo {
        StakeInfo {
            height: BlockHeight(1_100_000),
            difficulty: Amount::from_atoms(4_020_000_000),
            pool_size,
            ..StakeInfo::default()
        }
    }

    #[test]
    fn the_offer_is_what_the_next_block_gives_and_asks() {
        let params = Network::Mainnet.params(Generation::Today);
        let offer = Offer::of(&stake(40_960), &params).unwrap();
        assert_eq!(offer.price, "40.20");
        assert!(offer.reward.parse::<f64>().unwrap() > 0.0, "{}", offer.reward);
        // 8,192 blocks until it is drawn and 256 before that, of 2.5 minutes.
        assert_eq!((offer.wait.as_str(), offer.at_most.as_deref()), ("about 15 days", Some("about 2 months")));
        assert!(Offer::of(&stake(0), &params).is_none(), "nobody knows how many tickets there are");
    }
}
