//! The figures of the pool and the network.

use std::sync::Arc;

use serde::Serialize;
use warp::http::StatusCode;

use super::tickets::excc;
use crate::app::PoolFigures;
use crate::chart::Chart;
use crate::render::Sample;
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
    revoked: u64,
    subsidy: String,
    share: String,
    missed_share: String,
    voted_width: u64,
    users: u64,
    active_users: u64,
}

/// Shows the page; without wallets it says so.
pub async fn show(visit: Visit) -> Outcome {
    let figures = visit.app.figures().await;
    if let Err(error) = &figures {
        tracing::warn!(%error, "no statistics");
    }
    let status = if figures.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let content = match figures {
        Ok((figures, _)) => Stats { figures: Some(shown(&figures)), charts: visit.app.charts(&figures.stake).await },
        Err(_) => Stats { figures: None, charts: Arc::default() },
    };
    visit.page("stats.html.tera", status, &content)
}

fn shown(figures: &PoolFigures) -> Shown {
    let stake = &figures.stake;
    let ended = stake.voted.saturating_add(stake.missed).max(1);
    Shown {
        height: stake.height.0,
        price: excc(stake.difficulty),
        network_tickets: stake.pool_size,
        network_mempool: stake.all_mempool,
        own_mempool: stake.own_mempool,
        immature: stake.immature,
        live: stake.live,
        voted: stake.voted,
        missed: stake.missed,
        expired: stake.expired,
        revoked: stake.revoked,
        subsidy: excc(stake.total_subsidy),
        share: percent(stake.proportion_live),
        missed_share: percent(stake.proportion_missed),
        // Width of the bar in a drawing 1000 units wide.
        voted_width: stake.voted.saturating_mul(1000) / ended,
        users: figures.users,
        active_users: figures.active_users,
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let (figures, charts) = (Shown { voted: 1, ..Shown::default() }, Arc::new(vec![Chart::sample()]));
    let pages = [Stats { figures: Some(figures), charts }, Stats { figures: None, charts: Arc::default() }];
    pages.map(|page| Sample::new("stats.html.tera", &page)).into()
}
