//! A try of all channels, on request.

use stakepool_core::ports::{AlertError, AlertSink as _};

use crate::alerts::administrators::ToAdministrators;
use crate::alerts::pulse::WAY as HEARTBEAT;
use crate::alerts::watch::test_alert;
use crate::pool::Pool;

/// What a channel came to when it was tried.
#[derive(Debug)]
pub struct ChannelTest {
    /// The way: `webhook`, `mail`, `heartbeat`.
    pub way: &'static str,
    /// Whether it was sent, and else why not.
    pub sent: Result<(), AlertError>,
}

impl Pool {
    /// Sends a test, which says that nothing is wrong, by every channel of alerts, and beats the heartbeat once. Empty where
    /// the pool has no channel: then nobody is alerted of anything.
    pub async fn test_alerts(&self) -> Vec<ChannelTest> {
        let alert = [test_alert(self.now())];
        let mut tests = Vec::new();
        for sink in &self.parts.alerts {
            tests.push(ChannelTest { way: sink.way(), sent: sink.send(&alert).await });
        }
        if self.parts.mailer.is_on() {
            let sink = ToAdministrators::of(&self.settings, self.parts.users.clone(), self.outbox.clone());
            tests.push(ChannelTest { way: sink.way(), sent: sink.send(&alert).await });
        }
        if let Some(heartbeat) = &self.parts.heartbeat {
            tests.push(ChannelTest { way: HEARTBEAT, sent: heartbeat.beat().await });
        }
        tests
    }
}
