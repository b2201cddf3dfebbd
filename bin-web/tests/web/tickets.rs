//! The tickets page: lists, order, search, reasons, downloads, charts, and ten thousand tickets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHash, BlockHeight, Generation, Hash160, Network, TicketHash, TxHash, VoteBits,
    vote_subsidy,
};
use stakepool_core::ports::{Clock as _, HistoryStore as _, LedgerStore as _, NetworkDay, UserStore as _};
use stakepool_core::reports::{Spend, TicketReport, TicketState, TicketTimes, VoteOutcome, VoteRecord, VoteTimings};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixMillis;
use stakepool_core::time::{Day, UnixTime};
use warp::http::StatusCode;

use crate::browser::{Browser, PASSWORD, hidden_token};
use crate::fakes::{NoStats, daemon};
use crate::world::{Plan, USER_KEY, World};

/// A user with an address.
async fn user(world: &World) -> Browser {
    let mut browser = world.user("a@example.org").await;
    assert_eq!(browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await.location(), "/tickets");
    browser
}

fn hash(n: u32) -> TicketHash {
    let mut bytes = [0x5c; 32];
    // Hashes are shown reversed, so that this one begins with the number.
    bytes[28..].copy_from_slice(&n.to_le_bytes());
    TicketHash::from_bytes(bytes)
}

/// How a hash begins.
fn beginning(n: u32) -> String {
    hash(n).to_string()[..8].to_owned()
}

async fn report(world: &World, n: u32, state: TicketState, ended_at: Option<u32>) -> TicketReport {
    let address = world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.unwrap().address;
    TicketReport {
        ticket: hash(n),
        address: address.into(),
        user: Some(UserId(1)),
        state,
        facts: TicketFacts {
            verdict: Verdict::Accepted,
            price: Amount::from_atoms(2_000_000_000 + i64::from(n)),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
            committed_fee: Amount::from_atoms(8_000_000),
            required_fee: Amount::from_atoms(7_500_000),
            mined_at: BlockHeight(n),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: ended_at.map(BlockHeight),
    }
}

/// Stores reports, each time later than before.
async fn put(world: &World, reports: &[TicketReport]) {
    static SECOND: AtomicI64 = AtomicI64::new(1);
    let now = UnixTime(SECOND.fetch_add(1, Ordering::Relaxed));
    world.database.put_tickets("daemon1", reports, now).await.unwrap();
}

/// The numbers of the tickets on a page, in their order.
fn listed(page: &str, of: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut found: Vec<_> = of.into_iter().filter_map(|n| Some((page.find(&format!(">{}<", hash(n)))?, n))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, n)| n).collect()
}

#[tokio::test]
async fn moments_are_told_in_words_with_the_exact_block() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    // The fake wallets stand at block 224; simnet has a block a second, maturity 16 and expiry 384.
    put(&world, &[report(&world, 220, TicketState::Immature, None).await]).await;
    put(&world, &[report(&world, 100, TicketState::Live, None).await]).await;
    put(&world, &[report(&world, 90, TicketState::Voted, Some(222)).await]).await;
    let page = browser.get("/tickets?show=immature").await.text();
    assert!(page.contains("less than a minute ago <small class=\"nowrap\">block 220</small>"), "{page}");
    assert!(page.contains("in less than a minute <small class=\"nowrap\">block 236</small>"), "{page}");
    let page = browser.get("/tickets?show=live").await.text();
    assert!(page.contains("in about 5 minutes <small class=\"nowrap\">block 500</small>"), "{page}");
    let page = browser.get("/tickets?show=voted").await.text();
    assert!(page.contains(">block 222</small>") && page.contains("spendable in less than a minute"), "{page}");
}

#[tokio::test]
async fn a_list_is_searched_ordered_and_paged_by_the_server() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let mut reports = Vec::new();
    for n in 1..=120 {
        reports.push(report(&world, n, TicketState::Live, None).await);
    }
    put(&world, &reports).await;
    let first = browser.get("/tickets/list").await.text();
    assert_eq!(listed(&first, 1..=120), (71..=120).rev().collect::<Vec<_>>());
    assert!(
        first.contains("120 tickets, page 1 of 3")
            && first.contains("/tickets/list?show=live&amp;sort=newest&amp;page=2")
    );
    let last = browser.get("/tickets?show=live&sort=oldest&page=3").await.text();
    assert_eq!(listed(&last, 1..=120), (101..=120).collect::<Vec<_>>());
    let beyond = browser.get("/tickets?page=4000000000").await.text();
    assert_eq!(listed(&beyond, 1..=120), (1..=20).rev().collect::<Vec<_>>(), "the last page there is");
    let cheap = browser.get("/tickets?sort=cheapest").await.text();
    assert_eq!(listed(&cheap, 1..=120), (1..=50).collect::<Vec<_>>());
    let found = browser.get(&format!("/tickets?q={}", beginning(7).to_uppercase())).await.text();
    assert_eq!(listed(&found, 1..=120), [7]);
    let none = browser.get("/tickets?q=ffff").await.text();
    assert!(none.contains("No ticket of this list fits") && none.contains("Show all 120"), "{none}");
    let wrong = browser.get("/tickets?q=%3Cscript%3Ealert(1)").await.text();
    assert!(
        wrong.contains("has only the digits 0 to 9 and a to f")
            && !wrong.contains("<script>alert")
            && !wrong.contains("No ticket of"),
        "{wrong}"
    );
}

