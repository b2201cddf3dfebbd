//! Closing an account that holds no tickets.

use std::sync::Arc;

use stakepool::accounts::{ApiKeyError, CloseError, Confirmation, Denied, SignInError, SignedUp};
use stakepool_core::accounts::{PasswordHashes, User};
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{LedgerStore as _, MinedTransaction, UserStore as _, WalletTicket, WalletTickets};
use stakepool_core::reports::TicketState;
use stakepool_core::testkit::tickets::{self, Fee};
use stakepool_core::testkit::{DaemonMood, FakeDaemon, Mood};

use crate::reports::{hash, report};
use crate::second_step::set_up;
use crate::world::{ALICE, PASSWORD, World, home};

/// A pool with a daemon that is in sync, and a user with an address.
async fn world() -> (World, User) {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| {
        plan.mail = true;
        plan.daemons = vec![Arc::clone(&daemon)];
    });
    let world = world.await;
    let user = world.registered(ALICE).await;
    world.keep_daemons();
    world.in_sync(&daemon).await;
    (world, user)
}

/// Has the ledger know a ticket of a user.
async fn put(world: &World, user: &User, state: TicketState) {
    let report = report(user.id, user.registration.as_ref().unwrap(), 9, state);
    world.database.put_tickets("daemon:1", &[report], world.now()).await.unwrap();
}

async fn close(world: &World, user: &User) -> Result<(), CloseError> {
    world.pool.close_account(user, PASSWORD, &home()).await
}

#[tokio::test]
async fn an_account_closes_once_its_tickets_are_over_and_its_address_is_still_voted_for() {
    let (world, user) = world().await;
    for state in [TicketState::Immature, TicketState::Live] {
        put(&world, &user, state).await;
        let refused = close(&world, &user).await;
        assert!(matches!(refused, Err(CloseError::HoldsTickets(1))), "{refused:?}");
    }
    put(&world, &user, TicketState::Voted).await;
    close(&world, &user).await.unwrap();
    let closed = world.user(user.id).await;
    assert!(closed.disabled && closed.email.as_str().starts_with("closed-1-"), "{}", closed.email);
    assert_eq!(world.database.registered().await.unwrap(), [closed], "should a ticket turn up, it is voted");
}

#[tokio::test]
async fn everything_that_opens_the_account_is_gone_and_its_address_is_free_again() {
    let (world, user) = world().await;
    world.change(user.id, |user| user.admin = true).await;
    let key = world.pool.api_key(&user).unwrap().unwrap();
    let session = world.sign_in(ALICE, PASSWORD).await;
    world.pool.ask_reset(ALICE, &home()).unwrap().send().unwrap();
    let link = world.letters.token(ALICE, "choose a new password").await;
    let (_, codes) = set_up(&world, &user).await;
    world.letters.take(ALICE, "a change of your account").await;
    let code = codes[0].reveal();
    world.pool.close_account(&user, Confirmation { password: PASSWORD, code: &code }, &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["account.close"]);
    let letter = world.letters.take(ALICE, "a change of your account").await;
    assert!(letter.text.starts_with("Your account was closed."), "{}", letter.text);
    assert!(!world.is_open(&session).await);
    assert_eq!(world.pool.user_of_api_key(&key).await, Err(ApiKeyError::Invalid));
    assert!(world.pool.user_of_reset(&link).await.unwrap().is_none());
    assert!(world.pool.second_factor(&user).await.unwrap().is_none());
    let closed = world.user(user.id).await;
    assert!(closed.password == PasswordHashes::default() && closed.has_no_api_key() && !closed.admin);
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &home(), None).await, Err(SignInError::Wrong)));
    assert_eq!(world.sign_up(ALICE).await, SignedUp::CheckMail);
    world.letters.take(ALICE, "verify your e-mail address").await;
}

#[tokio::test]
async fn nobody_closes_an_account_without_its_password() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 1).await;
    let user = world.account(ALICE).await;
    let wrong = world.pool.close_account(&user, "wrong", &home()).await;
    assert!(matches!(wrong, Err(CloseError::Denied(Denied::Wrong))));
    assert!(matches!(close(&world, &user).await, Err(CloseError::Denied(Denied::Wait(_)))));
    world.sign_in(ALICE, PASSWORD).await;
}

