//! The administrators' pages: who may see them, what they tell, and what they change.

use std::time::Duration;

use serde_json::Value;
use stakepool_core::accounts::{StoredSecret, SystemRandom, TotpSecret, TotpStep, UserId};
use stakepool_core::chain::{Address, AddressKind, Amount, BlockHeight, Hash160, Network, ScriptAddress, TicketHash};
use stakepool_core::ports::{
    AuditStore as _, Clock as _, LedgerStore as _, LowFeeStore as _, SecondFactorStore as _, UnknownAddress,
    UserStore as _,
};
use stakepool_core::reports::{TicketReport, TicketState, TicketTimes};
use stakepool_core::secret::Secret;
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixTime;
use stakepool_web::{Admission, ProxyTrust};
use warp::http::StatusCode;

use crate::browser::{Browser, PASSWORD};
use crate::fakes::daemon;
use crate::waiting::until;
use crate::world::{COLD, Plan, USER_KEY, World};

const PAGES: [&str; 9] = [
    "/status",
    "/admintickets",
    "/adminusers",
    "/adminuser?id=1",
    "/admininvitations",
    "/adminmail",
    "/adminvotes",
    "/adminincome",
    "/adminaudit",
];
const TOKEN: &str = "the token of the monitors";

/// A plan in which user 1 administers from this machine.
pub fn plan() -> Plan {
    let mut plan = Plan::default();
    plan.settings.administrators = vec![UserId(1)].into();
    plan.options.admission =
        Admission { addresses: vec!["127.0.0.1".parse().unwrap()].into(), status_token: Some(Secret::new(TOKEN)) };
    plan
}

/// A world with an administrator and a user with an address.
pub async fn people(plan: Plan) -> (World, Browser, Browser) {
    let world = World::of(plan).await;
    let admin = world.user("admin@example.org").await;
    let mut user = world.user("user@example.org").await;
    assert_eq!(user.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await.status, StatusCode::SEE_OTHER);
    (world, admin, user)
}

pub fn ticket(number: u8) -> TicketHash {
    TicketHash::from_bytes([number; 32])
}

