//! Accounts that are never verified.

use std::time::Duration;

use crate::world::{ALICE, BOB, World};

const DAY: Duration = Duration::from_secs(86_400);

/// Waits until an account is gone.
async fn gone(world: &World, email: &str) {
    let wait = async {
        while world.by_email(email).await.is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the account is still there");
}

#[tokio::test]
async fn an_account_that_is_not_verified_within_a_week_goes_and_its_address_is_free() {
    let world = World::with_mail().await;
    world.sign_up(ALICE).await;
    let verified = world.account(BOB).await;
    world.clock.advance(6 * DAY);
    world.sign_up("carol@example.org").await;
    world.clock.advance(DAY + Duration::from_secs(1));
    let (stop, running) = world.run();
    gone(&world, ALICE).await;
    // It is noted after that.
    let noted = async {
        while world.last_act().await.1 != "user.expire" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), noted).await.expect("it is not noted");
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    let (actor, action, subject, _) = world.last_act().await;
    assert_eq!((actor.as_str(), action.as_str(), subject.as_str()), ("the pool", "user.expire", "1"));
    assert!(world.by_email("carol@example.org").await.is_some(), "a day old");
    assert_eq!(world.user(verified.id).await, verified);
    world.sign_up(ALICE).await;
    assert_eq!(world.by_email(ALICE).await.unwrap().id.0, 4, "no number is given twice");
}

#[tokio::test]
async fn while_the_mail_server_is_away_none_goes() {
    let world = World::with_mail().await;
    world.sign_up(ALICE).await;
    let note = r#"{"since":1,"last_try":1,"reason":"connection refused"}"#;
    world.pool.parts().upkeep.set_note("mail/outage", note).await.unwrap();
    world.clock.advance(30 * DAY);
    let (stop, running) = world.run();
    // The first look is at the beginning, and is done by then.
    tokio::time::timeout(Duration::from_millis(300), running).await.unwrap_err();
    drop(stop);
    assert!(world.by_email(ALICE).await.is_some(), "nobody can verify an address meanwhile");
    world.pool.parts().upkeep.forget_note("mail/outage").await.unwrap();
    let (_stop, _running) = world.run();
    gone(&world, ALICE).await;
}

#[tokio::test]
async fn where_the_operator_says_so_or_no_mail_is_sent_none_goes() {
    for mail in [true, false] {
        let world = World::with(|plan| {
            plan.mail = mail;
            plan.settings.unverified_lasts = if mail { None } else { Some(DAY) };
        })
        .await;
        world.sign_up(ALICE).await;
        let id = world.by_email(ALICE).await.unwrap().id;
        world.change(id, |user| user.email_state = stakepool_core::accounts::EmailState::Unverified).await;
        world.clock.advance(30 * DAY);
        let (stop, running) = world.run();
        // The history is noted in the same run: whatever is done at its beginning is done by then.
        tokio::time::timeout(Duration::from_millis(300), running).await.unwrap_err();
        drop(stop);
        assert!(world.by_email(ALICE).await.is_some());
    }
}
