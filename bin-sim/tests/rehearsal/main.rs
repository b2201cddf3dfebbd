//! A pool of real processes on what `stakepool-sim` wrote.

#![allow(clippy::unwrap_used)]

mod http;
mod metrics;
mod process;
mod stage;

use std::time::Duration;

use crate::stage::Stage;

#[test]
fn the_real_programs_register_a_user_and_vote_on_what_was_written() {
    let mut stage = Stage::set();
    let info = stage.register();
    let text = |name: &str| info[name].as_str().unwrap().to_owned();
    let answer = stage.ask(&format!("buy 30 {} {} 7.5", text("TicketAddress"), text("PoolAddress")));
    assert!(answer.starts_with("30 tickets"), "{answer}");
    stage.until("a vote is cast", Duration::from_secs(60), |stage| (0..2).any(|voter| stage.votes_sent(voter) > 0));
    // What operators watch by is there: names in rules, dashboard and book are those of the programs.
    metrics::compare(&stage.metrics());

    let (code, status) = stage.ctl(&["status", "--json"], "");
    assert_eq!(code, 0, "{status}");
    assert_eq!(stage.ask("wallet 1 lock"), "the wallet 1 is locked");
    stage.until("the locked wallet is seen", Duration::from_secs(30), |stage| stage.ctl(&["status"], "").0 == 1);
    assert_eq!(stage.ask("wallet 1 unlock"), "the wallet 1 is unlocked");
    stage.until("all is well again", Duration::from_secs(30), |stage| stage.ctl(&["status"], "").0 == 0);
    stage.end();
}
