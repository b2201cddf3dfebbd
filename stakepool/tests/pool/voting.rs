//! What a user's tickets vote.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool::accounts::{SetVotingByApiError, SetVotingError};
use stakepool_core::accounts::{User, VotingPreference};
use stakepool_core::chain::{VoteBits, VoteVersion};
use stakepool_core::ports::{Agenda, AgendaChoice};
use stakepool_core::testkit::tickets::VERSION;
use stakepool_core::testkit::{FakeDaemon, Mood};

use crate::world::{ALICE, World, until};

fn agenda(id: &str, mask: u16, choices: &[u16]) -> Agenda {
    let choice = |bits: &u16| AgendaChoice { id: bits.to_string(), description: String::new(), bits: *bits };
    let (description, status) = (String::new(), "started".to_owned());
    Agenda { id: id.to_owned(), description, status, mask, choices: choices.iter().map(choice).collect() }
}

/// A pool whose wallets know two questions, and a user with an address.
async fn world() -> (World, User) {
    let world = World::start().await;
    for wallet in &world.wallets {
        *wallet.agendas.lock().unwrap() = vec![agenda("one", 0b0110, &[0, 2, 4]), agenda("two", 0b1000, &[0, 8])];
    }
    let user = world.registered(ALICE).await;
    (world, user)
}

/// Chooses answers, of which an empty one is none.
async fn choose(world: &World, user: &User, answers: [&str; 2]) -> Result<VoteBits, SetVotingError> {
    let answer = |number: usize| Some(answers[number].to_owned()).filter(|answer| !answer.is_empty());
    world.pool.choose(user, answer).await
}

#[tokio::test]
async fn a_choice_is_stored_for_the_present_vote_version_and_others_stay() {
    let (world, user) = world().await;
    let shown = world.pool.voting_of(&user).await;
    assert_eq!((shown.version, shown.in_force, shown.outdated), (Some(VERSION), VoteBits::APPROVE, None));
    assert_eq!(shown.agendas.unwrap().len(), 2);
    assert_eq!(choose(&world, &user, ["4", "8"]).await.unwrap(), VoteBits(0b1101));
    let user = world.user(user.id).await;
    assert_eq!(user.voting, VotingPreference { bits: VoteBits(0b1101), version: VERSION });
    assert_eq!(choose(&world, &user, ["2", ""]).await.unwrap(), VoteBits(0b1011), "the other answer stays");
    assert_eq!(world.pool.voting_of(&world.user(user.id).await).await.in_force, VoteBits(0b1011));
}

#[tokio::test]
async fn a_choice_of_another_vote_version_no_longer_counts() {
    let (world, user) = world().await;
    let old = VotingPreference { bits: VoteBits(0b1101), version: VoteVersion(10) };
    world.change(user.id, |user| user.voting = old).await;
    let user = world.user(user.id).await;
    let shown = world.pool.voting_of(&user).await;
    assert_eq!((shown.in_force, shown.outdated), (VoteBits::APPROVE, Some(VoteVersion(10))));
    assert_eq!(choose(&world, &user, ["", "8"]).await.unwrap(), VoteBits(0b1001), "nothing of it is taken over");
    // Who only ever approved the previous block has lost nothing.
    world.change(user.id, |user| user.voting = VotingPreference { bits: VoteBits::APPROVE, ..old }).await;
    assert_eq!(world.pool.voting_of(&world.user(user.id).await).await.outdated, None);
}

#[tokio::test]
async fn answers_that_no_agenda_has_are_refused() {
    let (world, user) = world().await;
    for answer in ["3", "8", "nonsense", "-1"] {
        let refused = choose(&world, &user, [answer, ""]).await;
        assert!(matches!(&refused, Err(SetVotingError::NoSuchAnswer(agenda)) if agenda == "one"), "{refused:?}");
    }
    assert_eq!(world.user(user.id).await.voting, user.voting);
    let world = World::start().await;
    for wallet in &world.wallets {
        *wallet.agendas.lock().unwrap() = vec![agenda("three", 0b0110, &[2, 4])];
    }
    let user = world.account(ALICE).await;
    let refused = world.pool.choose(&user, |_| None).await;
    assert!(matches!(refused, Err(SetVotingError::Incomplete)), "there is no answer of before: {refused:?}");
}

#[tokio::test]
async fn what_cannot_be_checked_is_not_stored() {
    let (world, user) = world().await;
    for wallet in &world.wallets {
        wallet.set(Mood::Unreachable);
    }
    assert!(matches!(choose(&world, &user, ["4", "8"]).await, Err(SetVotingError::Unknown)));
    assert!(world.pool.voting_of(&user).await.agendas.is_none());
    // Wallets of users are not kept waiting: agendas that nobody tells are taken for none.
    assert_eq!(world.pool.set_voting_by_api(user.id, "1").await.unwrap(), VoteBits::APPROVE);
    assert!(matches!(world.pool.set_voting_by_api(user.id, "5").await, Err(SetVotingByApiError::Invalid)));
}

#[tokio::test]
async fn bits_by_the_api_must_answer_every_agenda() {
    let (world, user) = world().await;
    let set = async |bits| world.pool.set_voting_by_api(user.id, bits).await;
    assert_eq!(set("13").await.unwrap(), VoteBits(0b1101));
    for (bits, is_number) in [("", false), ("x", false), ("65536", false), ("-1", false), ("0", true), ("7", true)] {
        match set(bits).await.unwrap_err() {
            SetVotingByApiError::NoNumber => assert!(!is_number, "{bits}"),
            SetVotingByApiError::Invalid => assert!(is_number, "{bits}"),
            other => panic!("{bits}: {other}"),
        }
    }
    assert_eq!(world.user(user.id).await.voting, VotingPreference { bits: VoteBits(0b1101), version: VERSION });
}

#[tokio::test]
async fn wallets_that_change_too_much_must_wait() {
    let world = World::with(|plan| plan.settings.tries.api_writes_per_user = 2).await;
    let user = world.account(ALICE).await;
    for bits in ["1", "nonsense"] {
        let _counted = world.pool.set_voting_by_api(user.id, bits).await;
    }
    let refused = world.pool.set_voting_by_api(user.id, "1").await;
    assert!(matches!(&refused, Err(SetVotingByApiError::Wait(wait)) if wait.in_words() == "10 minutes"), "{refused:?}");
    world.pool.choose(&user, |_| None).await.unwrap();
}

#[tokio::test]
async fn daemons_hear_of_a_new_choice_at_once_and_of_the_same_again_not() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
    for wallet in &world.wallets {
        *wallet.agendas.lock().unwrap() = vec![agenda("one", 0b0110, &[0, 2, 4])];
    }
    let user = world.registered(ALICE).await;
    world.keep_daemons();
    world.in_sync(&daemon).await;
    let voted =
        || daemon.desired.lock().unwrap().as_ref().and_then(|state| state.users().next().map(|user| user.voting));
    assert_eq!(voted(), Some(user.voting));
    world.pool.set_voting_by_api(user.id, "3").await.unwrap();
    let new = VotingPreference { bits: VoteBits(3), version: VERSION };
    until("the new choice", || (voted() == Some(new)).then_some(())).await;
    let looks = daemon.looks.load(Ordering::SeqCst);
    world.pool.set_voting_by_api(user.id, "3").await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(daemon.looks.load(Ordering::SeqCst), looks);
}
