//! Settings: API keys, devices, closing of the account, and what is mailed.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stakepool::Parts;
use stakepool::ticket_source::{SourceError, TicketSource};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHash, BlockHeight, Generation, Hash160, Network, Params, ScriptAddress,
    TicketHash, VoteBits,
};
use stakepool_core::ports::{
    AuditStore as _, LedgerStore as _, TicketMailStore as _, UserStore as _, WalletTicket, WalletTickets,
};
use stakepool_core::reports::{
    DaemonEventKind, TicketReport, TicketState, TicketTimes, VoteOutcome, VoteRecord, VoteTimings,
};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixMillis;
use stakepool_core::wallets::GroupError;
use warp::http::StatusCode;

use crate::browser::{Browser, PASSWORD};
use crate::fakes::{daemon, predecessor};
use crate::sink::Sink;
use crate::waiting::until;
use crate::world::{Plan, USER_KEY, World};

const ALICE: &str = "alice@example.org";

#[tokio::test]
async fn an_api_key_is_shown_on_demand_renewed_and_revoked() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    let key = browser.api_key().await;
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    assert!(!browser.get("/settings").await.text().contains(&key), "a connected wallet has it already");
    assert!(browser.submit("/settings", &[("showApiKey", "true"), ("password", PASSWORD)]).await.text().contains(&key));
    let works = async |key: &str| world.call(key, "/api/v2/getpurchaseinfo", None).await.contains("\"success\"");
    assert!(works(&key).await);
    let page = browser.submit("/settings", &[("renewApiKey", "true"), ("password", PASSWORD)]).await.text();
    assert!(page.contains("Your API key is renewed") && page.contains("data-copy=\"api-key\""), "{page}");
    let new = page.split_once("id=\"api-key\"").unwrap().1.split_once('>').unwrap().1.split_once('<').unwrap().0;
    assert!(!works(&key).await && works(new).await);
    assert_eq!(
        browser.submit("/settings", &[("revokeApiKey", "true"), ("password", PASSWORD)]).await.location(),
        "/settings"
    );
    assert!(!works(new).await);
    let page = browser.submit("/settings", &[("showApiKey", "true"), ("password", PASSWORD)]).await.text();
    assert!(page.contains("Your key is revoked") && !page.contains("id=\"api-key\""), "{page}");
    browser.submit("/settings", &[("renewApiKey", "true"), ("password", PASSWORD)]).await;
    let newest = browser.submit("/settings", &[("showApiKey", "true"), ("password", PASSWORD)]).await.text();
    assert!(newest.contains("id=\"api-key\"") && !newest.contains(new));
    assert!(!works(new).await && !works(&key).await);
}

#[tokio::test]
async fn without_the_password_the_key_is_neither_shown_nor_changed() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    assert!(!browser.get("/settings").await.text().contains("id=\"api-key\""));
    let before = world.database.by_id(UserId(1)).await.unwrap();
    for (button, id) in
        [("showApiKey", "key-password"), ("renewApiKey", "renew-password"), ("revokeApiKey", "revoke-password")]
    {
        for fields in [&[(button, "true")][..], &[(button, "true"), ("password", "wrong")]] {
            let page = browser.submit("/settings", fields).await.text();
            assert!(page.contains("the current password is wrong") && !page.contains("id=\"api-key\""), "{page}");
            let field = page.split_once(&format!("id=\"{id}\"")).unwrap().1.split_once('>').unwrap().0;
            assert!(field.contains("aria-invalid"), "{field}");
        }
    }
    assert_eq!(world.database.by_id(UserId(1)).await.unwrap(), before);
}

#[tokio::test]
async fn renewing_and_revoking_the_key_is_asked_for_twice_and_renewing_is_limited() {
    let mut plan = Plan::default();
    plan.settings.tries.api_writes_per_user = 1;
    let world = World::of(plan).await;
    let mut browser = world.user(ALICE).await;
    let page = browser.get("/settings").await.text();
    for button in ["renewApiKey", "revokeApiKey"] {
        let before = page.split_once(button).unwrap().0;
        assert!(before.rfind("<details") > before.rfind("</details>"), "{button} shows once its warning is opened");
    }
    let renew = [("renewApiKey", "true"), ("password", PASSWORD)];
    assert_eq!(browser.submit("/settings", &renew).await.status, StatusCode::OK);
    let key = browser.api_key().await;
    let refused = browser.submit("/settings", &renew).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text().contains("Your API key stays as it is") && refused.text().contains("revoke it now"));
    assert_eq!(browser.api_key().await, key);
    for _ in 0..2 {
        assert_eq!(
            browser.submit("/settings", &[("revokeApiKey", "true"), ("password", PASSWORD)]).await.location(),
            "/settings"
        );
    }
    assert!(world.call(&key, "/api/v2/getpurchaseinfo", None).await.contains("invalid api token"));
    let revoked = world.database.latest(100).await.unwrap();
    let revoked = revoked.iter().filter(|entry| entry.action == "account.api_key.revoke").count();
    assert_eq!(revoked, 1, "what is revoked already is not written again");
}

