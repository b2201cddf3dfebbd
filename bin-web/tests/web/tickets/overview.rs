//! What stands above the lists: what is locked and earned, and charts.

use std::time::Duration;

use stakepool_core::chain::{BlockHeight, Generation, Network, vote_subsidy};
use stakepool_core::ports::{Clock as _, HistoryStore as _, NetworkDay};
use stakepool_core::reports::TicketState;
use stakepool_core::time::Day;

use super::scene::{put, report, user};
use crate::browser::{PASSWORD, hidden_token};
use crate::world::World;

#[tokio::test]
async fn a_page_is_kept_for_its_user_alone_and_is_made_anew_after_a_report() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    put(&world, &[report(&world, 1, TicketState::Live, None).await]).await;
    assert!(browser.get("/tickets").await.text().contains("<dt>live tickets</dt><dd>1</dd>"));
    put(&world, &[report(&world, 2, TicketState::Live, None).await]).await;
    let page = browser.get("/tickets").await.text();
    assert!(page.contains("<dt>live tickets</dt><dd>2</dd>"), "at once: {page}");
    let mut second = world.browser();
    second.sign_in("a@example.org", PASSWORD).await;
    let other = second.get("/tickets").await.text();
    let tokens = [&page, &other].map(|page| hidden_token(page).unwrap());
    assert_ne!(tokens[0], tokens[1], "each browser has the token of its own");
    assert_eq!(second.post("/logout", &[("csrf_token", &tokens[1])]).await.location(), "/");
    assert_eq!(second.get("/tickets").await.location(), "/signin", "and what is kept is shown to nobody who is out");
    let mut stranger = world.user("b@example.org").await;
    assert_eq!(stranger.get("/tickets").await.location(), "/address");
}

#[tokio::test]
async fn what_is_locked_and_earned_stands_above_the_lists() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    put(&world, &[report(&world, 100, TicketState::Live, None).await]).await;
    put(&world, &[report(&world, 101, TicketState::Voted, Some(200)).await]).await;
    put(&world, &[report(&world, 102, TicketState::Voted, Some(201)).await]).await;
    let reward = vote_subsidy(&Network::Simnet.params(Generation::Today), BlockHeight(199)).atoms();
    let earned = format!("{:.2}", (2 * (reward - 8_000_000)) as f64 / 1e8);
    let page = browser.get("/tickets").await.text();
    assert!(page.contains(&format!("<dt>earned in all, EXCC</dt><dd>{earned}</dd>")), "{earned}: {page}");
    assert!(page.contains("<dt>locked in tickets, EXCC</dt><dd>20.00</dd>"), "{page}");
    for text in ["<dt>fees paid in all, EXCC</dt><dd>0.16</dd>", "<dt>return a year</dt>", "2 votes are not yet read"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn charts_tell_the_same_in_shapes_words_and_a_table() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    // A block a second, and the clock stands 80,000 seconds into its day: all happened today.
    for (n, state, ended) in
        [(50, TicketState::Voted, Some(210)), (51, TicketState::Voted, Some(220)), (52, TicketState::Missed, Some(215))]
    {
        put(&world, &[report(&world, n, state, ended).await]).await;
    }
    put(&world, &[report(&world, 60, TicketState::Live, None).await]).await;
    let now = world.clock.now();
    let yesterday = NetworkDay { day: Day::of(now).back(1), height: BlockHeight(1), network_live: 400, pool_live: 10 };
    world.database.note_day(&yesterday).await.unwrap();
    let page = browser.get("/tickets").await.text();
    assert!(page.contains("In the last 7 days 2 tickets voted and 1 was missed."), "{page}");
    assert!(page.contains("In the last 7 days live tickets went from 0 to 1,"), "{page}");
    let today = Day::of(now);
    assert!(
        page.contains(&format!("<th scope=\"row\">{today}</th><td class=\"number\">2</td><td class=\"number\">1</td>"))
    );
    let stats = world.send("GET", "/stats", &[], b"").await.text();
    assert!(stats.contains("share of the network") && stats.contains("2.50%") && stats.contains("0.30%"), "{stats}");
    assert_eq!(stats.matches("<svg viewBox=\"0 0 1000 100\"").count(), 3);
    assert!(!stats.contains(" style="), "the policy allows no style of an element's own");
}

#[tokio::test]
async fn the_network_is_noted_once_a_day_by_the_application_itself() {
    let world = World::start().await;
    let day = Day::of(world.clock.now());
    let noted = || async { world.database.days_since(day).await.unwrap() };
    let mut tries = 0;
    while noted().await.is_empty() && tries < 2000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        tries += 1;
    }
    let expected = NetworkDay { day, height: BlockHeight(224), network_live: 333, pool_live: 0 };
    assert_eq!(noted().await, [expected]);
}
