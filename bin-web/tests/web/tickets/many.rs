//! Ten thousand tickets.

use std::time::{Duration, Instant};

use serde_json::Value;
use stakepool_core::chain::{Amount, BlockHeight};
use stakepool_core::reports::{TicketReport, TicketState};
use warp::http::StatusCode;

use super::scene::{hash, put, report, user};
use crate::world::World;

#[tokio::test]
async fn a_user_with_ten_thousand_tickets_waits_for_no_page() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let sample = report(&world, 1, TicketState::Live, None).await;
    let reports: Vec<_> = (0..10_000)
        .map(|n| {
            let mut report = TicketReport { ticket: hash(n), ..sample.clone() };
            report.facts.mined_at = BlockHeight(n);
            report.facts.price = Amount::from_atoms(i64::from(n % 97) * 1_000);
            if n % 2 == 1 {
                (report.state, report.ended_at) = (TicketState::Voted, Some(BlockHeight(n + 1)));
            }
            report
        })
        .collect();
    put(&world, &reports).await;
    for target in [
        "/tickets",
        "/tickets/list?sort=dearest&page=90",
        "/tickets/list?show=voted&age=all&page=99",
        "/tickets?q=00000f",
    ] {
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            assert_eq!(browser.get(target).await.status, StatusCode::OK, "{target}");
            best = best.min(begun.elapsed());
        }
        println!("{best:?} for {target}");
        // An optimised build takes a few milliseconds; this is neither optimised nor alone.
        assert!(best < Duration::from_millis(400), "{best:?} for {target}");
    }
    let all: Value = serde_json::from_str(&browser.get("/tickets.json").await.text()).unwrap();
    assert_eq!(all["tickets"].as_array().map(Vec::len), Some(10_000));
}
