//! Engines that sign votes by keys: users' by that of the voting wallets, and tickets whose owners handed theirs over.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::VotingPreference;
use stakepool_core::chain::{
    Generation, KeyIndex, Network, PrivateKey, RedeemScript, TicketHash, VoteBits, VoteVersion,
};
use stakepool_core::desired::{DesiredState, KeyTicket};
use stakepool_core::ports::ScriptWallet as _;
use stakepool_core::reports::{TicketState, VoteOutcome};
use stakepool_core::voting::{Engine, FirstSigner, KeySigner};
use stakepool_sim::SimNetwork;
use tokio::time::{sleep, timeout};

use crate::in_process::{PATIENCE, desired, network, parts, register, votes};
use crate::key_signer::{branch, voting_seed};
use crate::pool::{GENERATIONS, winners};

fn with_keys(state: DesiredState, tickets: &[TicketHash], key: &PrivateKey) -> DesiredState {
    let (key, voting) = (Arc::new(key.clone()), VotingPreference { bits: VoteBits(5), version: VoteVersion(11) });
    state.with_key_tickets(tickets.iter().map(|ticket| KeyTicket { ticket: *ticket, key: Arc::clone(&key), voting }))
}

async fn stop_all_wallets(sim: &SimNetwork) {
    for wallet in sim.voting_wallets() {
        wallet.stop().await;
    }
}

/// Whether the votes of these tickets are in the next block, and those of all other winners, too.
async fn are_voted(sim: &SimNetwork, tickets: &[TicketHash]) -> bool {
    for ticket in tickets {
        assert!(sim.wait_for_vote(ticket, PATIENCE).await, "{ticket}");
    }
    let mined = sim.mine_when_voted(PATIENCE).await.unwrap();
    sim.votes_in_block(mined).is_superset(&tickets.iter().copied().collect())
}