#[tokio::test]
async fn a_list_is_sorted_by_its_heads_and_any_page_is_reached() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let mut reports = vec![report(&world, 1000, TicketState::Missed, Some(200)).await];
    for n in 1..=420 {
        reports.push(report(&world, n, TicketState::Live, None).await);
    }
    put(&world, &reports).await;
    let page = browser.get("/tickets/list?show=live&sort=dearest&page=5&q=0").await.text();
    for text in [
        "<th scope=\"col\" class=\"number\" aria-sort=\"descending\"><a href=\"/tickets/list?show=live&amp;sort=cheapest&amp;q=0\">",
        "<th scope=\"col\"><a href=\"/tickets/list?show=live&amp;sort=newest&amp;q=0\">Bought</a></th>",
        "<th scope=\"col\">Expires</th>",
        "aria-label=\"Page 5\" aria-current=\"page\"",
        "/tickets/list?show=live&amp;sort=dearest&amp;q=0&amp;page=9\" aria-label=\"Page 9\"",
        "<input id=\"to-page\" name=\"page\" type=\"number\" min=\"1\" max=\"9\"",
        "<input type=\"hidden\" name=\"q\" value=\"0\">",
        // What was searched for stays on the other lists.
        "/tickets/list?show=missed&amp;sort=dearest&amp;q=0\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let of_before = browser.get("/tickets?show=missed&sort=oldest").await.text();
    assert_eq!(listed(&of_before, [1000]), [1000], "an address of before");
    let overview = browser.get("/tickets").await.text();
    assert!(
        overview.contains("<dt>live tickets</dt><dd>420</dd>") && listed(&overview, [1000]).is_empty(),
        "{overview}"
    );
}

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
async fn three_steps_tick_themselves_off_from_the_sign_up_to_the_vote() {
    let world = World::start().await;
    let done = |page: &str| page.matches("class=\"done\"").count();
    let nobody = world.send("GET", "/start?wallet=exccwallet", &[], b"").await.text();
    assert!(done(&nobody) == 0 && nobody.contains("/signup") && nobody.contains("once step 2 is done"), "{nobody}");
    let mut browser = world.user("a@example.org").await;
    let signed_in = browser.get("/start?wallet=exccwallet").await.text();
    assert!(done(&signed_in) == 1 && signed_in.contains("exccctl --simnet --wallet getnewaddress"), "{signed_in}");
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    let registered = browser.get("/start?wallet=exccwallet-2.2").await.text();
    assert!(done(&registered) == 2 && registered.contains("ticketbuyer.maxpriceabsolute=0.01"), "{registered}");
    let today = browser.get("/start?wallet=exccwallet").await.text();
    assert!(today.contains("ticketbuyer.limit=1") && !today.contains("maxpriceabsolute"), "{today}");
    put(&world, &[report(&world, 100, TicketState::Live, None).await]).await;
    let bought = browser.get("/start?wallet=exccwallet").await.text();
    assert!(done(&bought) == 4 && bought.contains("the pool votes it as soon as it is drawn"), "{bought}");
    assert_eq!(done(&browser.get("/tickets").await.text()), 2, "two of the three steps");
    put(&world, &[report(&world, 100, TicketState::Voted, Some(200)).await]).await;
    assert_eq!(done(&browser.get("/start?wallet=exccwallet").await.text()), 6);
    assert_eq!(done(&browser.get("/tickets").await.text()), 0, "nothing is left to do");
    let exilibrium = browser.get("/start").await.text();
    assert!(exilibrium.contains("Exilibrium 1.8 and later cannot use this pool"), "{exilibrium}");
}

