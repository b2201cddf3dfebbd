//! The administrators' lists: users, votes and misses, and the audit log.

use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHash, BlockHeight, ScriptAddress, VoteBits};
use stakepool_core::ports::{AuditEntry, AuditStore as _, LedgerStore as _, UserStore as _};
use stakepool_core::reports::{TicketReport, TicketState, VoteOutcome, VoteRecord, VoteTimings};
use stakepool_core::ticket::Verdict;
use stakepool_core::time::UnixMillis;
use stakepool_core::time::UnixTime;
use warp::http::StatusCode;

use crate::admin::{people, plan, report, ticket};
use crate::browser::PASSWORD;
use crate::world::World;

fn vote_record(report: &TicketReport, outcome: VoteOutcome, millis: u64) -> VoteRecord {
    VoteRecord {
        ticket: report.ticket,
        address: report.address,
        block: BlockHash::from_bytes([3; 32]),
        height: BlockHeight(219),
        bits: VoteBits::APPROVE,
        outcome,
        attempts: 1,
        timings: VoteTimings { total: Duration::from_millis(millis), ..VoteTimings::default() },
        at: UnixMillis(1_699_999_000_000),
    }
}

async fn vote(world: &World, report: &TicketReport, outcome: VoteOutcome, millis: u64) {
    let record = vote_record(report, outcome, millis);
    world.database.put_votes("daemon:1", &[record]).await.unwrap();
}

