//! Notices to the users, and the end of the pool.

use std::time::Duration;

use stakepool::accounts::{NewPassword, SignUpError};
use stakepool::administration::{NewNotice, NoticeError};
use stakepool::registration::RegistrationError;
use stakepool::{Notice, NoticeId, NoticeKind};
use stakepool_core::accounts::Actor;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{LedgerStore as _, MailWishes, VspTicketStore as _};
use stakepool_core::reports::TicketState;

use crate::reports::{hash, low_fee, report};
use crate::vsp_wallet::{Ground, Wallet};
use crate::world::{ALICE, BOB, PASSWORD, USER_KEY, World, home, until};

const DAY: Duration = Duration::from_secs(86_400);

/// A notice of what begins in ten days, and is over in twenty.
fn news(world: &World, kind: NoticeKind) -> NewNotice {
    let from = world.now().plus(DAY * 10);
    let until = (kind != NoticeKind::Closing).then(|| world.now().plus(DAY * 20));
    NewNotice { kind, text: "Words of the operator.".to_owned(), from, until, mail: true, block: None }
}

async fn add(world: &World, kind: NoticeKind) -> Notice {
    world.pool.add_notice(Actor::CommandLine, news(world, kind)).await.unwrap()
}

#[tokio::test]
async fn a_notice_is_mailed_once_to_each_user_who_wants_such_mail_also_by_two_instances() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::in_folder_with(folder.path(), |plan| plan.mail = true).await;
    let other = World::in_folder_with(folder.path(), |plan| plan.mail = true).await;
    world.account(ALICE).await;
    let bob = world.account(BOB).await;
    world.pool.set_mail_wishes(&bob, MailWishes { notices: false, ..MailWishes::default() }).await.unwrap();
    let _running = (world.run(), other.run());
    add(&world, NoticeKind::Maintenance).await;
    let sent = |world: &World| world.letters.count(ALICE);
    until("the mail", || (sent(&world) + sent(&other) == 1).then_some(())).await;
    // Another comes behind it, once all have had the first.
    add(&world, NoticeKind::News).await;
    until("the next mail", || (sent(&world) + sent(&other) == 2).then_some(())).await;
    let letters = if sent(&world) > 0 { &world.letters } else { &other.letters };
    let letter = letters.take(ALICE, "maintenance, 2023-11-24 22:13 UTC to 2023-12-04 22:13 UTC").await;
    assert!(letter.text.starts_with("Words of the operator.\n\nWhen: 2023-11-24 22:13 UTC to"), "{}", letter.text);
    assert!(letter.text.contains("Which mails you get: https://pool.example.org/settings"), "{}", letter.text);
    for world in [&world, &other] {
        world.letters.assert_none(BOB).await;
    }
}

#[tokio::test]
async fn an_instance_that_stood_still_mails_nothing_new_once_another_has_gone_on() {
    let folder = tempfile::tempdir().unwrap();
    let paused = World::in_folder_with(folder.path(), |plan| plan.mail = true).await;
    let other = World::in_folder_with(folder.path(), |plan| plan.mail = true).await;
    for email in [ALICE, BOB] {
        paused.account(email).await;
    }
    paused.letters.stand_still(true);
    let _running = paused.run();
    add(&paused, NoticeKind::News).await;
    until("the first mail", || (paused.letters.waiting() == 1).then_some(())).await;
    other.clock.advance(Duration::from_secs(121));
    let _other_running = other.run();
    for email in [ALICE, BOB] {
        other.letters.take(email, "").await;
    }
    paused.letters.stand_still(false);
    // It was on its way. The next one is not.
    paused.letters.take(ALICE, "").await;
    paused.letters.assert_none(BOB).await;
}

