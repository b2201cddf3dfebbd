//! Three webs, three databases and three daemons, of which any may be lost while users go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stakepool_core::accounts::UserId;
use stakepool_core::ports::{UpkeepStore, UserStore};
use stakepool_db::Database;
use tokio::time::sleep;

use crate::acts::Acts;
use crate::galera::{NODES, host};
use crate::http::{Browser, ask, between, escape, get};
use crate::stage::{Stage, WEBS, fee, until};

/// What no answer may take longer than.
const LONGEST: Duration = Duration::from_secs(15);
const PASSWORD: &str = "gull anvil ferry nine";

/// A user who signs up at one web, signs in at the next, and submits an address to the third: the
/// number, and the browser, which is signed in.
async fn a_user_of_three_webs(stage: &Stage, database: &Database) -> (UserId, Browser) {
    let [one, two, three] = stage.webs.map(|web| web.listen);
    let email = "first@example.org";
    let mut browser = Browser { from: "203.0.113.7".to_owned(), ..Browser::default() };
    let fields = [("email", email), ("password", PASSWORD), ("passwordrepeat", PASSWORD)];
    let answer = browser.submit(one, "/signup", &fields).await;
    assert!(answer.status < 400, "{} {}", answer.status, answer.body);
    let answer = browser.submit(two, "/signin", &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(browser.get(three, "/settings").await.status, 200, "signed in at every web");
    let shown = browser.submit(three, "/settings", &[("showApiKey", "true"), ("password", PASSWORD)]).await.body;
    let (_, shown) = shown.split_once("id=\"api-key\"").unwrap_or_else(|| panic!("no key is shown: {shown}"));
    let key = between(shown, ">", "<");
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", &*bearer), ("content-type", "application/x-www-form-urlencoded")];
    let address = stage.network.buyer_pubkey_address().unwrap().to_string();
    let form = format!("UserPubKeyAddr={}", escape(&address));
    let answer = ask(three, "POST", "/api/v2/address", &headers, &form).await.unwrap().body;
    assert!(answer.contains("address successfully imported"), "{answer}");
    let mut told = Vec::new();
    for web in [one, two, three] {
        until("every web knows the address", Duration::from_secs(5), async || {
            let answer = ask(web, "GET", "/api/v2/getpurchaseinfo", &headers, "").await.unwrap().body;
            answer.contains("successfully retrieved")
        })
        .await;
        told.push(ask(web, "GET", "/api/v2/getpurchaseinfo", &headers, "").await.unwrap().body);
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:?}");
    // Signing out at one ends the session at the others.
    let mut leaving = browser.clone();
    leaving.submit(one, "/logout", &[]).await;
    assert_eq!(browser.get(two, "/settings").await.status, 303);
    let answer = browser.submit(two, "/signin", &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let registered = database.registered().await.unwrap();
    assert_eq!(registered.len(), 1);
    (registered[0].id, browser)
}

/// The pool's tickets win in every block from here on.
async fn buy_tickets(stage: &Stage, database: &Database, user: UserId) {
    let registration = database.by_id(user).await.unwrap().unwrap().registration.unwrap();
    let tickets = stage.network.buy_tickets(registration.address, Some(registration.fee_address), fee(), 80).unwrap();
    for _ in 0..22 {
        assert_eq!(stage.mine().await, 0);
    }
    stage.network.let_win(&tickets);
}

/// Waits until so many more acts are acknowledged.
async fn go_on(acts: &Acts, more: usize) {
    let wanted = acts.acknowledged() + more;
    until("users go on", Duration::from_secs(30), async || acts.acknowledged() >= wanted).await;
}

/// Votes go on whatever is lost.
async fn vote(stage: &Stage, blocks: u32) {
    for _ in 0..blocks {
        assert_eq!(stage.mine().await, 0, "votes are missing");
    }
}

/// Each node is killed, and one is stopped for twenty seconds.
async fn lose_one_at_a_time(stage: &Arc<Stage>, acts: &Acts, database: &Database) {
    for node in 0..NODES {
        stage.galera.kill(node);
        let began = Instant::now();
        // More than are under way.
        go_on(acts, 60).await;
        println!("node {node} killed: users went on after {:?}", began.elapsed());
        vote(stage, 2).await;
        acts.check(database).await.unwrap();
        start(stage, node).await;
    }
    until("the first node is used again", Duration::from_secs(20), async || {
        database.server_state().await.unwrap().unwrap().host == host(0)
    })
    .await;
    stage.galera.pause(0);
    let began = Instant::now();
    go_on(acts, 60).await;
    println!("node 0 stopped, which is the one that is used: users went on after {:?}", began.elapsed());
    vote(stage, 2).await;
    sleep(Duration::from_secs(20).saturating_sub(began.elapsed())).await;
    stage.galera.go_on(0);
    until("the node is back", Duration::from_secs(60), async || stage.galera.is_ready(0)).await;
    acts.check(database).await.unwrap();
    until("all webs are ready", Duration::from_secs(5), async || stage.all_ready().await).await;
}

async fn start(stage: &Arc<Stage>, node: usize) {
    let stage = stage.clone();
    tokio::task::spawn_blocking(move || stage.galera.start_node(node)).await.unwrap();
}

/// All nodes but one are killed: pages say so, daemons vote, and all is well once a node serves.
async fn lose_all_but_one(stage: &Arc<Stage>, acts: &Acts, database: &Database, mut browser: Browser) {
    assert_eq!(browser.get(stage.webs[0].listen, "/settings").await.status, 200);
    stage.galera.kill(0);
    stage.galera.kill(1);
    until("the last node has left", Duration::from_secs(20), async || !stage.galera.is_ready(2)).await;
    let seen = until("no web is ready", Duration::from_secs(3), async || stage.none_ready().await).await;
    assert!(seen < Duration::from_millis(3500), "{seen:?}");
    println!("readyz is false {seen:?} after the last node left");
    vote(stage, 3).await;
    for web in stage.webs {
        let answers_at_once = async || {
            let began = Instant::now();
            let page = browser.get(web.listen, "/settings").await;
            page.status == 503 && began.elapsed() < Duration::from_secs(2)
        };
        until("pages say so at once", Duration::from_secs(20), answers_at_once).await;
        let ready = get(web.monitors, "/readyz").await.unwrap();
        assert_eq!(ready.status, 503);
        assert!(ready.body.contains("wsrep_cluster_status"), "{}", ready.body);
        assert!(!ready.body.contains("daemon"), "a daemon is blamed: {}", ready.body);
    }
    stage.galera.bootstrap(2);
    until("the last node serves", Duration::from_secs(20), async || stage.galera.is_ready(2)).await;
    let seen = until("all webs are ready", Duration::from_secs(5), async || stage.all_ready().await).await;
    println!("readyz is true {seen:?} after a node served");
    go_on(acts, 20).await;
    acts.check(database).await.unwrap();
    start(stage, 0).await;
    start(stage, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "needs a cluster"]
async fn whatever_is_lost_nothing_acknowledged_is_missing_nothing_is_done_twice_and_votes_go_on() {
    let began = Instant::now();
    let (stage, name) = Stage::set().await;
    let stage = Arc::new(stage);
    println!("{:?}: three webs are ready, which began at one moment over a database without tables", began.elapsed());
    let open = async || Database::open_mysql(stage.galera.options(&name, 0)).await.unwrap();
    let programs: [Database; WEBS] = [open().await, open().await, open().await];
    let database = open().await;
    let (user, browser) = a_user_of_three_webs(&stage, &database).await;
    println!("{:?}: signed up, signed in and registered at three webs", began.elapsed());
    buy_tickets(&stage, &database, user).await;
    println!("{:?}: tickets are bought", began.elapsed());

    let (acts, mut running) = Acts::begin(&stage, &programs);
    go_on(&acts, 100).await;
    lose_one_at_a_time(&stage, &acts, &database).await;
    println!("{:?}: each node was lost", began.elapsed());
    lose_all_but_one(&stage, &acts, &database, browser).await;
    println!("{:?}: all nodes but one were lost", began.elapsed());
    // Webs are killed in the middle of what they do.
    for web in 0..WEBS {
        stage.kill_web(web);
        go_on(&acts, 20).await;
        stage.start_web(web);
        until("the web is back", Duration::from_secs(60), async || stage.is_ready(web).await).await;
        vote(&stage, 1).await;
    }
    acts.check(&database).await.unwrap();
    println!("{:?}: each web was killed", began.elapsed());
    until("there were as many users as there should be", Duration::from_secs(60), async || acts.users() >= 1000).await;
    acts.stop();
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
    acts.check(&database).await.unwrap();
    acts.check_counts(|statement| {
        let said = stage.galera.sql(0, &format!("SET SESSION wsrep_sync_wait = 15; USE {name}; {statement}"));
        said.lines().map(str::to_owned).collect()
    });
    same_on_all_nodes(&stage, &name);
    println!("{:?}: {}", began.elapsed(), acts.summary(LONGEST));
    for database in programs.iter().chain([&database]) {
        database.close().await;
    }
    Arc::into_inner(stage).unwrap().end().await;
}

/// All nodes have the same in the tables that nobody changes at the end.
fn same_on_all_nodes(stage: &Stage, name: &str) {
    let tables = "Users, accounts, key_indexes, tokens, audit, ticket_mails, counted_tries";
    let sums = |node| {
        stage
            .galera
            .sql(node, &format!("SET SESSION wsrep_sync_wait = 15; USE {name}; SELECT 1; CHECKSUM TABLE {tables}"))
    };
    let first = sums(0);
    for node in 1..NODES {
        assert_eq!(sums(node), first, "node {node} has something else");
    }
}