#[tokio::test]
async fn users_are_found_and_shown_with_what_is_known() {
    let (world, mut admin, _) = people(plan()).await;
    let address: ScriptAddress = world.database.by_id(UserId(2)).await.unwrap().unwrap().registration.unwrap().address;
    for query in ["USER@example", "2", &address.to_string()] {
        let page = admin.get(&format!("/adminusers?q={query}")).await.text();
        assert!(page.contains("user@<wbr>example<wbr>.org") && page.contains("1 found"), "{query}: {page}");
    }
    let none = admin.get("/adminusers?q=%3Cscript%3E").await.text();
    assert!(none.contains("No user fits the filter.") && none.contains("value=\"&lt;script&gt;\""), "{none}");
    report(&world, 1, TicketState::Live, Verdict::LowFee).await;
    let page = admin.get("/adminuser?id=2").await.text();
    for expected in [&address.to_string()[..], "live, ignored", "less than a minute ago"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    for id in ["", "9", "x", "-1", "99999999999999999999"] {
        let page = admin.get(&format!("/adminuser?id={id}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{id}");
        let text = page.text();
        assert!(text.contains("There is no user with this number.") && text.contains("Sign out"), "{text}");
        assert!(text.contains("<a class=\"button\" href=\"/adminusers\">All users</a>"), "{text}");
    }
}

#[tokio::test]
async fn votes_are_shown_with_their_time_and_misses_with_their_reason() {
    let (world, mut admin, _) = people(plan()).await;
    let voted = report(&world, 1, TicketState::Voted, Verdict::Accepted).await;
    vote(&world, &voted, VoteOutcome::Sent, 12).await;
    let failed = report(&world, 2, TicketState::Missed, Verdict::Accepted).await;
    vote(&world, &failed, VoteOutcome::Failed("the wallet is locked".into()), 900).await;
    let unmined = report(&world, 3, TicketState::Missed, Verdict::Accepted).await;
    vote(&world, &unmined, VoteOutcome::Sent, 34).await;
    report(&world, 4, TicketState::Missed, Verdict::Accepted).await;
    report(&world, 5, TicketState::Missed, Verdict::LowFee).await;
    let page = admin.get("/adminvotes").await.text();
    let groups = page.split("Latest votes").nth(1).unwrap();
    assert_eq!((groups.matches("<details>").count(), groups.matches("<details open>").count()), (2, 1), "{groups}");
    assert!(groups.contains("not sent</strong>") && groups.contains("sent in 12.0 ms by daemon:1"), "{groups}");
    for expected in [
        "Daemon daemon:1 could not vote: the wallet is locked",
        "sent its vote after 34.0 ms, but no miner took it",
        "No daemon tried",
        "Show 1 ignored one too",
        "<dd>12.0 ms</dd>",
        "<dd>34.0 ms</dd>",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("The pool ignored it"), "{page}");
    let page = admin.get("/adminvotes?ignored=1").await.text();
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(place("No daemon tried") < place("Latest votes"));
    assert!(place("Latest votes") < place("The pool ignored it: it pays a fee of"));
    let of_one = admin.get(&format!("/adminvotes?ticket={}", ticket(2))).await.text();
    assert!(of_one.contains("1 records") && !of_one.contains(&ticket(1).to_string()), "{of_one}");
    let of_other = admin.get("/adminvotes?user=1").await.text();
    assert!(of_other.contains("No votes match.") && of_other.contains("No missed tickets match."));
    assert!(admin.get("/adminvotes?show=failed").await.text().contains("1 records"));
    assert!(admin.get("/adminvotes?ticket=x").await.text().contains("Ticket: give the 64 hexadecimal digits"));
    assert!(admin.get("/adminvotes?user=x").await.text().contains("User: give a user"));
}

#[tokio::test]
async fn what_several_daemons_did_for_one_ticket_stands_together() {
    let (world, mut admin, _) = people(plan()).await;
    let voted = report(&world, 1, TicketState::Voted, Verdict::Accepted).await;
    vote(&world, &voted, VoteOutcome::Sent, 12).await;
    let mut second = vote_record(&voted, VoteOutcome::AlreadyKnown, 14);
    world.database.put_votes("daemon:2", &[second.clone()]).await.unwrap();
    second.outcome = VoteOutcome::Failed("the wallet is locked".into());
    world.database.put_votes("daemon:3", &[second]).await.unwrap();
    let page = admin.get("/adminvotes").await.text();
    assert_eq!(page.matches("id=\"vote-").count(), 1, "{page}");
    assert!(page.contains("sent in 12.0 ms by daemon:1") && page.contains("daemon:2: another daemon was faster"));
    let failed = admin.get("/adminvotes?show=failed").await.text();
    assert!(failed.contains("<details open><summary>sent in 12.0 ms by daemon:1"), "the vote was cast: {failed}");
}

#[tokio::test]
async fn a_closed_account_reads_as_closed_with_its_date() {
    let (world, mut admin, _) = people(plan()).await;
    let mut leaving = world.user("leaving@example.org").await;
    let close = [("password", PASSWORD), ("closeSure", "1"), ("closeAccount", "true")];
    assert_eq!(leaving.submit("/settings", &close).await.location(), "/");
    for page in ["/adminusers", "/adminuser?id=3"] {
        let text = admin.get(page).await.text();
        assert!(text.contains("3, closed 20") && text.contains(">closed</span>"), "{page}: {text}");
        assert!(!text.contains("closed.<wbr>invalid") && !text.contains("unverified</span>"), "{page}: {text}");
    }
}

#[tokio::test]
async fn long_lists_are_paged_and_no_page_number_does_harm() {
    let (world, mut admin, _) = people(plan()).await;
    for number in 0..120 {
        let entry = AuditEntry {
            at: UnixTime(number),
            actor: "stakepoolctl".into(),
            action: "user.create".into(),
            subject: "2".into(),
            detail: format!("entry <{number}>"),
        };
        world.database.append(&entry).await.unwrap();
    }
    let first = admin.get("/adminaudit").await.text();
    assert!(first.contains("entry &lt;119&gt;") && first.contains("Page 1 of 3"), "{first}");
    assert!(
        first.contains("href=\"&#x2F;adminaudit?page=2\"") || first.contains("href=\"/adminaudit?page=2\""),
        "{first}"
    );
    assert!(admin.get("/adminaudit?page=2").await.text().contains("entry &lt;20&gt;"));
    let last = admin.get("/adminaudit?page=9").await.text();
    assert!(last.contains("entry &lt;0&gt;") && last.contains("Page 3 of 3"), "{last}");
    assert!(admin.get("/adminusers?page=9").await.text().contains("2 found"));
    for page in ["0", "-1", "x", "4294967296", "99999999999999999999", ""] {
        for path in ["adminaudit", "adminusers", "adminvotes", "admintickets"] {
            let reply = admin.get(&format!("/{path}?page={page}&addedpage={page}")).await;
            assert_eq!(reply.status, StatusCode::OK, "{path} {page}");
        }
    }
}

#[tokio::test]
async fn the_audit_log_tells_in_words_who_did_what_and_is_searched() {
    let (_world, mut admin, mut user) = people(plan()).await;
    user.submit("/settings", &[("renewApiKey", "true"), ("password", PASSWORD)]).await;
    admin.submit("/adminuser?id=2", &[("id", "2"), ("action", "enable")]).await;
    let log = admin.get("/adminaudit").await.text();
    let by = "<a href=\"/adminuser?id=1\">admin@<wbr>example<wbr>.org<wbr></a>";
    assert!(log.contains(by) && log.contains("enabled a user") && !log.contains("renewed the API key"), "{log}");
    let own = admin.get("/adminaudit?show=own").await.text();
    assert!(own.contains("renewed the API key") && !own.contains("enabled a user"), "{own}");
    assert!(!own.contains("data-label=\"On what\""), "everything is about the own account: {own}");
    for query in ["2", "user@example", "USER@"] {
        let found = admin.get(&format!("/adminaudit?show=all&q={query}")).await.text();
        assert!(found.contains("renewed the API key") && found.contains("enabled a user"), "{query}: {found}");
    }
    let none = admin.get("/adminaudit?show=all&q=%3Cb%3E").await.text();
    assert!(none.contains("No act fits the filter.") && none.contains("value=\"&lt;b&gt;\""), "{none}");
    assert!(!none.contains("No administrative act yet."), "{none}");
}

#[tokio::test]
async fn each_shortened_hash_has_a_button_that_copies_it() {
    let (world, mut admin, _) = people(plan()).await;
    let voted = report(&world, 1, TicketState::Voted, Verdict::Accepted).await;
    vote(&world, &voted, VoteOutcome::Sent, 12).await;
    report(&world, 2, TicketState::Missed, Verdict::Accepted).await;
    for number in [3, 4] {
        report(&world, number, TicketState::Live, Verdict::LowFee).await;
    }
    let fields = [("action", "Add"), ("tickets[]", &ticket(3).to_string()[..])];
    let answers = admin.submit("/admintickets", &fields).await.text();
    let pages = [
        (answers, 3),
        (admin.get("/admintickets").await.text(), 2),
        (admin.get("/adminvotes").await.text(), 2),
        (admin.get("/adminaudit").await.text(), 1),
        (admin.submit("/settings", &[("showApiKey", "true"), ("password", PASSWORD)]).await.text(), 0),
    ];
    for (page, hashes) in pages {
        assert!(page.matches("class=\"mono hash\"").count() >= hashes, "{page}");
        let copied: Vec<_> = page.split("data-copy=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(copied.len(), page.matches("class=\"mono hash\"").count().max(1), "{page}");
        for id in copied {
            assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}: {page}");
        }
    }
}