#[tokio::test(start_paused = true)]
async fn tickets_with_keys_are_voted_beside_users_while_every_wallet_is_stopped() {
    let sim = network().voting_wallets(2).start().await.unwrap();
    let address = register(&sim).await;
    let engine = Engine::new(parts(&sim).desired(desired(&sim, address))).unwrap();
    let running = tokio::spawn(Arc::clone(&engine).run(sim.events(), pending()));
    let (tickets, key) = sim.buy_key_tickets(4).unwrap();
    let (ours, other) = tickets.split_at(3);
    engine.put_desired(with_keys(desired(&sim, address), ours, &key));
    stop_all_wallets(&sim).await;
    sim.let_win(&tickets);
    sim.mine(17).await.unwrap();
    assert!(are_voted(&sim, ours).await);
    assert_eq!(
        sim.ticket_state(&other[0]),
        Some(TicketState::Missed),
        "it has the same key, but nobody gave it to the pool"
    );
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_live_when_its_key_comes_wins_and_is_voted_in_the_next_block() {
    let sim = network().start().await.unwrap();
    let address = register(&sim).await;
    let engine = Engine::new(parts(&sim).desired(desired(&sim, address))).unwrap();
    let running = tokio::spawn(Arc::clone(&engine).run(sim.events(), pending()));
    let (tickets, key) = sim.buy_key_tickets(1).unwrap();
    sim.never_let_win(&tickets);
    sim.mine(20).await.unwrap();
    assert_eq!(sim.ticket_state(&tickets[0]), Some(TicketState::Live));
    // The owner registers it; the block after that draws it.
    engine.put_desired(with_keys(desired(&sim, address), &tickets, &key));
    sim.let_win(&tickets);
    let drawn = sim.mine_when_voted(PATIENCE).await.unwrap();
    assert!(sim.winners(drawn).contains(&tickets[0]));
    assert!(are_voted(&sim, &tickets).await);
    // And one that is withdrawn is nobody's, whatever the engine knows of it.
    let (gone, key) = sim.buy_key_tickets(1).unwrap();
    engine.put_desired(with_keys(desired(&sim, address), &gone, &key));
    sim.never_let_win(&gone);
    sim.mine(20).await.unwrap();
    engine.put_desired(desired(&sim, address).with_withdrawn(gone.iter().copied()));
    sim.let_win(&gone);
    let drawn = sim.mine_when_voted(PATIENCE).await.unwrap();
    assert!(sim.winners(drawn).contains(&gone[0]));
    assert!(!sim.wait_for_vote(&gone[0], PATIENCE).await);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_web_with_an_older_database_costs_no_vote_of_a_ticket_whose_key_a_daemon_has_and_is_told_of_it() {
    let sim = network().start().await.unwrap();
    let address = register(&sim).await;
    let engine = Engine::new(parts(&sim).desired(desired(&sim, address))).unwrap();
    let running = tokio::spawn(Arc::clone(&engine).run(sim.events(), pending()));
    let (tickets, key) = sim.buy_key_tickets(1).unwrap();
    engine.put_desired(with_keys(desired(&sim, address), &tickets, &key));
    sim.never_let_win(&tickets);
    sim.mine(20).await.unwrap();
    // The backup is from before the ticket.
    engine.put_desired(desired(&sim, address));
    let is_told = || engine.problems().iter().any(|problem| problem.contains("missing from what the web sent"));
    assert!(is_told(), "{:?}", engine.problems());
    sim.let_win(&tickets);
    let drawn = sim.mine_when_voted(PATIENCE).await.unwrap();
    assert!(sim.winners(drawn).contains(&tickets[0]));
    assert!(are_voted(&sim, &tickets).await);
    sim.mine(1).await.unwrap();
    let over = async {
        while is_told() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(timeout(PATIENCE, over).await.is_ok(), "it is over: {:?}", engine.problems());
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn users_are_voted_by_the_wallets_key_while_every_wallet_is_stopped_whoever_is_to_sign_first() {
    for (generation, first) in GENERATIONS.into_iter().zip([FirstSigner::Key, FirstSigner::Wallet]) {
        let sim = network().generation(generation).voting_wallets(2).start().await.unwrap();
        let address = register(&sim).await;
        let script: RedeemScript = sim.wallet(0).in_process().script(&address).await.unwrap().unwrap();
        let signer = KeySigner::new(Network::Simnet, generation, Network::Simnet.vote_version(generation))
            .with_branch(Network::Simnet, branch(&voting_seed()), KeyIndex(20))
            .unwrap();
        let wanted = desired(&sim, address).with_scripts([script]);
        let engine = Engine::new(parts(&sim).signer(signer, first).desired(wanted)).unwrap();
        let running = tokio::spawn(Arc::clone(&engine).run(sim.events(), pending()));
        stop_all_wallets(&sim).await;
        let tickets = winners(&sim, address, 3).await;
        assert!(are_voted(&sim, &tickets).await);
        let cast = votes(&engine);
        assert_eq!(cast.len(), 3);
        assert!(
            cast.iter().all(|vote| (&vote.outcome, vote.bits, vote.attempts) == (&VoteOutcome::Sent, VoteBits(5), 1)),
            "{cast:?}"
        );
        running.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_of_other_wallets_is_a_problem_and_costs_no_vote() {
    let sim = network().start().await.unwrap();
    let address = register(&sim).await;
    let script: RedeemScript = sim.wallet(0).in_process().script(&address).await.unwrap().unwrap();
    let signer = KeySigner::new(Network::Simnet, Generation::Today, VoteVersion(11))
        .with_branch(Network::Simnet, branch(&[7; 32]), KeyIndex(20))
        .unwrap();
    let engine = Engine::new(parts(&sim).signer(signer, FirstSigner::Key)).unwrap();
    engine.put_desired(desired(&sim, address).with_scripts([script]));
    let running = tokio::spawn(Arc::clone(&engine).run(sim.events(), pending()));
    let problems = engine.problems();
    assert!(problems.iter().any(|problem| problem.contains("does not sign for 1 of 1 users")), "{problems:?}");
    let tickets = winners(&sim, address, 2).await;
    assert!(are_voted(&sim, &tickets).await);
    running.abort();
}
