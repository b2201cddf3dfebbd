//! Mails about tickets: what a user wishes, and what comes.

use std::time::Duration;

use stakepool_core::ports::{LedgerStore as _, MailWishes, TicketMail, TicketMailKind, TicketMailStore as _};
use stakepool_core::reports::{DaemonEventKind, TicketState, VoteOutcome};
use stakepool_core::testkit::FakeDaemon;

use crate::reports::{low_fee, report, vote};
use crate::world::{ALICE, World, until};

#[tokio::test]
async fn what_goes_wrong_is_mailed_unless_a_user_wishes_otherwise() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let wishes = world.pool.mail_wishes(&user).await.unwrap();
    assert_eq!(wishes, MailWishes { ignored: true, voted: false, missed: true, notices: true });
    for (wishes, noted) in [
        (
            MailWishes { ignored: false, voted: true, missed: true, notices: true },
            "mails of tickets voted, missed; notices",
        ),
        (MailWishes { ignored: false, voted: false, missed: false, notices: false }, "no mails about tickets"),
    ] {
        world.pool.set_mail_wishes(&user, wishes).await.unwrap();
        assert_eq!(world.pool.mail_wishes(&user).await.unwrap(), wishes);
        let (who, what, _, detail) = world.last_act().await;
        assert_eq!((&who[..], &what[..], &detail[..]), ("user 1", "account.mails", noted));
    }
}

#[tokio::test]
async fn an_instance_that_stood_still_mails_nothing_new_about_tickets_once_another_has_gone_on() {
    let folder = tempfile::tempdir().unwrap();
    let paused = World::in_folder_with(folder.path(), |plan| plan.mail = true).await;
    let other = World::in_folder_with(folder.path(), |plan| plan.mail = true).await;
    let user = paused.registered(ALICE).await;
    let registration = user.registration.as_ref().unwrap();
    let missed = [2, 3].map(|number| report(user.id, registration, number, TicketState::Missed));
    paused.database.put_tickets("daemon:1", &missed, paused.now()).await.unwrap();
    let mails = missed.map(|report| TicketMail {
        ticket: report.ticket,
        kind: TicketMailKind::Missed,
        user: user.id,
        tries: 0,
    });
    paused.letters.stand_still(true);
    paused.database.note_mails(&mails, paused.now()).await.unwrap();
    let _running = paused.run();
    until("the first mail", || (paused.letters.waiting() == 1).then_some(())).await;
    other.clock.advance(Duration::from_secs(300));
    let _other_running = other.run();
    until("both", || (other.letters.count(ALICE) == 2).then_some(())).await;
    paused.letters.stand_still(false);
    // It was on its way. The next one is not.
    paused.letters.take(ALICE, "").await;
    paused.letters.assert_none(ALICE).await;
}

#[tokio::test]
async fn a_user_gets_the_wished_mails_once_however_many_daemons_report() {
    let daemons = [FakeDaemon::new("daemon:1"), FakeDaemon::new("daemon:2")];
    let world = World::with(|plan| (plan.mail, plan.daemons) = (true, daemons.to_vec())).await;
    let user = world.registered(ALICE).await;
    let registration = user.registration.as_ref().unwrap();
    world
        .pool
        .set_mail_wishes(&user, MailWishes { ignored: false, voted: true, missed: true, notices: true })
        .await
        .unwrap();
    let ignored = low_fee(user.id, registration, 1, TicketState::Live);
    let voted = report(user.id, registration, 2, TicketState::Voted);
    let missed = report(user.id, registration, 3, TicketState::Missed);
    let failed = VoteOutcome::Failed("wallet 10.0.0.7:9110: it is locked".to_owned());
    world.database.put_votes("10.0.0.8:9113", &[vote(&missed, failed)]).await.unwrap();
    let (stop, running) = world.run();
    for daemon in &daemons {
        for report in [&ignored, &voted, &missed, &voted] {
            daemon.report(DaemonEventKind::Ticket(report.clone()));
        }
        world.collected(daemon, 4).await;
    }
    let letter = world.letters.take(ALICE, "a ticket has voted").await;
    assert!(letter.text.contains(&voted.ticket.to_string()) && letter.text.contains("Block:  220"), "{}", letter.text);
    assert!(letter.text.contains("Reward: ") && letter.text.contains("by the rules of the chain"), "{}", letter.text);
    let letter = world.letters.take(ALICE, "a ticket missed its vote").await;
    assert!(letter.text.contains("the pool could not sign or send the vote"), "{}", letter.text);
    assert!(!letter.text.contains("10.0.0"), "no server of the pool is named: {}", letter.text);
    world.letters.assert_none(ALICE).await;
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
