//! Watches the pool and tells the operator of troubles, by every way that is configured.

mod mail;
mod news;
#[cfg(test)]
mod scene;
mod troubles;
mod turn;
#[cfg(test)]
mod watch_tests;
mod webhook;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use stakepool::alerts::book::AlertBook;
use stakepool_core::alert::{Alert, AlertPhase};
use stakepool_core::ports::AlertSink;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use news::News;
use turn::Turn;

pub use webhook::{Webhook, WebhookError};

/// How often the pool is looked at.
const LOOK: Duration = Duration::from_secs(15);
/// Most alerts that wait for a way that does not work; the oldest go first.
const MAX_WAITING: usize = 200;

/// A way with the alerts that it has not yet told.
struct Way {
    sink: Arc<dyn AlertSink>,
    waiting: VecDeque<Alert>,
    works: bool,
}

impl Way {
    /// Tells what waits. What could not be told is told at the next look.
    async fn tell(&mut self, alerts: &[Alert]) {
        self.waiting.extend(alerts.iter().cloned());
        let too_many = self.waiting.len().saturating_sub(MAX_WAITING);
        self.waiting.drain(..too_many);
        if self.waiting.is_empty() {
            return;
        }
        match self.sink.tell(self.waiting.make_contiguous()).await {
            Ok(()) => {
                self.waiting.clear();
                self.works = true;
            }
            Err(error) => {
                if std::mem::replace(&mut self.works, false) {
                    tracing::error!(%error, "tried again");
                }
            }
        }
    }
}

/// Watches for ever.
pub async fn run(app: &Arc<App>) {
    let mut sinks = app.services.alerts.clone();
    if app.services.mailer.is_on() {
        sinks.push(Arc::new(mail::ToAdministrators(app.clone())));
    }
    let mut ways: Vec<_> = sinks.into_iter().map(|sink| Way { sink, waiting: VecDeque::new(), works: true }).collect();
    let mut book = AlertBook::default();
    let mut turn = Turn::new(app.services.random.as_ref());
    let mut news = News::since(app.now());
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if turn.begins(app.services.leases.as_ref(), app.now()).await {
            // What the one before has not told is told, and what lasts is told once more: better than never.
            (book, news) = (AlertBook::default(), News::since(app.now()));
        }
        let alerts = book.compare(app.now(), troubles::all(app, &mut news).await);
        for alert in &alerts {
            log(alert);
        }
        for way in ways.iter_mut().filter(|_| turn.is_ours()) {
            way.tell(&alerts).await;
        }
    }
}

fn log(alert: &Alert) {
    let Alert { kind, about, text, phase, since } = alert;
    if *phase == AlertPhase::Ends {
        tracing::info!(%kind, about, %since, "trouble is over: {text}");
    } else {
        tracing::error!(%kind, about, %since, "{text}");
    }
}

/// Some alerts in words: the subject and the text of a message.
fn in_words(site: &str, alerts: &[Alert]) -> (String, String) {
    let words = |alert: &Alert| {
        let Alert { kind, about, text, since, .. } = alert;
        let since = since.readable();
        let name = kind.name().replace('_', " ");
        match alert.phase {
            AlertPhase::Begins => format!("NEW: {name}, {about}: {text} (since {since})"),
            AlertPhase::Lasts => format!("STILL: {name}, {about}: {text} (since {since})"),
            AlertPhase::Ends => format!("OVER: {name}, {about}. It was: {text} (since {since})"),
        }
    };
    let lines: Vec<_> = alerts.iter().map(words).collect();
    let first = alerts.first().map_or_else(String::new, |alert| {
        format!("{}: {}, {}", alert.phase.name(), alert.kind.name().replace('_', " "), alert.about)
    });
    let more = if alerts.len() > 1 { format!(" and {} more", alerts.len() - 1) } else { String::new() };
    (format!("[{site}] {first}{more}"), lines.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use stakepool_core::alert::AlertKind;
    use stakepool_core::ports::AlertError;
    use stakepool_core::time::UnixTime;

    #[derive(Default)]
    struct Moody {
        broken: Mutex<bool>,
        told: Mutex<Vec<usize>>,
    }

    #[async_trait]
    impl AlertSink for Moody {
        fn way(&self) -> &'static str {
            "test"
        }

        async fn tell(&self, alerts: &[Alert]) -> Result<(), AlertError> {
            if *self.broken.lock().unwrap() {
                return Err(AlertError { way: "test", reason: "moody".into() });
            }
            self.told.lock().unwrap().push(alerts.len());
            Ok(())
        }
    }

    fn alert() -> Alert {
        Alert {
            kind: AlertKind::WalletLocked,
            phase: AlertPhase::Begins,
            about: "a:1".into(),
            text: "it is locked".into(),
            since: UnixTime(0),
        }
    }

    #[tokio::test]
    async fn what_could_not_be_told_is_told_later_and_never_twice() {
        let sink = Arc::new(Moody::default());
        let mut way = Way { sink: sink.clone(), waiting: VecDeque::new(), works: true };
        *sink.broken.lock().unwrap() = true;
        way.tell(&[alert()]).await;
        way.tell(&[alert()]).await;
        *sink.broken.lock().unwrap() = false;
        way.tell(&[]).await;
        way.tell(&[]).await;
        way.tell(&vec![alert(); 2 * MAX_WAITING]).await;
        assert_eq!(*sink.told.lock().unwrap(), [2, MAX_WAITING]);
    }

    #[test]
    fn a_message_says_what_is_wrong_with_what_since_when() {
        let (subject, text) = in_words("pool", &[alert(), Alert { phase: AlertPhase::Ends, ..alert() }]);
        assert_eq!(subject, "[pool] begins: wallet locked, a:1 and 1 more");
        assert!(text.starts_with("NEW: wallet locked, a:1: it is locked (since 1970"), "{text}");
        assert!(text.contains("\n\nOVER: wallet locked, a:1. It was: it is locked"), "{text}");
    }
}
