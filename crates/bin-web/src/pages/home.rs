//! The front page.

use serde::Serialize;
use warp::http::StatusCode;

use crate::render::Sample;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Home {
    figures: Option<Figures>,
}

#[derive(Default, Serialize)]
struct Figures {
    height: u32,
    live: u64,
    voted: u64,
    missed: u64,
    users: u64,
}

/// Shows the page. It does so without figures, too.
pub async fn show(visit: Visit) -> Outcome {
    let figures = visit.app.figures().await.ok().map(|(figures, _)| Figures {
        height: figures.stake.height.0,
        live: figures.stake.live,
        voted: figures.stake.voted,
        missed: figures.stake.missed,
        users: figures.active_users,
    });
    visit.page("home.html.tera", StatusCode::OK, &Home { figures })
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    [None, Some(Figures::default())].map(|figures| Sample::new("home.html.tera", &Home { figures })).into()
}
