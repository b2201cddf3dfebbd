//! The front page.

use serde::Serialize;
use warp::http::StatusCode;

use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Home {
    figures: Option<Figures>,
}

#[derive(Default, Serialize)]
struct Figures {
    live: u64,
    voted: u64,
    missed: u64,
    users: Option<u64>,
}

/// Shows the page. It does so without figures, too.
pub async fn show(visit: Visit) -> Outcome {
    let users = visit.site.pool.figures().await.ok().map(|figures| figures.active_users);
    let tally = visit.site.pool.tally().await.ok();
    let figures = tally.map(|tally| Figures { live: tally.live, voted: tally.voted, missed: tally.missed, users });
    visit.page("home.html.tera", StatusCode::OK, &Home { figures })
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    [None, Some(Figures::default())].map(|figures| Sample::new("home.html.tera", &Home { figures })).into()
}
