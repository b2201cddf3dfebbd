//! Tickets of wallets of today that users have claimed, beyond the signature: mails, and the end of an account.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{Claim, ClaimStore as _, LedgerStore as _, MailWishes};
use stakepool_core::reports::{DaemonEventKind, TicketReport, TicketState};
use stakepool_core::testkit::FakeDaemon;
use stakepool_core::testkit::samples::{key_report, ticket};

use crate::world::{ALICE, BOB, PASSWORD, World, home};

async fn claim(world: &World, number: u32, user: UserId) {
    let claim = Claim { ticket: ticket(number), user, made: world.now() };
    assert!(world.database.add_claim(&claim).await.unwrap());
}

#[tokio::test]
async fn the_user_who_has_claimed_a_ticket_is_mailed_of_its_end_and_nobody_else() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| (plan.mail, plan.daemons) = (true, vec![daemon.clone()])).await;
    let (alice, bob) = (world.account(ALICE).await, world.account(BOB).await);
    let wishes = MailWishes { ignored: true, voted: true, missed: true, notices: true };
    for user in [&alice, &bob] {
        world.pool.set_mail_wishes(user, wishes).await.unwrap();
    }
    claim(&world, 1, alice.id).await;
    let _running = world.run();
    for number in [1, 2] {
        let ended_at = Some(BlockHeight(220));
        let report = TicketReport { state: TicketState::Voted, ended_at, ..key_report(number) };
        daemon.report(DaemonEventKind::Ticket(report));
    }
    world.letters.take(ALICE, "voted").await;
    world.letters.assert_none(ALICE).await;
    world.letters.assert_none(BOB).await;
}

#[tokio::test]
async fn an_account_closes_whatever_it_has_claimed_and_leaves_it_free() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| plan.daemons = vec![daemon.clone()]).await;
    let user = world.registered(ALICE).await;
    world.keep_daemons();
    world.in_sync(&daemon).await;
    claim(&world, 1, user.id).await;
    world.database.put_tickets("daemon:1", &[key_report(1)], world.now()).await.unwrap();
    assert_eq!(world.database.ticket(&ticket(1)).await.unwrap().unwrap().user, Some(user.id));
    world.pool.close_account(&user, PASSWORD, &home()).await.unwrap();
    assert_eq!(world.database.ticket(&ticket(1)).await.unwrap().unwrap().user, None);
    assert_eq!(world.database.claims_of(user.id).await, Ok(Vec::new()));
}