#[tokio::test]
async fn nobody_keeps_an_account_from_closing_by_taking_the_address_that_it_gets() {
    let world = World::start().await;
    world.browser().sign_up("closed-2@closed.invalid").await;
    let mut browser = world.user(ALICE).await;
    let close = [("password", PASSWORD), ("closeSure", "1"), ("closeAccount", "true")];
    assert_eq!(browser.submit("/settings", &close).await.location(), "/");
    assert!(world.database.by_id(UserId(2)).await.unwrap().unwrap().disabled);
}

#[tokio::test]
async fn without_mail_taken_addresses_are_not_found_out_in_the_settings() {
    let mut plan = Plan::default();
    plan.settings.tries.mails_per_client = 2;
    let world = World::of(plan).await;
    world.old_users(3).await;
    let mut browser = world.user(ALICE).await;
    let mut change = async |email: &str| {
        browser.submit("/settings", &[("email", email), ("password", PASSWORD), ("updateEmail", "true")]).await
    };
    for taken in ["u1@example.org", "u2@example.org"] {
        assert!(change(taken).await.text().contains("there is an account with the new address already"));
    }
    for any in ["u3@example.org", "free@example.org"] {
        let refused = change(any).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.text().contains("too many addresses were tried"), "{}", refused.text());
    }
}

#[tokio::test]
async fn devices_are_listed_and_signed_out_one_by_one() {
    let world = World::start().await;
    let mut here = world.user(ALICE).await;
    let mut stranger = world.user("bob@example.org").await;
    let mut devices = [world.browser(), world.browser()];
    for device in &mut devices {
        device.sign_in(ALICE, PASSWORD).await;
    }
    let page = here.get("/settings").await.text();
    let ids: Vec<_> =
        page.split("name=\"endSession\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(page.matches(", unknown browser</strong>").count(), 3, "{page}");
    for device in 1..=3 {
        assert_eq!(page.matches(&format!("aria-label=\"Sign out device {device},")).count(), 1, "{page}");
    }
    stranger.submit("/settings", &[("endSession", ids[1])]).await;
    let open = async |devices: &mut [Browser; 2]| {
        let mut open = 0;
        for device in devices {
            open += u32::from(device.get("/settings").await.status == StatusCode::OK);
        }
        open
    };
    assert_eq!(open(&mut devices).await, 2, "a stranger ends nobody's session");
    assert_eq!(here.submit("/settings", &[("endSession", ids[1])]).await.location(), "/settings");
    assert_eq!(open(&mut devices).await, 1);
    assert_eq!(here.submit("/settings", &[("endSessions", "true")]).await.location(), "/settings");
    assert_eq!(open(&mut devices).await, 0);
    assert_eq!(here.submit("/settings", &[("endSession", ids[0])]).await.location(), "/", "this one comes first");
    assert_eq!(here.get("/settings").await.location(), "/signin");
}

async fn report(world: &World, ticket: u8, state: TicketState) -> TicketReport {
    let registration = world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.unwrap();
    let is_over = !matches!(state, TicketState::Immature | TicketState::Live);
    TicketReport {
        ticket: TicketHash::from_bytes([ticket; 32]),
        address: registration.address.into(),
        user: Some(UserId(1)),
        state,
        facts: TicketFacts {
            verdict: Verdict::Accepted,
            price: Amount::from_atoms(20_000_000),
            fee_address: registration.fee_address,
            committed_fee: Amount::from_atoms(700),
            required_fee: Amount::from_atoms(699),
            mined_at: BlockHeight(200),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: is_over.then_some(BlockHeight(220)),
    }
}

#[tokio::test]
async fn an_account_closes_once_its_tickets_are_over_and_its_address_stays_known() {
    let daemon = daemon("daemon:1");
    let world = World::of(Plan { daemons: vec![daemon.clone()], ..Plan::default() }).await;
    let mut browser = world.user(ALICE).await;
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    let close = [("password", PASSWORD), ("closeSure", "1"), ("closeAccount", "true")];
    world.database.put_tickets("daemon:1", &[report(&world, 9, TicketState::Live).await], world_now()).await.unwrap();
    until("the daemon has its user", async || daemon.users() == 1).await;
    let text = browser.submit("/settings", &close).await.text();
    assert!(text.contains("Your account stays open: it holds a ticket that is live or immature"), "{text}");
    let voted = report(&world, 9, TicketState::Voted).await;
    world.database.put_tickets("daemon:1", &[voted], world_now()).await.unwrap();
    let unsure = [("password", PASSWORD), ("closeAccount", "true")];
    assert!(browser.submit("/settings", &unsure).await.text().contains("tick the box"));
    assert_eq!(browser.submit("/settings", &close).await.location(), "/");
    assert_eq!(browser.get("/settings").await.location(), "/signin");
    let closed = world.database.by_id(UserId(1)).await.unwrap().unwrap();
    assert!(closed.disabled && closed.registration.is_some() && closed.email.as_str().starts_with("closed-1-"));
    assert_eq!(world.database.registered().await.unwrap().len(), 1, "should a ticket turn up, it is voted");
    assert!(world.browser().sign_in(ALICE, PASSWORD).await.text().contains("is wrong"));
    assert_eq!(world.browser().sign_up(ALICE).await.location(), "/signin", "the address is free again");
}

/// What the wallets tell; nothing where they do not answer. They stand at block 300.
static TOLD: Mutex<Option<WalletTickets>> = Mutex::new(None);

struct TellingWallets;

#[async_trait]
impl TicketSource for TellingWallets {
    async fn tip(&self) -> Result<(BlockHeight, Params), SourceError> {
        Ok((BlockHeight(300), Network::Simnet.params(Generation::Today)))
    }

    async fn user_tickets(&self, _: &ScriptAddress) -> Result<WalletTickets, SourceError> {
        TOLD.lock().unwrap().clone().ok_or_else(|| GroupError::NoneHealthy("all are away".into()).into())
    }

    async fn judge(&self, ticket: &TicketHash) -> Result<Option<TicketFacts>, SourceError> {
        let mined_at = BlockHeight(u32::from_str_radix(&ticket.to_string()[..2], 16).unwrap());
        let fee_address = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20])));
        let amount = Amount::from_atoms(1);
        let (price, committed_fee, required_fee) = (amount, amount, amount);
        let verdict = Verdict::LowFee;
        Ok(Some(TicketFacts { verdict, price, fee_address, committed_fee, required_fee, mined_at }))
    }
}

