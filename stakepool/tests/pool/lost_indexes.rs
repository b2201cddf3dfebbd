//! Key indexes of users whom the database does not know.

use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::KeyIndex;
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
        status.check.unknown = vec![UnknownAddress { address: held.address, voted: 1, ignored: 0 }];
        // A user of the predecessor, whose index is the number.
        status.check.missing = vec![MissingUser { user: UserId(5), address: address(9), tickets: 3 }];
    });
    // The ledger alone knows this one, whose user had a number beyond every index.
    let user = ground.user().await;
    let of_lost = report(UserId(70_000), user.registration.as_ref().unwrap(), 1, TicketState::Live);
    let of_lost = TicketReport { address: address(8), ..of_lost };
    ground.daemons[0].report(DaemonEventKind::Ticket(of_lost));
    sleep(Duration::from_secs(30)).await;
    // 2 is known, 5 and 3 are guessed for the one, and 4 for the other.
    for (number, index) in [(1, 6), (2, 7)] {
        assert_eq!(ground.register(number).await.key_index, KeyIndex(index));
    }
    let withheld = ground.store.key_indexes().await.unwrap();
    let withheld: Vec<_> = withheld.into_iter().filter(|(_, user)| user.is_none()).map(|(index, _)| index.0).collect();
    assert_eq!(withheld, [2, 3, 4, 5]);
}
