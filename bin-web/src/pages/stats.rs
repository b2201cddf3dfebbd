//! The figures of the pool and the network.

use std::sync::Arc;

use serde::Serialize;
use stakepool::tickets::Tally;
use stakepool::{FiguresError, PoolFigures};
use warp::http::StatusCode;

use super::charts;
use crate::view::amounts;
use crate::view::chart::Chart;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Stats {
    figures: Option<Shown>,
    charts: Arc<Vec<Chart>>,
}

#[derive(Default, Serialize)]
struct Shown {
    height: u32,
    price: String,
    network_tickets: u64,
    network_mempool: u64,
    own_mempool: u64,
    immature: u64,
    live: u64,
    voted: u64,
    missed: u64,
    expired: u64,
    ignored: u64,
    subsidy: String,
    share: String,
    missed_share: String,
    /// How much of the bar is for the votes.
    voted_width: String,
    users: u64,
    active_users: u64,
    /// Tickets of wallets without an account that are to be voted, where such wallets are served.
    registered: Option<u64>,
}

/// Shows the page; without wallets or database it says so. What becomes of the pool's tickets is read from its ledger, as
/// in the charts; the network, rewards and unmined tickets by the wallets.
pub async fn show(visit: Visit) -> Outcome {
    let known = async {
        let figures = visit.site.pool.figures().await?;
        Ok::<_, FiguresError>((figures, visit.site.pool.tally().await?))
    };
    let (status, content) = match known.await {
        Ok((figures, tally)) => {
            let charts = charts::of_pool(&visit.site, &figures.stake).await;
            (StatusCode::OK, Stats { figures: Some(shown(&figures, &tally)), charts })
        }
        Err(error) => {
            tracing::warn!(%error, "no statistics");
            (StatusCode::SERVICE_UNAVAILABLE, Stats { figures: None, charts: Arc::default() })
        }
    };
    visit.page("stats.html.tera", status, &content)
}

fn shown(figures: &PoolFigures, tally: &Tally) -> Shown {
    let stake = &figures.stake;
    Shown {
        height: stake.height.0,
        price: amounts::price(stake.difficulty),
        network_tickets: stake.pool_size,
        network_mempool: stake.all_mempool,
        own_mempool: stake.own_mempool,
        immature: tally.immature,
        live: tally.live,
        voted: tally.voted,
        missed: tally.missed,
        expired: tally.expired,
        ignored: tally.ignored,
        subsidy: amounts::price(stake.total_subsidy),
        share: percent(tally.live as f64 / stake.pool_size.max(1) as f64),
        missed_share: percent(tally.of_drawn(tally.missed)),
        // In a drawing 1000 units wide.
        voted_width: format!("{:.1}", 1000.0 * tally.of_drawn(tally.voted)),
        users: figures.users,
        active_users: figures.active_users,
        registered: figures.registered.map(|counts| counts.voting),
    }
}

/// A share of one, in percent.
pub fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let (figures, charts) =
        (Shown { voted: 1, registered: Some(1), ..Shown::default() }, Arc::new(vec![Chart::sample()]));
    let pages = [Stats { figures: Some(figures), charts }, Stats { figures: None, charts: Arc::default() }];
    pages.map(|page| Sample::new("stats.html.tera", &page)).into()
}