#[tokio::test]
async fn a_closing_is_mailed_to_all_now_at_half_time_and_on_the_day_from_which_on_nobody_new_comes() {
    let world = World::with_mail().await;
    let alice = world.account(ALICE).await;
    world.pool.set_mail_wishes(&alice, MailWishes { notices: false, ..MailWishes::default() }).await.unwrap();
    let _running = world.run();
    let closing = add(&world, NoticeKind::Closing).await;
    world.letters.take(ALICE, "it closes on 2023-11-24 22:13 UTC").await;
    assert!(world.pool.terms().closed.get().is_none());
    world.clock.advance(DAY * 5);
    world.letters.take(ALICE, "half the time has passed").await;
    world.clock.advance(DAY * 5);
    let last = world.letters.take(ALICE, "it has closed").await;
    assert!(last.text.contains("voted until the last is over"), "{}", last.text);
    until("closed", || world.pool.terms().closed.get().as_deref().map(drop)).await;
    let refused = world.pool.register(alice.id, USER_KEY).await;
    assert!(matches!(refused, Err(RegistrationError::Closed(_))), "{refused:?}");
    let home = home();
    let refused = world.pool.sign_up("new@example.org", NewPassword::once(PASSWORD), &home);
    assert!(matches!(refused, Err(SignUpError::Closed(_))));
    world.letters.assert_none(ALICE).await;
    world.pool.remove_notice(Actor::CommandLine, closing.id).await.unwrap();
    world.pool.register(alice.id, USER_KEY).await.unwrap();
    assert_eq!(world.acts(3).await, ["notice.remove", "notice.add", "account.mails"]);
}

#[tokio::test]
async fn the_status_says_how_many_tickets_are_left_and_when_the_last_can_be_over() {
    let world = World::start().await;
    let user = world.registered(ALICE).await;
    assert_eq!(world.pool.status().await.closing, None);
    add(&world, NoticeKind::Closing).await;
    let registration = user.registration.unwrap();
    let later = |number, state| {
        let mut report = report(user.id, &registration, number, state);
        report.facts.mined_at = report.facts.mined_at.plus(u32::from(number));
        report
    };
    let reports = [
        later(1, TicketState::Live),
        later(2, TicketState::Immature),
        later(3, TicketState::Voted),
        low_fee(user.id, &registration, 4, TicketState::Live),
    ];
    world.database.put_tickets("daemon:1", &reports, world.now()).await.unwrap();
    let closing = world.pool.status().await.closing.unwrap();
    // The maturity and the expiry of simnet behind the later of both.
    assert_eq!((closing.tickets, closing.last_block, closing.closed), (2, Some(202 + 16 + 384), false));
    world.clock.advance(DAY * 10);
    let voted = [1, 2].map(|number| later(number, TicketState::Voted));
    world.database.put_tickets("daemon:1", &voted, world.now()).await.unwrap();
    let closing = world.pool.look().await.closing.unwrap();
    assert_eq!((closing.tickets, closing.last_block, closing.closed), (0, None, true));
    let ground = Ground::new();
    let wallet = Wallet::new(1);
    wallet.register(&ground.instance().await, &ground).await;
    let mut registered = ground.kept(&wallet).await.unwrap();
    registered.registration.confirmed_at = Some(BlockHeight(300));
    assert!(world.database.add_registered(&registered).await.unwrap());
    let closing = world.pool.look().await.closing.unwrap();
    assert_eq!((closing.tickets, closing.last_block), (1, Some(300 + 16 + 384)), "one without an account");
    assert!(world.database.ticket(&hash(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn notices_are_shown_until_they_are_over_and_what_cannot_be_is_refused() {
    let world = World::start().await;
    assert_eq!(add(&world, NoticeKind::News).await.id, NoticeId(1));
    assert_eq!(world.pool.notices().len(), 1);
    world.clock.advance(DAY * 20);
    assert_eq!((world.pool.notices().len(), world.pool.all_notices().await.unwrap().len()), (0, 1));
    let refused = async |change: &dyn Fn(&mut NewNotice)| {
        let mut new = news(&world, NoticeKind::Closing);
        change(&mut new);
        world.pool.add_notice(Actor::CommandLine, new).await.unwrap_err()
    };
    assert_eq!(refused(&|new| new.text = "  ".to_owned()).await, NoticeError::Text);
    assert_eq!(refused(&|new| new.text = "a\u{1b}[2Jb".to_owned()).await, NoticeError::Text);
    assert_eq!(refused(&|new| new.until = Some(new.from)).await, NoticeError::Dates);
    assert!(matches!(refused(&|new| new.from = world.now()).await, NoticeError::NotToCome(_)));
    add(&world, NoticeKind::Closing).await;
    assert_eq!(refused(&|_| {}).await, NoticeError::ClosingAlready);
    assert_eq!(world.pool.remove_notice(Actor::CommandLine, NoticeId(9)).await, Err(NoticeError::Unknown));
    world.pool.remove_notice(Actor::CommandLine, NoticeId(2)).await.unwrap();
    assert_eq!(add(&world, NoticeKind::Closing).await.id, NoticeId(3), "mails of the removed one may be on their way");
}
