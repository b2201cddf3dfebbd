//! A try of the channels by which the operator is alerted.

use std::sync::Arc;

use async_trait::async_trait;
use stakepool_core::alert::Alert;
use stakepool_core::ports::{AlertError, AlertSink, Heartbeat};

use crate::world::{BOB, World};

/// A channel that takes alerts, or does not.
struct Sink(bool);

fn taken(takes: bool) -> Result<(), AlertError> {
    if takes { Ok(()) } else { Err(AlertError { way: "test", reason: "refused".to_owned() }) }
}

#[async_trait]
impl AlertSink for Sink {
    fn way(&self) -> &'static str {
        "webhook"
    }

    async fn send(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        assert_eq!(alerts.len(), 1);
        taken(self.0)
    }
}

#[async_trait]
impl Heartbeat for Sink {
    async fn beat(&self) -> Result<(), AlertError> {
        taken(self.0)
    }
}

#[tokio::test]
async fn every_channel_is_tried_and_the_one_that_fails_is_named() {
    let world = World::with(|plan| {
        plan.mail = true;
        plan.channels = Some((Arc::new(Sink(false)), Arc::new(Sink(true))));
    })
    .await;
    let tried = async || -> Vec<_> {
        let tests = world.pool.test_alerts().await;
        tests.into_iter().map(|test| (test.way, test.sent.is_ok())).collect()
    };
    assert_eq!(
        tried().await,
        [("webhook", false), ("mail", false), ("heartbeat", true)],
        "no administrator to mail to"
    );
    world.administrator(BOB).await;
    assert_eq!(tried().await, [("webhook", false), ("mail", true), ("heartbeat", true)]);
    world.letters.take(BOB, "").await;
    assert!(World::start().await.pool.test_alerts().await.is_empty(), "without channels nobody is alerted");
}
