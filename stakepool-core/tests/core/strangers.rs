//! Tickets whose scripts the wallets hold although the web does not know their addresses, and wallets that lack tickets.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, Transaction, VoteBits};
use stakepool_core::ports::{MissingUser, NodeEvent, SpentOrMissed, WalletTicket, WalletTickets};
use stakepool_core::reports::TicketState;
use stakepool_core::testkit::tickets::{Fee, address, block, desired, hash, header, ticket};
use stakepool_core::testkit::{FakeNode, FakeWallet, Mood};
use tokio::time::sleep;

use crate::engine::{Daemon, ready, scene};

/// A chain at height 220 with live tickets, and a wallet that holds all of them.
fn holding(tickets: &[Transaction]) -> (Arc<FakeWallet>, Arc<FakeNode>) {
    let node = FakeNode::at(199);
    node.mine(200, 1, tickets.to_vec());
    (201..=220).for_each(|height| node.mine(height, 1, Vec::new()));
    let hashes: Vec<_> = tickets.iter().map(hash).collect();
    node.chain.lock().unwrap().live.clone_from(&hashes);
    let wallet = FakeWallet::new("wallet");
    *wallet.tickets.lock().unwrap() = hashes;
    (wallet, node)
}

/// The next block of branch 1, in which the winners of the one before it are missed.
async fn miss(daemon: &Daemon, node: &FakeNode, height: u32, tickets: &[Transaction]) {
    node.mine(height, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(height, 1, 1))).await;
    let tickets = tickets.iter().map(|ticket| (hash(ticket), SpentOrMissed::Missed)).collect();
    daemon.emit(NodeEvent::SpentAndMissed { block: block(height, 1), height: BlockHeight(height), tickets }).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_new_user_of_an_empty_web_costs_the_old_ones_no_vote() {
    let old =
        [ticket(1, 1, Fee::Enough), ticket(2, 2, Fee::Enough), ticket(2, 3, Fee::Enough), ticket(2, 4, Fee::TooLow)];
    let (wallet, node) = holding(&old);
    let daemon = Daemon::start(&[wallet], &node, &Arc::default());
    daemon.emit(NodeEvent::Connected).await;
    for users in [&[][..], &[7][..]] {
        daemon.engine.put_desired(desired(users, &[]));
        daemon.emit(NodeEvent::Connected).await;
        let problems = daemon.engine.problems();
        assert_eq!(
            problems,
            [format!(
                "3 tickets of 2 voting addresses that the web does not know: {} with 3, {} with 1. They are voted with default bits, since \
                 a wallet holds the scripts; 1 more are ignored for their fee. Check the web's database: users are missing (`stakepoolctl unknown list`)",
                address(2),
                address(1)
            )]
        );
    }
    daemon.win(220, 1, &old.each_ref().map(hash)).await;
    let voted: Vec<_> = node.sent().iter().map(|vote| (vote.ticket, vote.bits)).collect();
    let default = |ticket| (hash(ticket), VoteBits(1));
    assert_eq!(voted.len(), 3, "all but the one with too low a fee");
    assert!(old[..3].iter().all(|ticket| voted.contains(&default(ticket))), "{voted:?}");
    let check = daemon.engine.ticket_check();
    assert_eq!((check.unknown_addresses, check.unknown_tickets, check.wallet_tickets), (2, 3, Some(4)));
    assert_eq!(
        check.unknown.iter().map(|it| (it.address, it.voted)).collect::<Vec<_>>(),
        [(address(2), 2), (address(1), 1)]
    );
    // Somebody decided: the users are back.
    daemon.engine.put_desired(desired(&[1, 2, 7], &[]));
    assert_eq!(daemon.engine.problems(), [""; 0]);
    assert_eq!(daemon.engine.ticket_check().unknown, []);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_acknowledged_is_voted_and_listed_but_no_problem_also_after_a_restart() {
    let old = [ticket(1, 1, Fee::Enough), ticket(2, 2, Fee::Enough)];
    let (wallet, node) = holding(&old);
    let file = Arc::default();
    let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
    daemon.engine.put_desired(desired(&[7], &[]).with_acknowledged([address(1)]));
    daemon.emit(NodeEvent::Connected).await;
    let problems = daemon.engine.problems();
    assert!(problems.len() == 1 && problems[0].starts_with("1 ticket of 1 voting address"), "{problems:?}");
    assert!(problems[0].contains(&address(2).to_string()), "{problems:?}");
    let both = desired(&[7], &[]).with_acknowledged([address(2), address(1)]);
    daemon.engine.put_desired(both.clone());
    assert_eq!(daemon.engine.problems(), [""; 0]);
    daemon.end().await.unwrap();
    let again = Daemon::start(&[wallet], &node, &file);
    assert_eq!(again.engine.desired().digest(), both.digest());
    again.emit(NodeEvent::Connected).await;
    assert_eq!(again.engine.problems(), [""; 0]);
    let check = again.engine.ticket_check();
    assert_eq!(
        (check.unknown_addresses, check.unknown_tickets, check.unknown.len()),
        (2, 2, 2),
        "the status lists them"
    );
    again.win(220, 1, &old.each_ref().map(hash)).await;
    assert_eq!(node.sent_count(), 2, "and they are voted");
    // Taken back, the alarm stands again.
    again.engine.put_desired(desired(&[7], &[]));
    assert!(!again.engine.problems().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_missing_is_in_the_status_and_quiet_once_acknowledged() {
    let bought = ticket(1, 1, Fee::Enough);
    let (wallet, node) = holding(std::slice::from_ref(&bought));
    let daemon = ready(&[wallet], &node).await;
    daemon.engine.put_desired(desired(&[7], &[]));
    assert!(daemon.engine.problems()[0].contains("missing from what the web sent"));
    let missing = MissingUser { user: UserId(1), address: address(1), tickets: 1 };
    assert_eq!(daemon.engine.ticket_check().missing, [missing]);
    daemon.engine.put_desired(desired(&[7], &[]).with_acknowledged([address(1)]));
    assert_eq!(daemon.engine.problems(), [""; 0]);
    assert_eq!(daemon.engine.ticket_check().missing, [missing]);
    daemon.win(220, 1, &[hash(&bought)]).await;
    assert_eq!(node.sent()[0].bits, VoteBits(5), "with the bits that the user chose");
}

#[tokio::test(start_paused = true)]
async fn a_winner_that_no_list_has_shown_yet_is_asked_for_and_voted_where_a_wallet_holds_its_script() {
    let (wallet, node) = holding(&[]);
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    let (held, foreign) = (ticket(5, 1, Fee::Enough), ticket(6, 2, Fee::Enough));
    node.mine(221, 1, vec![held.clone(), foreign.clone()]);
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    wallet.scripts.lock().unwrap().push(address(5));
    daemon.win(221, 1, &[hash(&held), hash(&foreign)]).await;
    let voted: Vec<_> = node.sent().iter().map(|vote| vote.ticket).collect();
    assert_eq!(voted, [hash(&held)]);
    assert!(daemon.engine.problems()[0].contains(&address(5).to_string()), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_was_away_is_asked_for_a_winners_script_again() {
    let (wallet, node) = holding(&[]);
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    let held = ticket(5, 1, Fee::Enough);
    node.mine(221, 1, vec![held.clone()]);
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    wallet.scripts.lock().unwrap().push(address(5));
    wallet.set(Mood::Unreachable);
    daemon.win(221, 1, &[hash(&held)]).await;
    assert_eq!(node.sent_count(), 0);
    wallet.set(Mood::Fine);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(node.sent_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_missed_ticket_whose_script_a_wallet_turns_out_to_hold_is_told() {
    let (wallet, node) = holding(&[]);
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    let (held, foreign) = (ticket(5, 1, Fee::Enough), ticket(6, 2, Fee::Enough));
    node.mine(221, 1, vec![held.clone(), foreign.clone()]);
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    wallet.scripts.lock().unwrap().push(address(5));
    miss(&daemon, &node, 222, &[held.clone(), foreign]).await;
    sleep(Duration::from_secs(3)).await;
    let told = format!(
        "a ticket of address {}, whose script the wallet holds, was missed and not voted: {}",
        address(5),
        hash(&held)
    );
    let problems = daemon.engine.problems();
    assert!(problems.len() == 1 && problems[0].starts_with(&told), "{problems:?}");
    assert_eq!(daemon.engine.ticket_check().missed_unvoted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_miss_is_counted_and_worded_apart_from_this_daemons_own_failure() {
    let (wallet, node, won) = scene();
    let bought = ticket(1, 1, Fee::Enough);
    let daemon = ready(&[wallet], &node).await;
    node.chain.lock().unwrap().refuse_votes = true;
    daemon.win(220, 1, &[won]).await;
    assert!(daemon.engine.problems().iter().any(|problem| problem.starts_with("a vote was not taken")));
    // Another daemon's vote is in the next block.
    node.mine(
        221,
        1,
        vec![stakepool_core::testkit::tickets::vote(won, block(220, 1), BlockHeight(220), VoteBits(5), true)],
    );
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    sleep(Duration::from_secs(2)).await;
    let problems = daemon.engine.problems().join("\n");
    assert!(
        problems.contains("this daemon did not cast the last vote") && problems.contains("another daemon may have"),
        "{problems}"
    );
    assert!(!problems.contains("was missed"), "{problems}");
    assert_eq!(daemon.engine.ticket_check().missed, 0);

    let (wallet, node) = holding(std::slice::from_ref(&bought));
    let daemon = ready(&[wallet], &node).await;
    node.chain.lock().unwrap().refuse_votes = true;
    daemon.win(220, 1, &[hash(&bought)]).await;
    miss(&daemon, &node, 221, &[bought]).await;
    sleep(Duration::from_secs(2)).await;
    let problems = daemon.engine.problems().join("\n");
    assert!(problems.contains("was missed: block 221 is without its vote"), "{problems}");
    assert_eq!(daemon.engine.ticket_check().missed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_was_rebuilt_between_two_looks_is_told_before_its_tickets_win() {
    let (first, node, won) = scene();
    let second = FakeWallet::new("second");
    second.tickets.lock().unwrap().push(won);
    let daemon = ready(&[Arc::clone(&first), second], &node).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
    // It is back at once, without its scripts.
    first.faults.lock().unwrap().forgetful = true;
    first.reconnect();
    sleep(Duration::from_secs(5)).await;
    let problems = daemon.engine.problems();
    assert!(
        problems.len() == 1 && problems[0].starts_with("wallet wallet does not know 1 ticket that is to be voted"),
        "{problems:?}"
    );
    assert_eq!(daemon.engine.ticket_check().lacking, 0, "the other wallet knows it");
    first.faults.lock().unwrap().forgetful = false;
    sleep(Duration::from_secs(25)).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_another_daemon_votes_is_not_lacking_in_a_wallet() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    wallet.set(Mood::Unsigned);
    daemon.win(220, 1, &[won]).await;
    // The other daemon's vote is in the wallet's view of what waits to be mined.
    wallet.tickets.lock().unwrap().clear();
    wallet.reconnect();
    sleep(Duration::from_secs(60)).await;
    let problems = daemon.engine.problems().join("\n");
    assert!(!problems.contains("does not know"), "{problems}");
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_lost_its_scripts_does_not_say_how_tickets_ended() {
    let (forgetful, node, gone) = scene();
    let second = FakeWallet::new("second");
    let ended = WalletTicket {
        ticket: gone,
        status: "voted".into(),
        mined_at: BlockHeight(200),
        spent_at: Some(BlockHeight(219)),
    };
    let listed = WalletTickets { tickets: vec![ended], invalid: Vec::new() };
    second.user_tickets.lock().unwrap().insert(address(1), listed);
    let daemon = ready(&[forgetful, Arc::clone(&second)], &node).await;
    second.set(Mood::Unreachable);
    node.chain.lock().unwrap().live.clear();
    sleep(Duration::from_secs(200)).await;
    assert_eq!(daemon.state(&gone), Some(TicketState::Live), "nobody can tell yet");
    second.set(Mood::Fine);
    sleep(Duration::from_secs(200)).await;
    assert_eq!(daemon.state(&gone), Some(TicketState::Voted), "the second wallet knows it");
}

#[tokio::test(start_paused = true)]
async fn the_votes_own_news_of_a_wallet_count_at_once_both_ways() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    assert!(daemon.engine.wallet_answers(0) && daemon.engine.wallet_signs(0));
    wallet.set(Mood::Unreachable);
    daemon.win(220, 1, &[won]).await;
    assert!(!daemon.engine.wallet_answers(0));
    wallet.set(Mood::Unsigned);
    sleep(Duration::from_secs(1)).await;
    assert!(!daemon.engine.wallet_signs(0));
    wallet.set(Mood::Fine);
    sleep(Duration::from_secs(1)).await;
    assert!(daemon.engine.wallet_answers(0) && daemon.engine.wallet_signs(0));
    assert_eq!(node.sent_count(), 1);
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_asks_how_the_wallets_are_gets_no_old_answer() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    sleep(Duration::from_secs(2)).await;
    wallet.set(Mood::Unsigned);
    daemon.engine.refresh_wallets().await;
    assert!(!daemon.engine.wallet_signs(0), "although the next look is seconds away");
}

#[tokio::test(start_paused = true)]
async fn of_the_winners_that_a_node_names_no_more_are_taken_than_a_block_draws() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[wallet], &node).await;
    let mut winners = vec![won];
    winners.extend((0..200_u8).map(|n| stakepool_core::chain::TicketHash::from_bytes([n; 32])));
    node.chain.lock().unwrap().refuse_transactions = true;
    daemon.win(220, 1, &winners).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(node.sent_count(), 1);
    let asked = node.questions.load(Ordering::SeqCst);
    assert!(asked <= 4 * 20, "four unknown winners are looked up, not two hundred: {asked}");
}

#[tokio::test(start_paused = true)]
async fn a_winner_is_asked_about_once_at_a_time_however_often_its_block_is_looked_at() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[wallet], &node).await;
    node.chain.lock().unwrap().refuse_transactions = true;
    daemon.win(220, 1, &[stakepool_core::chain::TicketHash::from_bytes([9; 32])]).await;
    for _ in 0..20 {
        daemon.engine.put_desired(desired(&[1], &[]));
        sleep(Duration::from_secs(1)).await;
    }
    let before = node.questions.load(Ordering::SeqCst);
    sleep(Duration::from_secs(10)).await;
    let asked = node.questions.load(Ordering::SeqCst) - before;
    assert!((5..=11).contains(&asked), "about once a second: {asked}");
}

#[tokio::test(start_paused = true)]
async fn a_miss_while_the_vote_is_still_tried_is_not_called_untried() {
    let bought = ticket(1, 1, Fee::Enough);
    let (wallet, node) = holding(std::slice::from_ref(&bought));
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    wallet.set(Mood::Silent);
    daemon.win(220, 1, &[hash(&bought)]).await;
    miss(&daemon, &node, 221, &[bought]).await;
    let problems = daemon.engine.problems().join("\n");
    assert!(problems.contains("without its vote (the try of this daemon has not ended)"), "{problems}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_wallet_does_not_keep_the_misses_of_others_from_being_told() {
    let (wallet, node) = holding(&[]);
    let silent = FakeWallet::new("silent");
    let daemon = ready(&[Arc::clone(&silent), Arc::clone(&wallet)], &node).await;
    sleep(Duration::from_secs(5)).await;
    let held: Vec<_> = (10..50).map(|n| ticket(n, n, Fee::Enough)).collect();
    node.mine(221, 1, held.clone());
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    silent.set(Mood::Silent);
    wallet.scripts.lock().unwrap().extend((10..50).map(address));
    miss(&daemon, &node, 222, &held).await;
    // 20 seconds for the silent one's counts and a minute for its list, then 40 questions, eight at a time.
    sleep(Duration::from_secs(110)).await;
    assert_eq!(daemon.engine.ticket_check().missed_unvoted, 40);
}

#[tokio::test(start_paused = true)]
async fn a_vote_that_a_node_refused_is_a_problem_for_an_hour() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[wallet], &node).await;
    node.chain.lock().unwrap().refuse_votes = true;
    daemon.win(220, 1, &[won]).await;
    node.mine(221, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    sleep(Duration::from_secs(1800)).await;
    let refused = || daemon.engine.problems().iter().any(|problem| problem.starts_with("a vote was not taken"));
    assert!(refused());
    sleep(Duration::from_secs(1900)).await;
    assert!(!refused());
}
