//! What can be taken away as a file.

use serde_json::Value;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::TxHash;
use stakepool_core::ports::UserStore as _;
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::Verdict;
use warp::http::StatusCode;

use super::scene::{hash, known_vote, put, report, user};
use crate::world::{USER_KEY, World};

#[tokio::test]
async fn the_income_of_a_year_can_be_taken_away_as_a_file() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    put(&world, &[known_vote(&world).await]).await;
    let reply = browser.get("/income.csv?year=2026").await;
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"income-2026.csv\"");
    let text = reply.text();
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    let transaction = TxHash::from_bytes([7; 32]);
    let ticket = hash(101);
    assert_eq!(
        lines[1..],
        [
            format!(
                "2026-02-03T00:00:00Z,false,bought,{ticket},{ticket},101,20.00000101,0.00000000,0.00000000,0.00000000,false"
            ),
            format!(
                "2026-02-03T00:02:00Z,false,voted,{ticket},{transaction},200,20.00000101,0.50000000,0.08100000,0.41900000,false"
            ),
        ]
    );
    let sums: Value = serde_json::from_str(&browser.get("/income.json?year=2026").await.text()).unwrap();
    assert_eq!((&sums["net_excc"], &sums["votes"]), (&"0.41900000".into(), &1.into()));
    assert_eq!(sums["events"].as_array().unwrap().len(), 2);
    assert_eq!(browser.get("/income.csv?year=2025").await.text().matches("\r\n").count(), 1, "its head alone");
    for wrong in ["/income.csv?year=x", "/income.json?year=20260"] {
        assert_eq!(browser.get(wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    assert_eq!(world.browser().get("/income.csv").await.location(), "/signin");
}

#[tokio::test]
async fn everything_can_be_taken_away_as_a_file() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let mut low = report(&world, 2, TicketState::Live, None).await;
    low.facts.verdict = Verdict::LowFee;
    put(&world, &[report(&world, 1, TicketState::Voted, Some(200)).await, low]).await;
    let reply = browser.get("/tickets.json").await;
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"tickets.json\"");
    assert_eq!(reply.header("cache-control"), "no-store");
    let all: Value = serde_json::from_str(&reply.text()).unwrap();
    let registration = world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.unwrap();
    assert_eq!(all["address"]["voting_address"], registration.address.to_string());
    assert_eq!(all["address"]["redeem_script"], registration.script.to_string());
    assert_eq!(all["address"]["user_public_key_address"], USER_KEY);
    assert_eq!(all["tickets"][0]["ticket"], hash(1).to_string());
    assert_eq!((&all["tickets"][0]["ended_at_block"], &all["tickets"][1]["ignored"]), (&200.into(), &true.into()));
    let csv = browser.get("/tickets.csv").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let text = csv.text();
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("ticket,state,ignored") && lines.len() == 3, "{text}");
    let columns = |line: &str| line.split(',').count();
    assert!(lines.iter().all(|line| columns(line) == columns(lines[0])), "{text}");
    assert!(lines[2].contains(",low fee,") && lines[2].contains("0.07500000"), "{text}");
    let address = browser.get("/address.csv").await.text();
    assert!(address.contains(&registration.script.to_string()), "{address}");
    assert!(browser.get("/address.json").await.text().contains(&registration.fee_address.to_string()));
    let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let in_json: Vec<_> = all["tickets"][0].as_object().unwrap().keys().cloned().collect();
    let (mut in_json, mut in_csv) = (in_json, fields(lines[0]));
    in_json.sort_unstable();
    in_csv.sort_unstable();
    assert_eq!(in_json, in_csv, "both files have the same fields");
    let mut other = world.user("b@example.org").await;
    assert_eq!(other.get("/tickets").await.location(), "/address");
    assert!(other.get("/address").await.text().contains("Tickets show here once an address is registered."));
    for target in ["/tickets.json", "/tickets.csv", "/address.json", "/address.csv"] {
        assert_eq!(world.browser().get(target).await.location(), "/signin", "{target}");
        let reply = other.get(target).await;
        assert_eq!(reply.status, StatusCode::OK, "{target}");
        assert!(
            !reply.text().contains("<html") && reply.text().matches("\r\n").count() <= 1,
            "{target}: {}",
            reply.text()
        );
    }
}
