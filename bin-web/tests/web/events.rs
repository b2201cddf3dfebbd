//! What open pages learn while they are open.

use std::time::Duration;

use stakepool_core::reports::{DaemonEventKind, TicketState};
use stakepool_core::ticket::Verdict;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use warp::http::StatusCode;

use crate::admin::{people, plan, report};
use crate::browser::Browser;
use crate::fakes::daemon;
use crate::waiting::until;
use crate::world::{Plan, World};

/// How long a test waits for what is to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A page that is open.
struct OpenPage(TcpStream);

impl OpenPage {
    async fn of(world: &World, browser: &Browser) -> Self {
        let mut stream = TcpStream::connect(world.server).await.unwrap();
        let cookies = browser.cookie_header();
        let request =
            format!("GET /events HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\ncookie: {cookies}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(stream)
    }

    /// Reads until a text has come, or the end; answers all that came.
    async fn until(&mut self, text: &str) -> String {
        let mut heard = String::new();
        let mut bytes = [0; 4096];
        while !heard.contains(text) {
            let count = timeout(PATIENCE, self.0.read(&mut bytes)).await;
            let count = count.unwrap_or_else(|_| panic!("never came: {text}; but: {heard}")).unwrap_or(0);
            if count == 0 {
                break;
            }
            heard.push_str(&String::from_utf8_lossy(&bytes[..count]));
            if heard.ends_with("0\r\n\r\n") {
                break;
            }
        }
        heard
    }

    /// Whether the server has ended it.
    async fn has_ended(&mut self) -> bool {
        let mut bytes = [0; 4096];
        while let Ok(read) = timeout(PATIENCE, self.0.read(&mut bytes)).await {
            if matches!(read, Ok(0) | Err(_)) {
                return true;
            }
        }
        false
    }
}

const GREETING: &str = "retry: 5000";

#[tokio::test]
async fn a_user_hears_of_their_own_tickets_and_an_administrator_of_the_pool() {
    let daemon = daemon("daemon:1");
    let (world, admin, user) = people(Plan { daemons: vec![daemon.clone()], ..plan() }).await;
    let (mut of_admin, mut of_user) = (OpenPage::of(&world, &admin).await, OpenPage::of(&world, &user).await);
    let head = of_user.until(GREETING).await.to_lowercase();
    for expected in ["200 ok", "content-type: text/event-stream", "x-accel-buffering: no", "cache-control: no-store"] {
        assert!(head.contains(expected), "{expected}: {head}");
    }
    of_admin.until(GREETING).await;
    let voted = report(&world, 1, TicketState::Voted, Verdict::Accepted).await;
    daemon.report(DaemonEventKind::Ticket(voted.clone()));
    let heard = of_user.until("event: ticket").await;
    assert!(heard.contains(&format!("{{\"state\":\"voted\",\"ticket\":\"{}\"}}", voted.ticket)), "{heard}");
    world.wallets_away(true);
    world.group.recover_all().await;
    world.pool.status().await;
    let heard = of_admin.until("event: status").await;
    assert!(heard.contains("\"critical\":1") && !heard.contains("event: ticket"), "{heard}");
}

#[tokio::test]
async fn whoever_signs_out_hears_no_more() {
    let daemon = daemon("daemon:1");
    let (world, _, mut user) = people(Plan { daemons: vec![daemon.clone()], ..plan() }).await;
    let mut page = OpenPage::of(&world, &user).await;
    page.until(GREETING).await;
    assert_eq!(user.submit_with_token_of("/settings", "/logout", &[]).await.status, StatusCode::SEE_OTHER);
    daemon.report(DaemonEventKind::Ticket(report(&world, 1, TicketState::Voted, Verdict::Accepted).await));
    let heard = page.until("event: ticket").await;
    assert!(!heard.contains("event: ticket"), "{heard}");
}

#[tokio::test]
async fn strangers_and_those_with_many_pages_are_turned_away() {
    let (world, _, user) = people(plan()).await;
    assert_eq!(world.send("GET", "/events", &[], b"").await.status, StatusCode::NOT_ACCEPTABLE);
    let stranger = world.send("GET", "/events", &[("accept", "text/event-stream")], b"").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let mut pages = Vec::new();
    for _ in 0..8 {
        let mut page = OpenPage::of(&world, &user).await;
        page.until(GREETING).await;
        pages.push(page);
    }
    let cookies = user.cookie_header();
    let headers = [("accept", "text/event-stream"), ("cookie", cookies.as_str())];
    assert_eq!(world.send("GET", "/events", &headers, b"").await.status, StatusCode::TOO_MANY_REQUESTS);
    drop(pages);
    until("the places are free again", async || world.events().listeners() == 0).await;
    let mut page = OpenPage::of(&world, &user).await;
    assert!(page.until(GREETING).await.contains("200 OK"));
}

#[tokio::test]
async fn a_stop_ends_open_pages_at_once() {
    let (world, _, user) = people(plan()).await;
    let mut page = OpenPage::of(&world, &user).await;
    page.until(GREETING).await;
    let stopped = timeout(Duration::from_secs(5), world.stop()).await;
    assert!(stopped.is_ok_and(|stopped| stopped.is_ok()), "no page keeps the web from stopping");
    assert!(page.has_ended().await);
}

/// How much memory this process has, in kilobytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs 20,500 open files (ulimit -n) and the memory of its process for itself"]
async fn pages_that_ten_thousand_users_reach_and_leave_open_cost_less_than_100_mb() {
    const PAGES: usize = 10_000;
    const OF_USER: usize = 8;
    let mut plan = Plan::default();
    plan.settings.tries.sign_ins_per_client = 100_000;
    let world = World::of(plan).await;
    let mut browsers = Vec::new();
    for number in 0..PAGES.div_ceil(OF_USER) {
        let email = format!("u{number}@example.org");
        world.account(&email, false).await;
        let mut browser = world.browser();
        browser.sign_in(&email, crate::browser::PASSWORD).await;
        browsers.push(browser);
    }
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = (resident(), tasks());
    let mut pages = Vec::with_capacity(PAGES);
    for number in 0..PAGES {
        let mut page = OpenPage::of(&world, &browsers[number % browsers.len()]).await;
        page.until(GREETING).await;
        pages.push(page);
    }
    let after = (resident(), tasks());
    assert_eq!(world.events().listeners(), PAGES);
    let (kilobytes, more) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    println!("{PAGES} pages that wait: {kilobytes} kB, {more} tasks, on both sides of the connections");
    assert!(kilobytes < 100 << 10, "{kilobytes} kB");
    assert!(more <= PAGES + 10, "a page costs the task of its connection: {more}");
}