#[tokio::test]
async fn an_account_closes_by_what_the_wallets_tell_where_no_daemon_tells_of_itself() {
    let change_parts = |parts: &mut Parts| parts.tickets = Some(Arc::new(TellingWallets));
    let daemons = vec![predecessor("old:1")];
    let world = World::of(Plan { daemons, change_parts, ..Plan::default() }).await;
    let mut browser = world.user(ALICE).await;
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    let close = [("password", PASSWORD), ("closeSure", "1"), ("closeAccount", "true")];
    let ticket = |status: &str| WalletTicket {
        ticket: TicketHash::from_bytes([1; 32]),
        status: status.to_owned(),
        mined_at: BlockHeight(200),
        spent_at: None,
    };
    let told = |status, invalid: &[u8]| {
        let invalid = invalid.iter().map(|number| TicketHash::from_bytes([*number; 32])).collect();
        Some(WalletTickets { tickets: vec![ticket(status), ticket("voted")], invalid })
    };
    for (tickets, expected) in [
        (None, "neither its voting daemons nor its wallets answer"),
        (told("live", &[]), "it holds a ticket that is live or immature"),
        (told("immature", &[]), "it holds a ticket that is live or immature"),
        // Mined at block 250 and refused for its fee: it can be drawn until block 650.
        (told("live", &[250]), "it holds 2 tickets that are live or immature"),
    ] {
        *TOLD.lock().unwrap() = tickets;
        let text = browser.submit("/settings", &close).await.text();
        assert!(text.contains("Your account stays open") && text.contains(expected), "{expected}: {text}");
    }
    *TOLD.lock().unwrap() = told("missed", &[]);
    assert_eq!(browser.submit("/settings", &close).await.location(), "/");
    assert!(world.database.by_id(UserId(1)).await.unwrap().unwrap().disabled);
}

fn world_now() -> stakepool_core::time::UnixTime {
    stakepool_core::time::UnixTime(1_700_000_000)
}

