//! Real wallets of today before the pool: they register, whatever stops or is killed meanwhile, and every winner is voted.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use stakepool_core::ports::{LedgerStore as _, TicketQuery};
use stakepool_core::reports::TicketState;
use stakepool_core::vsp::FeeStatus;
use tokio::time::sleep;

use crate::real::register;
use crate::real_vsp_stage::Stage;

/// Blocks after which every ticket must have voted or expired.
const MOST_BLOCKS: u32 = 450;
/// Blocks between two purchases of the classic user.
const CLASSIC_EVERY: u32 = 20;
/// The moments of a purchase at which something is killed, in milliseconds.
const MOMENTS: [u64; 3] = [20, 60, 150];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network of the real programs of today, some of which it stops: STAKEPOOL_SIMNET names its simnet.json"]
async fn real_wallets_of_today_register_and_every_winner_is_voted_whatever_is_killed() {
    let mut stage = Stage::set().await;
    stage.configure_buyer().await;
    let (_, user) = register(&stage.net, &stage.first_web()).await;
    let mut ours = ten_register(&stage, &user).await;
    ours.push(a_closed_pool_registers_nothing_until_it_opens(&stage).await);
    nothing_is_sold_while_no_daemon_runs(&mut stage).await;
    ours.push(the_highest_fee_is_what_wallets_pay(&mut stage).await);
    ours.extend(webs_are_killed(&mut stage).await);
    ours.extend(the_database_is_killed(&mut stage).await);
    ours.extend(daemons_are_killed(&mut stage).await);
    ours.extend(the_node_is_killed(&mut stage).await);
    stage.check_payments(&ours).await;
    let mined = watch(&stage, &ours, &user).await;
    check_ends(&stage, &mined).await;
    stage.webs.iter_mut().chain(&mut stage.daemons).for_each(crate::program::Program::stop);
}

/// Buys tickets that belong to the classic user's address, from a wallet without the other pool: one that has it locks an output more
/// for each ticket.
async fn buy_classic(stage: &Stage, user: &Value) {
    let params = json!(["default", 100_000, 1, user["TicketAddress"], 2, user["PoolAddress"], user["PoolFees"]]);
    stage.net.call("miner", "purchaseticket", params).await;
}

async fn ten_register(stage: &Stage, user: &Value) -> Vec<String> {
    let mut tickets = Vec::new();
    for number in 0..10 {
        tickets.push(stage.take().await);
        if number % 4 == 3 {
            buy_classic(stage, user).await;
        }
        stage.mine(1).await;
    }
    stage.until("the wallet's log says so", async || stage.logged("successfully processed") >= 10).await;
    println!("ten tickets registered");
    tickets
}

async fn a_closed_pool_registers_nothing_until_it_opens(stage: &Stage) -> String {
    stage.configure("vspfee=5\nvspclosed=1\nvspclosedmsg=closed for the test");
    stage.reload();
    stage.until_offered("both webs are closed", |_, info| info["vspclosed"] == true).await;
    // The wallet says nothing of the refusal, which came before it answered.
    let ticket = mined_unregistered(stage).await;
    assert!(stage.kept(&ticket).await.is_none(), "a closed pool has registered a ticket");
    stage.configure("vspfee=5");
    stage.reload();
    stage.until_open().await;
    assert!(stage.register_again(&ticket).await);
    stage.mine(1).await;
    println!("a ticket that was bought while the pool was closed is registered by processunmanagedticket");
    ticket
}

/// Buys tickets until one is mined: the wallet gives up those that are not mined before the price changes.
async fn mined_unregistered(stage: &Stage) -> String {
    loop {
        let ticket = stage.net.buy().await.unwrap();
        let mut is_mined = false;
        stage
            .until("the ticket is mined or given up", async || {
                stage.mine(1).await;
                let known = stage.net.try_call("buyer", "gettransaction", json!([ticket])).await;
                is_mined = known.as_ref().is_ok_and(|known| known["confirmations"].as_u64() > Some(0));
                is_mined || known.is_err()
            })
            .await;
        if is_mined {
            return ticket;
        }
    }
}

async fn nothing_is_sold_while_no_daemon_runs(stage: &mut Stage) {
    let owned = async |stage: &Stage| stage.net.call("buyer", "gettickets", json!([true])).await["hashes"].clone();
    let before = owned(stage).await;
    stage.daemons.iter_mut().for_each(crate::program::Program::stop);
    stage.until_refused().await;
    let refused = stage.net.buy().await.unwrap_err();
    assert!(refused.contains("http 503"), "{refused}");
    assert_eq!(owned(stage).await, before, "something was bought");
    stage.daemons.iter_mut().for_each(crate::program::Program::start);
    stage.until_open().await;
    println!("while no daemon runs nothing is bought: {refused}");
}

async fn the_highest_fee_is_what_wallets_pay(stage: &mut Stage) -> String {
    stage.configure("vspfee=90");
    stage.restart_webs().await;
    let ticket = stage.take().await;
    let asked = stage.kept(&ticket).await.unwrap().registration.quote.amount;
    assert_eq!(asked.atoms(), 10_000_000, "the most that Exilibrium pays");
    stage.configure("vspfee=5");
    stage.restart_webs().await;
    stage.mine(1).await;
    println!("at vspfee=90 a ticket registers for {asked} EXCC");
    ticket
}

