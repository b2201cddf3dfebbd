//! How to buy tickets.

use serde::Serialize;
use warp::http::StatusCode;

use super::buying::Buying;
use super::owner::registration;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Buy {
    buying: Buying,
}

/// Shows the page.
pub async fn show(visit: Visit) -> Outcome {
    let registration = match registration(&visit)? {
        Ok(registration) => registration,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let pool = &visit.site.pool;
    let price = pool.figures().await.ok().map(|figures| figures.stake.difficulty);
    let content = Buy { buying: Buying::of(pool, registration, price) };
    visit.page("buy.html.tera", StatusCode::OK, &content)
}