#[tokio::test]
async fn votes_older_than_the_operator_set_are_shown_on_demand_only() {
    let mut plan = Plan::default();
    plan.options.max_voted_age = 100;
    let world = World::of(plan).await;
    let mut browser = user(&world).await;
    put(
        &world,
        &[
            report(&world, 1, TicketState::Voted, Some(123)).await,
            report(&world, 2, TicketState::Voted, Some(124)).await,
        ],
    )
    .await;
    assert_eq!(listed(&browser.get("/tickets?show=voted").await.text(), 1..=2), [2]);
    assert_eq!(listed(&browser.get("/tickets?show=voted&age=all").await.text(), 1..=2), [2, 1]);
    assert!(browser.get("/tickets?show=voted").await.text().contains("Voted <span>2</span>"));
}

#[tokio::test]
async fn a_missed_ticket_is_told_with_the_reason_and_without_the_pools_servers() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let outcomes = [
        (1, None, "no record of a vote"),
        (2, Some(VoteOutcome::Sent), "no miner put it into a block"),
        (3, Some(VoteOutcome::Failed("wallet 10.0.0.7:9110 is locked".into())), "could not sign or send the vote"),
        (4, Some(VoteOutcome::RivalVote), "another vote of this ticket"),
    ];
    for (n, outcome, _) in &outcomes {
        let report = report(&world, *n, TicketState::Missed, Some(200)).await;
        let vote = |outcome: &VoteOutcome| VoteRecord {
            ticket: report.ticket,
            address: report.address,
            block: BlockHash::from_bytes([3; 32]),
            height: BlockHeight(199),
            bits: VoteBits(1),
            outcome: outcome.clone(),
            attempts: 1,
            timings: VoteTimings::default(),
            at: UnixMillis(1),
        };
        let votes: Vec<_> = outcome.iter().map(vote).collect();
        put(&world, std::slice::from_ref(&report)).await;
        world.database.put_votes("daemon1", &votes).await.unwrap();
    }
    for (n, _, reason) in outcomes {
        let page = browser.get(&format!("/tickets?show=missed&q={}", beginning(n))).await.text();
        assert!(page.contains(reason) && !page.contains("10.0.0.7"), "{reason}: {page}");
    }
}

#[tokio::test]
async fn each_ticket_has_a_page_for_its_user_and_for_nobody_else() {
    let mut plan = Plan::default();
    plan.options.explorer = Some("https://explorer.example".to_owned());
    let world = World::of(plan).await;
    let mut browser = user(&world).await;
    let voted = report(&world, 150, TicketState::Voted, Some(200)).await;
    let vote = |outcome| VoteRecord {
        ticket: voted.ticket,
        address: voted.address,
        block: BlockHash::from_bytes([3; 32]),
        height: BlockHeight(199),
        bits: VoteBits(1),
        outcome,
        attempts: 1,
        timings: VoteTimings { total: Duration::from_micros(12_300), ..VoteTimings::default() },
        at: UnixMillis(1),
    };
    put(&world, std::slice::from_ref(&voted)).await;
    world.database.put_votes("10.0.0.7:9113", &[vote(VoteOutcome::Sent)]).await.unwrap();
    world.database.put_votes("10.0.0.8:9113", &[vote(VoteOutcome::Failed("10.0.0.9 is locked".into()))]).await.unwrap();
    let link = format!("/ticket?hash={}", voted.ticket);
    assert!(browser.get("/tickets?show=voted").await.text().contains(&format!("href=\"{link}\"")));
    let page = browser.get(&link).await.text();
    let reward = vote_subsidy(&Network::Simnet.params(Generation::Today), BlockHeight(199));
    for text in [
        &format!("https://explorer.example/tx/{}", voted.ticket),
        "https://explorer.example/block/200",
        "<strong>Voted</strong>",
        &format!("<dd>{}</dd>", reward.to_string().trim_end_matches('0')),
        "server 1",
        "12.3",
        "server 2",
        "could not vote",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("10.0.0."), "{page}");
    let mut stranger = world.user("b@example.org").await;
    for link in [link.as_str(), "/ticket?hash=5c", "/ticket"] {
        let reply = stranger.get(link).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{link}");
        assert!(reply.text().contains("There is no ticket of yours with this hash"));
    }
}