/// Kills one web and then the other at some moments of purchases.
async fn webs_are_killed(stage: &mut Stage) -> Vec<String> {
    let mut tickets = Vec::new();
    for moment in MOMENTS {
        for number in 0..2 {
            let mut web = stage.webs.remove(number);
            let kill = async {
                sleep(Duration::from_millis(moment)).await;
                web.kill();
            };
            let (bought, ()) = tokio::join!(stage.net.buy(), kill);
            web.start();
            stage.webs.insert(number, web);
            stage.until_open().await;
            match bought {
                Ok(ticket) if stage.register_again(&ticket).await => tickets.push(ticket),
                Ok(ticket) => println!("the wallet has given up {ticket}"),
                Err(error) => println!("nothing was bought while a web was killed: {error}"),
            }
            stage.mine(1).await;
        }
    }
    println!("{} tickets registered while webs were killed", tickets.len());
    tickets
}

async fn the_database_is_killed(stage: &mut Stage) -> Vec<String> {
    let mut tickets = Vec::new();
    for moment in MOMENTS {
        let mut server = stage.server.take().unwrap();
        let kill = async {
            sleep(Duration::from_millis(moment)).await;
            server.kill();
        };
        let (bought, ()) = tokio::join!(stage.net.buy(), kill);
        stage.server = Some(server);
        stage.until_refused().await;
        let refused = stage.net.buy().await.unwrap_err();
        assert!(refused.contains("http 503"), "{refused}");
        stage.server.as_mut().unwrap().start_again();
        stage.until_open().await;
        match bought {
            Ok(ticket) if stage.register_again(&ticket).await => tickets.push(ticket),
            Ok(ticket) => println!("the wallet has given up {ticket}"),
            Err(error) => println!("nothing was bought while the database was killed: {error}"),
        }
        tickets.push(stage.take().await);
        stage.mine(1).await;
    }
    println!("{} tickets registered while the database was killed", tickets.len());
    tickets
}

async fn daemons_are_killed(stage: &mut Stage) -> Vec<String> {
    let mut tickets = Vec::new();
    for number in 0..3 {
        stage.daemons[number].kill();
        tickets.push(stage.take().await);
        stage.mine(6).await;
        stage.daemons[number].start();
        stage.mine(2).await;
    }
    println!("{} tickets registered while each daemon was killed", tickets.len());
    tickets
}

async fn the_node_is_killed(stage: &mut Stage) -> Vec<String> {
    let before = stage.take().await;
    stage.net.end("node", "-KILL").await;
    stage.until_refused().await;
    let refused = stage.net.buy().await.unwrap_err();
    stage.net.start("node", &[]).await;
    stage.until_open().await;
    for wallet in ["buyer", "miner", "voter1", "voter2", "voter3"] {
        let connected = async || stage.net.call(wallet, "walletinfo", json!([])).await["daemonconnected"] == true;
        stage.until(&format!("{wallet} has its node"), connected).await;
    }
    let after = stage.take().await;
    stage.mine(1).await;
    println!("tickets registered before and after the node was killed; meanwhile: {refused}");
    vec![before, after]
}

/// Mines until all tickets have ended, with tickets of the classic user beside them. Answers those that were mined: the wallet
/// gives up what was not mined before the price changed.
async fn watch(stage: &Stage, ours: &[String], user: &Value) -> Vec<String> {
    stage.mine(2).await;
    let mut mined = Vec::new();
    for ticket in ours {
        if stage.net.try_call("node", "getrawtransaction", json!([ticket, 1])).await.is_ok() {
            mined.push(ticket.clone());
        }
    }
    println!("{} of {} tickets were mined", mined.len(), ours.len());
    for block in 0..MOST_BLOCKS {
        if block % CLASSIC_EVERY == 0 {
            buy_classic(stage, user).await;
        }
        stage.mine(1).await;
        let ends = stage.ends(&mined).await;
        if !ends.contains_key("") {
            println!("all have ended after {block} blocks: {ends:?}");
            return mined;
        }
    }
    panic!("not all have ended: {:?}", stage.ends(&mined).await);
}

async fn check_ends(stage: &Stage, mined: &[String]) {
    let ends = stage.ends(mined).await;
    let voted = ends.get("voted").copied().unwrap_or_default();
    let expired = ends.get("expired").copied().unwrap_or_default();
    assert!(voted > 0 && voted + expired == mined.len(), "{ends:?}");
    for ticket in mined {
        let settled = async || stage.kept(ticket).await.unwrap().registration.fee == FeeStatus::Confirmed;
        stage.until(&format!("the fee of {ticket} is confirmed"), settled).await;
    }
    let known = stage.net.call("voter1", "gettickets", json!([true])).await["hashes"].clone();
    let known: BTreeSet<String> = serde_json::from_value(known).unwrap();
    assert!(mined.iter().all(|ticket| !known.contains(ticket)), "a voting wallet knows a ticket of a wallet of today");
    let query = TicketQuery { limit: 1000, ..TicketQuery::default() };
    let classic = stage.database.tickets(&query).await.unwrap().tickets;
    let classic: Vec<_> = classic.iter().filter(|report| !mined.contains(&report.ticket.to_string())).collect();
    let in_state = |state| classic.iter().filter(|report| report.state == state).count();
    assert!(in_state(TicketState::Voted) > 0 && in_state(TicketState::Missed) == 0, "{classic:#?}");
    let confirmed = stage.logged("is confirmed by VSP");
    assert!(confirmed > 0, "the wallet never saw a fee confirmed");
    println!(
        "{voted} voted, {expired} expired, none missed; the wallet saw {confirmed} fees confirmed; {} classic tickets voted, none missed",
        in_state(TicketState::Voted)
    );
}