#[tokio::test]
async fn an_account_without_an_address_closes_though_nobody_knows_of_tickets() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    for wallet in &world.wallets {
        wallet.set(Mood::Unreachable);
    }
    close(&world, &user).await.unwrap();
}

#[tokio::test]
async fn where_no_daemon_reports_tickets_the_wallets_say_whether_there_are_any() {
    let daemon = FakeDaemon::new("old:1");
    daemon.set(DaemonMood::Predecessor);
    let world = World::with(|plan| {
        plan.daemons = vec![Arc::clone(&daemon)];
        plan.terms = plan.terms.clone().max_users(5);
    });
    let world = world.await;
    let user = world.registered(ALICE).await;
    world.keep_daemons();
    world.in_sync(&daemon).await;
    let address = user.registration.as_ref().unwrap().address;
    let known = |state: &str, invalid| {
        let ticket = |number, status: &str| {
            let (mined_at, spent_at) = (BlockHeight(200), None);
            WalletTicket { ticket: hash(number), status: status.to_owned(), mined_at, spent_at }
        };
        let tickets = WalletTickets { tickets: vec![ticket(1, state), ticket(2, "voted")], invalid };
        for wallet in &world.wallets {
            wallet.user_tickets.lock().unwrap().insert(address, tickets.clone());
        }
    };
    for state in ["live", "immature"] {
        known(state, Vec::new());
        assert!(matches!(close(&world, &user).await, Err(CloseError::HoldsTickets(1))), "{state}");
    }
    // Refused for its fee, it can be drawn until block 650: 16 blocks to mature, and 384 to expire.
    let refused = tickets::ticket(1, 7, Fee::TooLow);
    let mined = MinedTransaction { transaction: refused.clone(), mined_at: Some(BlockHeight(250)) };
    for wallet in &world.wallets {
        wallet.transactions.lock().unwrap().insert(refused.hash(), mined.clone());
    }
    known("missed", vec![tickets::hash(&refused)]);
    assert!(matches!(close(&world, &user).await, Err(CloseError::HoldsTickets(1))));
    for wallet in &world.wallets {
        *wallet.best.lock().unwrap() = 649;
    }
    assert!(matches!(close(&world, &user).await, Err(CloseError::HoldsTickets(1))));
    for wallet in &world.wallets {
        *wallet.best.lock().unwrap() = 650;
    }
    close(&world, &user).await.unwrap();
}

#[tokio::test]
async fn an_account_stays_open_while_nobody_knows_whether_it_holds_tickets() {
    let world = World::start().await;
    let user = world.registered(ALICE).await;
    for wallet in &world.wallets {
        wallet.set(Mood::Unreachable);
    }
    let refused = close(&world, &user).await;
    assert!(matches!(refused, Err(CloseError::NobodyKnows)), "{refused:?}");
    world.sign_in(ALICE, PASSWORD).await;
}

#[tokio::test]
async fn a_recovery_code_is_not_used_up_where_tickets_keep_the_account_open() {
    let (world, user) = world().await;
    let (_, codes) = set_up(&world, &user).await;
    put(&world, &user, TicketState::Live).await;
    let code = codes[0].reveal();
    let confirmation = Confirmation { password: PASSWORD, code: &code };
    let refused = world.pool.close_account(&user, confirmation, &home()).await;
    assert!(matches!(refused, Err(CloseError::HoldsTickets(1))), "{refused:?}");
    assert_eq!(world.pool.second_factor(&user).await.unwrap().unwrap().recovery_left, 10);
    put(&world, &user, TicketState::Voted).await;
    let refused = world.pool.close_account(&user, PASSWORD, &home()).await;
    assert!(matches!(refused, Err(CloseError::Denied(Denied::Code))), "{refused:?}");
    world.pool.close_account(&user, confirmation, &home()).await.unwrap();
}