#[tokio::test]
async fn each_user_chooses_what_is_mailed_and_gets_it_once() {
    let sink = Sink::start().await;
    let daemons = [daemon("daemon:1"), daemon("daemon:2")];
    let world = World::of(Plan { daemons: daemons.to_vec(), mail: Some(sink.address), ..Plan::default() }).await;
    let mut browser = world.browser();
    browser.sign_up(ALICE).await;
    let letter = sink.letter(ALICE, "verify").await;
    browser.submit(&letter.link(), &[("t", &letter.token())]).await;
    browser.sign_in(ALICE, PASSWORD).await;
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    let fields = [("mailVoted", "1"), ("mailMissed", "1"), ("updateMails", "true")];
    assert_eq!(browser.submit("/settings", &fields).await.location(), "/settings");
    let log = world.database.latest(1).await.unwrap();
    let noted = (&log[0].actor[..], &log[0].action[..], &log[0].detail[..]);
    assert_eq!(noted, ("user 1", "account.mails", "mails of tickets voted, missed"));
    let wishes = world.database.mail_wishes(UserId(1)).await.unwrap();
    assert!(wishes.voted && wishes.missed && !wishes.ignored);
    assert!(browser.get("/settings").await.text().contains("name=\"mailVoted\" value=\"1\" checked"));

    let mut ignored = report(&world, 1, TicketState::Live).await;
    ignored.facts.verdict = Verdict::LowFee;
    let (voted, missed) = (report(&world, 2, TicketState::Voted).await, report(&world, 3, TicketState::Missed).await);
    for daemon in &daemons {
        for report in [&ignored, &voted, &missed] {
            daemon.report(DaemonEventKind::Ticket(report.clone()));
        }
    }
    let voted_letter = sink.letter(ALICE, "has voted").await;
    assert!(voted_letter.text.contains(&voted.ticket.to_string()) && voted_letter.text.contains("Block:  220"));
    let missed_letter = sink.letter(ALICE, "missed its vote").await;
    assert!(missed_letter.text.contains("the pool has no record of a vote"), "{}", missed_letter.text);
    for daemon in &daemons {
        daemon.report(DaemonEventKind::Ticket(voted.clone()));
    }
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let letters = sink.all_to(ALICE);
    let count = |word: &str| letters.iter().filter(|letter| letter.subject.contains(word)).count();
    assert_eq!((count("has voted"), count("missed its vote"), count("is not voted")), (1, 1, 0));
}

#[tokio::test]
async fn a_mail_about_a_miss_tells_the_reason_and_no_server_of_the_pool() {
    let sink = Sink::start().await;
    let daemon = daemon("daemon:1");
    let world = World::of(Plan { daemons: vec![daemon.clone()], mail: Some(sink.address), ..Plan::default() }).await;
    let mut browser = world.browser();
    browser.sign_up(ALICE).await;
    let letter = sink.letter(ALICE, "verify").await;
    browser.submit(&letter.link(), &[("t", &letter.token())]).await;
    browser.sign_in(ALICE, PASSWORD).await;
    browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await;
    let failed = VoteOutcome::Failed("wallet 10.0.0.7:9110: it is locked".to_owned());
    for (number, outcome, reason) in [
        (1, failed, "the pool could not sign or send the vote"),
        (2, VoteOutcome::RivalVote, "another vote of this ticket was on the network already"),
    ] {
        let missed = report(&world, number, TicketState::Missed).await;
        let record = VoteRecord {
            ticket: missed.ticket,
            address: missed.address,
            block: BlockHash::from_bytes([3; 32]),
            height: BlockHeight(219),
            bits: VoteBits(1),
            outcome,
            attempts: 1,
            timings: VoteTimings::default(),
            at: UnixMillis(1),
        };
        world.database.put_votes("10.0.0.8:9113", &[record]).await.unwrap();
        daemon.report(DaemonEventKind::Ticket(missed.clone()));
        let hash = missed.ticket.to_string();
        let of_ticket = || sink.all_to(ALICE).into_iter().find(|letter| letter.text.contains(&hash));
        while of_ticket().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let text = of_ticket().unwrap().text;
        assert!(text.contains(reason) && !text.contains("10.0.0"), "{text}");
    }
}

#[tokio::test]
async fn an_error_is_tied_to_the_field_that_it_is_about() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    let fields = [
        (&[("updatePassword", "1"), ("newpassword", "a"), ("newpasswordrepeat", "b")][..], "newpasswordrepeat"),
        (&[("updateEmail", "1"), ("email", "nonsense")], "email"),
        (&[("updateEmail", "1"), ("email", "new@example.org"), ("password", "wrong")], "email-password"),
        (&[("closeAccount", "1"), ("closeSure", "1"), ("password", "wrong")], "close-password"),
    ];
    for (form, field) in fields {
        let page = browser.submit("/settings", form).await.text();
        let tag = page.split_once(&format!("<input id=\"{field}\"")).unwrap().1.split_once('>').unwrap().0;
        assert!(tag.contains("aria-invalid=\"true\"") && tag.contains(&format!("{field}-error")), "{field}: {tag}");
        assert_eq!(page.matches("aria-invalid").count(), 1, "{field}");
    }
}