pub async fn report(world: &World, number: u8, state: TicketState, verdict: Verdict) -> TicketReport {
    let address = world.database.by_id(UserId(2)).await.unwrap().unwrap().registration.unwrap().address;
    let report = TicketReport {
        ticket: ticket(number),
        address: address.into(),
        user: Some(UserId(2)),
        state,
        facts: TicketFacts {
            verdict,
            price: Amount::from_atoms(2_050_000_000),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
            committed_fee: Amount::from_atoms(100),
            required_fee: Amount::from_atoms(7_500_000),
            mined_at: BlockHeight(200),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: (!matches!(state, TicketState::Live | TicketState::Immature)).then_some(BlockHeight(220)),
    };
    world.database.put_tickets("daemon:1", std::slice::from_ref(&report), UnixTime(1)).await.unwrap();
    report
}

#[tokio::test]
async fn the_pages_are_for_administrators_only() {
    let (world, mut admin, mut user) = people(plan()).await;
    for page in PAGES {
        assert_eq!(world.browser().get(page).await.location(), "/signin", "{page}");
        let refused = user.get(page).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{page}");
        let text = refused.text();
        assert!(text.contains("For administrators only") && !text.contains("href=\"/status\""), "{text}");
        assert!(text.contains("You are user 2 and come from 127.0.0.1.") && text.contains("Sign out"), "{text}");
        assert!(!text.contains("adminips") && !text.contains("adminuserids"), "{text}");
        let shown = admin.get(page).await;
        assert_eq!(shown.status, StatusCode::OK, "{page}: {}", shown.text());
        assert!(shown.text().trim_end().ends_with("</html>") && shown.text().contains("href=\"/adminaudit\""));
    }
    assert!(admin.get("/stats").await.text().contains("Administration</a>"));
    assert!(!user.get("/stats").await.text().contains("Administration</a>"));
    for page in ["/admintickets", "/adminuser"] {
        let fields = [("action", "disable"), ("id", "1"), ("tickets[]", "x")];
        let reply = user.submit_with_token_of("/settings", page, &fields).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{page}");
        let forged = admin.post(page, &fields).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{page}");
        let text = forged.text();
        assert!(text.contains("This form is out of date") && text.contains("Administration</a>"), "{text}");
        assert!(text.contains(&format!("href=\"{page}?id=1\">Back to the form</a>")), "{text}");
    }
    let acts = world.database.latest(99).await.unwrap();
    assert!(
        acts.iter().all(|entry| !entry.action.starts_with("ticket.") && entry.action != "user.disable"),
        "{acts:?}"
    );
}

#[tokio::test]
async fn who_loses_the_way_keeps_the_menu() {
    let (world, mut admin, mut user) = people(plan()).await;
    let lost = user.get("/nowhere").await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert!(lost.text().contains("There is no page at this address.") && lost.text().contains("Sign out"));
    assert!(admin.get("/nowhere").await.text().contains("Administration</a>"));
    let stranger = world.browser().get("/nowhere").await.text();
    assert!(stranger.contains("Sign in</a>") && !stranger.contains("Sign out"), "{stranger}");
    assert!(user.get("/settings").await.text().contains("user 2."));
}

#[tokio::test]
async fn an_account_that_is_made_administrator_counts_beside_the_configured_ones() {
    let (world, _, mut user) = people(plan()).await;
    let before = world.database.by_id(UserId(2)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.admin = true;
    world.database.update(&before, &after).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(user.get("/status").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_administrator_from_another_address_is_refused() {
    let mut plan = plan();
    plan.options.admission.addresses = vec!["192.0.2.0/24".parse().unwrap()].into();
    plan.options.proxies =
        ProxyTrust { header: Some("X-Forwarded-For".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
    let (world, mut admin, _) = people(plan).await;
    let refused = admin.get("/status").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let text = refused.text();
    assert!(text.contains("You are user 1 and come from an unknown address.") && text.contains("adminips"), "{text}");
    let cookies: Vec<_> = admin.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    for (from, expected) in [("192.0.2.7", StatusCode::OK), ("198.51.100.1", StatusCode::FORBIDDEN)] {
        let headers = [("cookie", cookies.join("; ")), ("x-forwarded-for", from.to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(world.send("GET", "/status", &headers, b"").await.status, expected, "{from}");
    }
    let mut plan = self::plan();
    plan.options.admission.addresses = Vec::new().into();
    let (_world, mut admin, _) = people(plan).await;
    assert_eq!(admin.get("/status").await.status, StatusCode::FORBIDDEN, "without adminips nobody may");
}

#[tokio::test]
async fn the_status_is_an_error_where_the_pool_cannot_serve() {
    let (world, mut admin, _) = people(plan()).await;
    let page = admin.get("/status").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("All is well.") && page.text().contains("wallet2"), "{}", page.text());
    assert!(!page.text().contains("Problems</h2>") && page.text().contains("<title>Status"), "{}", page.text());
    world.wallets_away(true);
    world.group.recover_all().await;
    let mut text = String::new();
    until("it shows", async || {
        let page = admin.get("/status").await;
        text = page.text();
        page.status == StatusCode::INTERNAL_SERVER_ERROR
    })
    .await;
    assert!(text.contains("The pool is down.") && text.contains("only 0 of the 2 voting wallets"), "{text}");
    assert!(text.contains("Wallet unreachable: <span class=\"host\">wallet wallet1</span>"), "{text}");
    assert!(text.find("Pool down").unwrap() < text.find("Wallet unreachable").unwrap(), "the gravest comes first");
    let (command, since) = ("<pre id=\"command-2\">systemctl restart exccwallet</pre>", "<p class=\"small\">Since ");
    assert!(text.contains(command) && text.contains(since) && text.contains("Last healthy 20"), "{text}");
    world.wallets_away(false);
    world.group.recover_all().await;
    until("it is over", async || admin.get("/status").await.status == StatusCode::OK).await;
}

#[tokio::test]
async fn every_page_of_an_administrator_says_how_many_problems_are_open() {
    let (world, mut admin, mut user) = people(plan()).await;
    world.wallets_away(true);
    world.group.recover_all().await;
    until("it shows", async || admin.get("/status").await.status == StatusCode::INTERNAL_SERVER_ERROR).await;
    let page = admin.get("/adminusers").await.text();
    assert!(
        page.contains("<title>(3) Users")
            && page.contains("<span class=\"badge bad\" title=\"Open problems\" data-problems>3</span>")
    );
    let page = user.get("/settings").await.text();
    assert!(page.contains("<title>Settings") && !page.contains("Open problems"), "{page}");
}

#[tokio::test]
async fn the_status_refreshes_itself_until_it_is_stopped() {
    let (_world, mut admin, _) = people(plan()).await;
    const REFRESH: &str = "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>";
    let page = admin.get("/status").await.text();
    assert!(page.contains(REFRESH) && page.contains("href=\"/status?still=1\""), "{page}");
    assert!(!admin.get("/status?still=1").await.text().contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn an_administrator_lands_on_the_status_and_a_user_does_not() {
    let (world, ..) = people(plan()).await;
    for (email, to) in [("admin@example.org", "/status"), ("user@example.org", "/tickets")] {
        assert_eq!(world.browser().sign_in(email, PASSWORD).await.location(), to);
    }
    let mut browser = world.browser();
    browser.get("/voting").await;
    assert_eq!(browser.sign_in("admin@example.org", PASSWORD).await.location(), "/voting");
}

#[tokio::test]
async fn the_status_lists_addresses_without_a_user() {
    let reporting = daemon("new:1");
    let address = ScriptAddress::new(Network::Simnet, Hash160([7; 20]));
    reporting.status.lock().unwrap().check.unknown = vec![UnknownAddress { address, voted: 3, ignored: 1 }];
    let (_world, mut admin, _) = people(Plan { daemons: vec![reporting], ..plan() }).await;
    let mut page = String::new();
    until("the daemon's report is shown", async || {
        page = admin.get("/status").await.text();
        page.contains("Addresses without a user")
    })
    .await;
    assert!(page.contains(&format!("{address}</th>")) && page.contains("3 live, 1 ignored"), "{page}");
}

#[tokio::test]
async fn monitors_read_the_status_with_a_token() {
    let (world, mut admin, mut user) = people(plan()).await;
    let ask = async |authorization: &str| {
        let headers = [("authorization", authorization)];
        let reply = world.send("GET", "/status.json", if authorization.is_empty() { &[] } else { &headers }, b"").await;
        assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let right = format!("Bearer {TOKEN}");
    let (status, answer) = ask(&right).await;
    assert_eq!((status, &answer["state"], &answer["height"]), (StatusCode::OK, &"ok".into(), &224.into()));
    assert_eq!(answer["wallets"][0]["unlocked"], true, "{answer}");
    for wrong in ["", "Bearer ", "Bearer x", TOKEN] {
        assert_eq!(ask(wrong).await.0, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    world.wallets_away(true);
    world.group.recover_all().await;
    until("it shows", async || ask(&right).await.0 == StatusCode::INTERNAL_SERVER_ERROR).await;
    let answer = ask(&right).await.1;
    assert_eq!(answer["state"], "down");
    assert_eq!(
        (&answer["troubles"][0]["kind"], &answer["troubles"][0]["severity"]),
        (&"down".into(), &"critical".into())
    );
    assert_eq!(admin.get("/status.json").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(user.get("/status.json").await.status, StatusCode::FORBIDDEN);
    let world = World::start().await;
    let reply = world.send("GET", "/status.json", &[("authorization", "Bearer ")], b"").await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "no token is set");
}

#[tokio::test]
async fn a_daemon_with_another_key_is_shown_with_both_values() {
    let mut plan = plan();
    let daemon = daemon("daemon:1");
    daemon.status.lock().unwrap().cold_wallet_xpub.clear();
    plan.daemons = vec![daemon];
    let (_world, mut admin, _) = people(plan).await;
    let mut text = String::new();
    for _ in 0..100 {
        text = admin.get("/status").await.text();
        if text.contains("coldwalletextpub") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(text.contains(&format!("its coldwalletextpub is , but the web&#39;s is {COLD}")), "{text}");
    assert!(text.contains("no voting daemon is known to be able to vote"), "{text}");
}

#[tokio::test]
async fn several_tickets_are_added_and_taken_back_at_once_and_each_is_answered_for() {
    let mut plan = plan();
    let daemon = daemon("daemon:1");
    plan.daemons = vec![daemon.clone()];
    let (world, mut admin, _) = people(plan).await;
    report(&world, 1, TicketState::Live, Verdict::LowFee).await;
    report(&world, 2, TicketState::Immature, Verdict::UnknownFeeAddress).await;
    report(&world, 3, TicketState::Voted, Verdict::LowFee).await;
    report(&world, 4, TicketState::Live, Verdict::Accepted).await;
    let hash = |number| ticket(number).to_string();
    let page = admin.get("/admintickets").await.text();
    assert!(page.contains(&hash(1)) && page.contains(&hash(2)) && !page.contains(&hash(3)), "{page}");
    assert!(page.contains("<td class=\"number\" data-label=\"Required, EXCC\">0.07500000</td>"), "{page}");

    let (one, pasted) = (hash(1), format!("{} {}\n nonsense,{}", hash(2), hash(3), hash(9)));
    let fields = [
        ("action", "Add"),
        ("note", "promised by phone"),
        ("tickets[]", one.as_str()),
        ("tickets[]", pasted.as_str()),
        ("tickets[]", "<b>bold</b>"),
    ];
    let page = admin.submit("/admintickets", &fields).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert_eq!(text.matches("added: the pool votes it").count(), 2, "{text}");
    for expected in ["it has voted at height 220", "“nonsense” is not a ticket", "does not know it:", "&lt;b&gt;bold"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let active = world.database.active(world.clock.now()).await.unwrap();
    let by: Vec<_> = active.iter().map(|ticket| (ticket.ticket, ticket.added_by)).collect();
    assert_eq!(by, [(ticket(1), Some(UserId(1))), (ticket(2), Some(UserId(1)))]);
    let lists = admin.get("/admintickets").await.text();
    let checkbox = format!("value=\"{}\"", hash(1));
    assert_eq!(lists.matches(&checkbox).count(), 1, "it stands in one list alone: {lists}");
    assert!(lists.contains("2, user@<wbr>example<wbr>.org"), "{lists}");
    let wanted = || daemon.desired.lock().unwrap().as_ref().map_or(0, |desired| desired.added().len());
    until("two are wanted", async || wanted() == 2).await;

    let again = admin.submit("/admintickets", &[("action", "Add"), ("tickets[]", &one)]).await.text();
    assert!(again.contains("was added before") && again.contains("by user 1"), "{again}");
    assert!(!again.contains("The voting daemons are told at once."), "nothing changed: {again}");
    let (two, four) = (hash(2), hash(4));
    let fields = [("action", "Remove"), ("tickets[]", &one[..]), ("tickets[]", &two), ("tickets[]", &four)];
    let text = admin.submit("/admintickets", &fields).await.text();
    assert_eq!(text.matches("removed: the pool ignores it again").count(), 2, "{text}");
    assert!(text.contains("was not added") && text.contains("The voting daemons are told at once."), "{text}");
    until("none is wanted", async || wanted() == 0).await;

    let acts: Vec<_> =
        world.database.latest(9).await.unwrap().into_iter().map(|entry| (entry.actor, entry.action)).collect();
    let acts: Vec<_> = acts
        .iter()
        .map(|(actor, action)| (actor.as_str(), action.as_str()))
        .filter(|(_, action)| action.starts_with("ticket."))
        .collect();
    let by_one = |action| ("user 1", action);
    assert_eq!(acts, ["ticket.remove", "ticket.remove", "ticket.add", "ticket.add"].map(by_one));
    let log = admin.get("/adminaudit").await.text();
    for expected in [
        "added a low-fee ticket",
        "took a low-fee ticket back",
        &hash(2),
        "of user 2, live, pays",
        "note: promised by phone",
    ] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
}

#[tokio::test]
async fn a_ticket_taken_back_stays_in_sight_until_the_daemons_report_it() {
    let (world, mut admin, _) = people(plan()).await;
    let mut ticket = report(&world, 1, TicketState::Live, Verdict::LowFee).await;
    let hash = ticket.ticket.to_string();
    let fields = |action| [("action", action), ("tickets[]", hash.as_str())];
    let text = admin.submit("/admintickets", &fields("Add")).await.text();
    assert!(text.contains("Added; the daemons have not reported it yet."), "{text}");
    ticket.added = true;
    world.database.put_tickets("daemon:1", std::slice::from_ref(&ticket), UnixTime(2)).await.unwrap();
    let text = admin.get("/admintickets").await.text();
    assert!(text.contains("No ticket is ignored."), "{text}");
    admin.submit("/admintickets", &fields("Remove")).await;
    let text = admin.get("/admintickets").await.text();
    assert!(text.contains("Removed; the daemons have not reported it yet.") && text.contains(&hash), "{text}");
    ticket.added = false;
    world.database.put_tickets("daemon:1", std::slice::from_ref(&ticket), UnixTime(3)).await.unwrap();
    let text = admin.get("/admintickets").await.text();
    assert!(!text.contains("Removed;") && text.contains(&hash), "{text}");
}

#[tokio::test]
async fn the_next_page_of_ignored_tickets_is_reached_after_all_of_one_were_added() {
    let (world, mut admin, _) = people(plan()).await;
    for number in 1..=51 {
        report(&world, number, TicketState::Live, Verdict::LowFee).await;
    }
    let page = admin.get("/admintickets").await.text();
    let hashes: Vec<_> = (1..=51).map(|number| ticket(number).to_string()).collect();
    let on_page = hashes.iter().filter(|hash| page.contains(&format!("value=\"{hash}\"")));
    let pasted = on_page.map(String::as_str).collect::<Vec<_>>().join(" ");
    let text = admin.submit("/admintickets", &[("action", "Add"), ("tickets[]", &pasted)]).await.text();
    assert!(text.contains("All on this page were just added.") && text.contains("?page=2"), "{text}");
    assert!(!text.contains("No ticket is ignored."), "{text}");
}

#[tokio::test]
async fn a_form_without_tickets_or_button_changes_nothing_and_says_so() {
    let (world, mut admin, _) = people(plan()).await;
    let many = format!("{} ", ticket(1)).repeat(1001);
    for (fields, expected) in [
        (vec![], "press the button"),
        (vec![("action", "add"), ("tickets[]", "x")], "press the button"),
        (vec![("action", "Add")], "choose at least one ticket"),
        (vec![("action", "Remove"), ("tickets[]", " ,\n")], "choose at least one ticket"),
        (vec![("action", "Add"), ("tickets[]", many.as_str())], "at most 1,000"),
    ] {
        let text = admin.submit("/admintickets", &fields).await.text();
        assert!(text.contains("Nothing was changed:") && text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(world.database.active(world.clock.now()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_disabled_user_is_signed_out_but_still_voted_for() {
    let (world, mut admin, mut user) = people(plan()).await;
    let key = user.api_key().await;
    assert!(world.call(&key, "/api/v2/getpurchaseinfo", None).await.contains("success"));
    assert_eq!(user.get("/settings").await.status, StatusCode::OK);
    let unsure = admin.submit("/adminuser?id=2", &[("id", "2"), ("action", "disable")]).await.text();
    assert!(
        unsure.contains("id=\"disable-sure-error\"")
            && !world.database.by_id(UserId(2)).await.unwrap().unwrap().disabled
    );
    let page = admin.submit("/adminuser?id=2", &[("id", "2"), ("action", "disable"), ("sure", "1")]).await;
    assert!(page.text().contains("The account is disabled and signed out everywhere."), "{}", page.text());
    assert_eq!(user.get("/settings").await.location(), "/signin");
    assert!(user.sign_in("user@example.org", PASSWORD).await.text().contains("This account is disabled."));
    assert!(world.call(&key, "/api/v2/getpurchaseinfo", None).await.contains("invalid api token"));
    let database = world.database.as_ref();
    let wanted = stakepool::daemons::desired_state(database, database, database, world.clock.now()).await.unwrap();
    assert_eq!(wanted.users().map(|user| user.user).collect::<Vec<_>>(), [UserId(2)], "still voted for");
    assert!(admin.get("/adminusers?show=disabled").await.text().contains("user@<wbr>example<wbr>.org"));

    admin.submit("/adminuser?id=2", &[("id", "2"), ("action", "enable")]).await;
    assert_eq!(user.sign_in("user@example.org", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let ended = admin.submit("/adminuser?id=2", &[("id", "2"), ("action", "endsessions")]).await.text();
    assert!(ended.contains("All sessions of this user are ended."), "{ended}");
    assert_eq!(user.get("/settings").await.location(), "/signin");
    let own = admin.submit("/adminuser?id=1", &[("id", "1"), ("action", "disable"), ("sure", "1")]).await.text();
    assert!(own.contains("cannot disable your own account"), "{own}");
    let ended = admin.submit("/adminuser?id=1", &[("id", "1"), ("action", "endsessions")]).await.text();
    assert!(ended.contains("All your sessions are ended, but for the one that you are using."), "{ended}");
    assert_eq!(admin.get("/status").await.status, StatusCode::OK, "the own session goes on");

    let acts: Vec<_> =
        world.database.latest(99).await.unwrap().into_iter().filter(|entry| entry.actor == "user 1").collect();
    let acts: Vec<_> = acts.iter().map(|entry| (entry.action.as_str(), entry.subject.as_str())).collect();
    let expected =
        [("user.end_sessions", "1"), ("user.end_sessions", "2"), ("user.enable", "2"), ("user.disable", "2")];
    assert!(expected.iter().all(|act| acts.contains(act)), "{acts:?}");
}

#[tokio::test]
async fn a_lost_second_factor_is_taken_away_but_not_ones_own() {
    let (world, mut admin, user) = people(plan()).await;
    let secrets = [(); 2].map(|()| TotpSecret::random(&SystemRandom));
    for (id, secret) in (1..).zip(&secrets) {
        let stored = StoredSecret::from_bytes(secret.as_bytes());
        world.database.propose_factor(UserId(id), &stored).await.unwrap();
        assert!(world.database.confirm_factor(UserId(id), &stored, TotpStep(1), &[[7; 32]]).await.unwrap());
    }
    let has_factor = async |id| world.database.second_factor(UserId(id)).await.unwrap().is_some();
    let own = admin.get("/adminuser?id=1").await.text();
    assert!(!own.contains("removefactor"), "{own}");
    let remove = |id| [("id", id), ("action", "removefactor"), ("sure", "1")];
    let refused = admin.submit("/adminuser?id=1", &remove("1")).await.text();
    assert!(refused.contains("cannot turn off your own two-factor") && has_factor(1).await, "{refused}");
    assert!(admin.get("/adminuser?id=2").await.text().contains("value=\"removefactor\""));
    let unsure = admin.submit("/adminuser?id=2", &remove("2")[..2]).await.text();
    assert!(unsure.contains("Nothing was changed: tick the box") && has_factor(2).await, "{unsure}");
    let mut stranger = user.clone();
    let reply = stranger.submit_with_token_of("/settings", "/adminuser", &remove("2")).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);

    assert_eq!(world.browser().sign_in("user@example.org", PASSWORD).await.location(), "/signincode");
    let uncoded = admin.submit("/adminuser?id=2", &remove("2")).await.text();
    assert!(uncoded.contains("the two-factor code is missing") && has_factor(2).await, "{uncoded}");
    let code = |world: &World| secrets[0].code(TotpStep(world.clock.now().0 / 30));
    let now = code(&world);
    let coded = [&remove("2")[..], &[("code", now.as_str())]].concat();
    let page = admin.submit("/adminuser?id=2", &coded).await.text();
    assert!(page.contains("Two-factor authentication is off") && !page.contains("removefactor"), "{page}");
    assert!(!world.database.use_recovery(UserId(2), &[7; 32]).await.unwrap());
    assert_eq!(world.browser().sign_in("user@example.org", PASSWORD).await.location(), "/tickets");
    world.advance(60);
    let now = code(&world);
    let coded = [&remove("2")[..], &[("code", now.as_str())]].concat();
    let again = admin.submit("/adminuser?id=2", &coded).await.text();
    assert!(again.contains("this user has no two-factor authentication"), "{again}");
    let acts: Vec<_> = world.database.latest(99).await.unwrap();
    let acts: Vec<_> = acts.iter().filter(|entry| entry.action == "user.factor.off").collect();
    assert_eq!(acts.len(), 1, "{acts:?}");
    assert_eq!((&acts[0].actor[..], &acts[0].subject[..]), ("user 1", "2"));
}
