//! Key indexes of users whom the database does not know.

use std::time::Duration;

use stakepool::registration::RegistrationError;
use stakepool_core::accounts::{Actor, Email, PasswordHashes, UserId};
use stakepool_core::chain::{Hash160, KeyIndex, ScriptAddress};
use stakepool_core::ports::{MissingUser, UnknownAddress, UserStore as _};
use stakepool_core::reports::{DaemonEventKind, TicketReport, TicketState};
use stakepool_core::testkit::tickets::address;
use tokio::time::sleep;

use crate::ground::{Ground, Users, registration};
use crate::reports::report;

#[tokio::test(start_paused = true)]
async fn key_indexes_that_only_the_ledger_or_a_daemon_knows_are_given_to_nobody() {
    let ground = Ground::lay(Users::One).await;
    // By a script that a wallet has, although it cannot be listed: index 2.
    let held = registration(2);
    ground.wallets[1].redeem_scripts.lock().unwrap().insert(held.address, held.script);
    ground.daemon(1, |status| {
        let unknown = |address| UnknownAddress { address, voted: 1, ignored: 0 };
        status.check.unknown = vec![unknown(held.address), unknown(address(8))];
    });
    for daemon in 0..2 {
        // A user of the predecessor, whose index is the number.
        let missing = vec![MissingUser { user: UserId(5), address: address(9), tickets: 3 }];
        ground.daemon(daemon, |status| status.check.missing = missing);
    }
    // The ledger knows the number of this one's user, by the other daemon. It is beyond every index.
    let user = ground.user().await;
    let of_lost = report(UserId(70_000), user.registration.as_ref().unwrap(), 1, TicketState::Live);
    let of_lost = TicketReport { address: address(8).into(), ..of_lost };
    ground.daemons[0].report(DaemonEventKind::Ticket(of_lost));
    sleep(Duration::from_secs(30)).await;
    // 2 is known, 5 and 3 are guessed for one, and 4 for another.
    for (number, index) in [(1, 6), (2, 7)] {
        assert_eq!(ground.register(number).await.key_index, KeyIndex(index));
    }
    assert_eq!(withheld(&ground).await, [2, 3, 4, 5]);
}

/// The indexes that are withheld.
async fn withheld(ground: &Ground) -> Vec<u32> {
    let indexes = ground.store.key_indexes().await.unwrap();
    indexes.into_iter().filter(|(_, user)| user.is_none()).map(|(index, _)| index.0).collect()
}

/// Addresses that nobody has.
fn invented(count: u16) -> Vec<UnknownAddress> {
    let address = |number: u16| {
        let [high, low] = number.to_be_bytes();
        let mut hash = [77; 20];
        (hash[0], hash[1]) = (high, low);
        ScriptAddress::new(address(1).network(), Hash160(hash))
    };
    (0..count).map(|number| UnknownAddress { address: address(number), voted: 1, ignored: 0 }).collect()
}

#[tokio::test(start_paused = true)]
async fn addresses_that_one_daemon_of_several_invents_cost_no_key_index() {
    let ground = Ground::lay(Users::One).await;
    ground.daemon(1, |status| status.check.unknown = invented(100));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(ground.register(1).await.key_index, KeyIndex(2));
    assert!(withheld(&ground).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_part_of_the_key_indexes_at_most_is_guessed_and_none_is_given_beyond_it_until_the_operator_releases_them() {
    let ground = Ground::lay(Users::One).await;
    let most = ground.pool.terms().max_users.div_ceil(10);
    let invented = invented(u16::try_from(most).unwrap() + 1);
    for daemon in 0..2 {
        ground.daemon(daemon, |status| status.check.unknown = invented.clone());
    }
    sleep(Duration::from_secs(30)).await;
    let refused = ground.try_register(1).await.unwrap_err();
    assert_eq!(refused, RegistrationError::TooManyLost(most), "{refused}");
    assert_eq!(withheld(&ground).await.len(), most as usize);
    let is_problem = async || ground.pool.status().await.problems.iter().any(|it| it.contains("no address can be"));
    assert!(is_problem().await, "the operator hears of it");
    for withheld in ground.pool.withheld_indexes().await.unwrap() {
        ground.pool.release_guessed(Actor::CommandLine, withheld.address).await.unwrap();
    }
    assert!(!is_problem().await, "without another registration, too");
    // The one that is left is guessed now: index 2.
    assert_eq!(ground.register(2).await.key_index, KeyIndex(3));
    assert_eq!(withheld(&ground).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_used_makes_nobody_guess_an_index() {
    let ground = Ground::lay(Users::One).await;
    for daemon in 0..2 {
        ground.daemon(daemon, |status| status.check.unknown = invented(3));
    }
    sleep(Duration::from_secs(30)).await;
    let email = Email::parse("typo@example.org").unwrap();
    let user = ground.pool.create_user(Actor::CommandLine, email, PasswordHashes::default(), false).await.unwrap();
    assert_eq!(ground.pool.register(user, "Sk").await, Err(RegistrationError::TooShort(2)));
    assert!(withheld(&ground).await.is_empty());
}
