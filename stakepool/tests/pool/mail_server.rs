//! A mail server that takes no mail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use stakepool::mail::Outbox;
use stakepool::status::{Finding, Overall};
use stakepool_core::accounts::{Email, UserId};
use stakepool_core::alert::AlertKind;
use stakepool_core::ports::{Mail, MailError, Mailer};

use crate::world::World;

/// Takes mail, or is away.
#[derive(Default)]
struct Moody(AtomicBool);

#[async_trait]
impl Mailer for Moody {
    fn is_on(&self) -> bool {
        true
    }

    async fn send(&self, _: &Mail) -> Result<(), MailError> {
        match self.0.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err(MailError::Away("mail:25: connection refused".to_owned())),
        }
    }
}

fn letter() -> Mail {
    Mail { to: Email::parse("bob@example.org").unwrap(), subject: "Hello".into(), text: "One".into() }
}

async fn of_mail(world: &World) -> Option<Finding> {
    world.pool.status().await.findings.into_iter().find(|found| found.kind == AlertKind::Mail)
}

#[tokio::test]
async fn it_is_a_finding_with_an_alert_until_a_mail_is_taken_however_long_that_takes() {
    let world = World::with_mail().await;
    let (mailer, parts) = (Arc::new(Moody::default()), world.pool.parts());
    let outbox = Outbox::new(mailer.clone(), world.clock.clone(), parts.mail_failures.clone(), parts.upkeep.clone());
    for _ in 0..3 {
        assert_eq!(of_mail(&world).await, None, "one that is started at this moment is no trouble");
        outbox.send(Some(UserId(1)), &letter()).await.unwrap_err();
        world.clock.advance(Duration::from_secs(30));
    }
    // Another instance of the web, which sends no mail at this time, says so, too.
    let found = of_mail(&world).await.unwrap();
    assert!(found.about == "the mail server" && found.text.contains("connection refused"), "{found:?}");
    assert!(world.pool.status().await.state >= Overall::Degraded);
    world.clock.advance(Duration::from_secs(5 * 86_400));
    assert!(of_mail(&world).await.is_some(), "nothing was sent meanwhile");
    mailer.0.store(true, Ordering::SeqCst);
    outbox.send(None, &letter()).await.unwrap();
    assert_eq!(of_mail(&world).await, None);
}