#[tokio::test]
async fn a_live_ticket_tells_its_odds_and_when_it_expires() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    put(&world, &[report(&world, 100, TicketState::Live, None).await]).await;
    let page = browser.get(&format!("/ticket?hash={}", hash(100))).await.text();
    for text in
        ["Expires, unless it is drawn before", "block 500", "The chance that it is drawn", "it votes as soon as"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
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

/// A vote at block 200 that was read from the chain, on 2026-02-03.
async fn known_vote(world: &World) -> TicketReport {
    let time = |seconds: i64| Some(UnixTime(1_770_076_800 + seconds));
    let times = TicketTimes { mined: time(0), matured: time(60), drawn: time(119), ended: time(120) };
    let spend = Spend {
        transaction: TxHash::from_bytes([7; 32]),
        mined_at: BlockHeight(200),
        time: time(120),
        paid: Amount::from_atoms(2_050_000_101),
        first: Amount::from_atoms(8_100_000),
    };
    TicketReport { times, spend: Some(spend), ..report(world, 101, TicketState::Voted, Some(200)).await }
}

#[tokio::test]
async fn a_vote_that_is_known_shows_its_times_transaction_and_what_it_paid() {
    let mut plan = Plan::default();
    plan.options.explorer = Some("https://explorer.example".to_owned());
    let world = World::of(plan).await;
    let mut browser = user(&world).await;
    put(&world, &[known_vote(&world).await]).await;
    let stamp = "<time datetime=\"2026-02-03T00:02:00Z\">2026-02-03 00:02 UTC</time>";
    let transaction = TxHash::from_bytes([7; 32]);
    let page = browser.get(&format!("/ticket?hash={}", hash(101))).await.text();
    for text in [stamp, "<dd>0.50</dd>", "<dd>0.08100000</dd>", "<dd>0.419</dd>", &transaction.to_string()] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains(&format!("https://explorer.example/tx/{transaction}")), "{page}");
    assert!(!page.contains("rules of the chain say"), "{page}");
    let list = browser.get("/tickets?show=voted&age=all").await.text();
    assert!(list.contains(stamp) && list.contains(&format!("/tx/{transaction}\"")), "{list}");
}

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

#[tokio::test]
async fn what_to_buy_with_is_filled_in() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let registration = world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.unwrap();
    assert!(browser.get("/tickets").await.text().contains("You have no tickets here yet."));
    let page = browser.get("/tickets/buy").await.text();
    let by_hand = format!(
        "exccctl --simnet --wallet purchaseticket default 0.01 1 {} 1 {} 7.5",
        registration.address, registration.fee_address
    );
    for text in [
        by_hand,
        format!("ticketbuyer.votingaddress={}", registration.address),
        format!("pooladdress={}\npoolfees=7.5", registration.fee_address),
        "ticketbuyer.maxpriceabsolute=0.01".to_owned(),
        "http://pool.example".to_owned(),
    ] {
        assert!(page.contains(&text), "{text}: {page}");
    }
    let sheet = browser.get("/tickets/backup").await.text();
    for text in [
        format!("exccctl --simnet --wallet importscript {}", registration.script),
        registration.address.to_string(),
        registration.fee_address.to_string(),
        USER_KEY.to_owned(),
        "The redeem script as a QR code".to_owned(),
        "there are no recovery codes".to_owned(),
    ] {
        assert!(sheet.contains(&text), "{text}: {sheet}");
    }
}

#[tokio::test]
async fn without_wallets_times_come_from_the_daemons_and_commands_leave_the_price_open() {
    let daemon = daemon("daemon:1");
    let world = World::of(Plan { daemons: vec![daemon.clone()], ..Plan::default() }).await;
    let mut browser = user(&world).await;
    put(&world, &[report(&world, 190, TicketState::Immature, None).await]).await;
    world.wallets_away(true);
    // The pages' figures are at most a second old.
    let mut page = String::new();
    for _ in 0..1000 {
        page = browser.get("/tickets/buy").await.text();
        if page.contains("HIGHEST_PRICE") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(page.contains("purchaseticket default HIGHEST_PRICE 1"), "{page}");
    assert!(page.contains("ticketbuyer.maxpriceabsolute=HIGHEST_PRICE"), "{page}");
    assert!(page.contains("since the price is not known now"), "{page}");
    let list = browser.get("/tickets/list?show=immature").await.text();
    assert!(list.contains(" now</caption>") && !list.contains("Times are missing"), "{list}");
}

#[tokio::test]
async fn where_nobody_tells_the_block_the_missing_times_are_explained() {
    let world = World::of(Plan { change_parts: |parts| parts.stats = Arc::new(NoStats), ..Plan::default() }).await;
    let mut browser = user(&world).await;
    put(&world, &[report(&world, 190, TicketState::Voted, Some(200)).await]).await;
    let page = browser.get("/tickets?show=voted").await.text();
    assert!(page.contains("Times are missing because") && page.contains(">block 200</small>"), "{page}");
    assert!(!page.contains("ago") && !page.contains("Your last "), "{page}");
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
