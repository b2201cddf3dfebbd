//! Watches the pool, and sends alerts to the operator by every channel.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use stakepool_core::alert::{Alert, AlertPhase};
use stakepool_core::time::UnixTime;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::alert_record::{AlertsReport, NOTE, WORK};
use crate::alerts::administrators::ToAdministrators;
use crate::alerts::book::AlertBook;
use crate::alerts::channel::Channel;
use crate::alerts::leadership::{LEASE, Leadership};
use crate::alerts::pulse::Pulse;
use crate::alerts::since::Since;
use crate::alerts::troubles::{self, PATIENCE};
use crate::onsets::NOTE as TROUBLES;
use crate::pool::Pool;
use crate::status::{DaemonCondition, Overall, PoolStatus, WalletCondition, WalletReport};
use crate::unknown_notes::keep_seen;

/// How often the pool is looked at.
const LOOK: Duration = Duration::from_secs(15);
/// What an instance that begins to alert counts as news: what happened while it waited for the lease of the one before, and
/// what that one had not sent yet.
const GAP: Duration = LEASE.saturating_add(PATIENCE).saturating_add(LOOK).saturating_add(LOOK);
/// After how many looks the administrators are read again, for a time when the database fails.
const ADMINISTRATORS: u32 = 40;
/// How long the database may take for a note.
const NOTE_LIMIT: Duration = Duration::from_secs(5);

/// What watches a pool.
struct Watch {
    book: AlertBook,
    leadership: Leadership,
    since: Since,
    channels: Vec<Channel>,
    administrators: Option<Arc<ToAdministrators>>,
    pulse: Option<Pulse>,
}

/// Watches without end.
pub(crate) async fn run(pool: &Pool) {
    let mut watch = Watch::of(pool);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for look in 0_u32.. {
        looks.tick().await;
        if let Some(administrators) = watch.administrators.as_ref().filter(|_| look.is_multiple_of(ADMINISTRATORS)) {
            administrators.remember().await;
        }
        watch.look(pool).await;
    }
}

/// Lets another instance alert at once.
pub(crate) async fn give_up(pool: &Pool) {
    if pool.alert_record.own().is_some() {
        let given_back = pool.parts.leases.give_back(WORK, &pool.instance);
        if !matches!(timeout(NOTE_LIMIT, given_back).await, Ok(Ok(()))) {
            tracing::debug!("the lease of the alerts was not given back; it ends by itself");
        }
    }
}

impl Watch {
    fn of(pool: &Pool) -> Self {
        let mut sinks = pool.parts.alerts.clone();
        let administrators = pool.sends_mail().then(|| {
            let (users, outbox) = (pool.parts.users.clone(), pool.outbox.clone());
            Arc::new(ToAdministrators::of(&pool.settings, users, outbox))
        });
        if let Some(administrators) = &administrators {
            sinks.push(administrators.clone());
        }
        Self {
            book: AlertBook::default(),
            leadership: Leadership::new(&pool.instance),
            since: Since::new(pool.now(), GAP),
            channels: sinks.into_iter().map(Channel::new).collect(),
            administrators,
            pulse: pool.parts.heartbeat.clone().map(|beats| Pulse::new(beats, pool.settings.heartbeat_every)),
        }
    }

    async fn look(&mut self, pool: &Pool) {
        let now = pool.now();
        self.since.not_after(now);
        if self.leadership.begins(pool.parts.leases.as_ref(), now).await {
            // What the one before has not told is told, and what lasts is told once more: better than never.
            (self.book, self.since) = (AlertBook::default(), Since::new(now, GAP));
            self.recall(pool).await;
        }
        let status = pool.status().await;
        let troubles = troubles::all(pool, &status, &mut self.since).await;
        let alerts = self.book.compare(pool.now(), troubles);
        for alert in &alerts {
            log(alert);
        }
        if self.leadership.is_ours() && self.leadership.lasts(pool.parts.leases.as_ref()).await {
            self.send(pool, &alerts, status.state).await;
            note_unknown(pool, &status).await;
            self.note_onsets(pool).await;
        }
        self.note(pool).await;
    }

    /// Takes over when the channels last worked from the instance before.
    async fn recall(&mut self, pool: &Pool) {
        let Ok(Ok(notes)) = timeout(NOTE_LIMIT, pool.parts.upkeep.notes(NOTE)).await else { return };
        let before = AlertsReport::of_notes(&notes);
        for channel in &mut self.channels {
            channel.recall(&before.channels);
        }
        if let Some(pulse) = &mut self.pulse {
            pulse.recall(before.heartbeat);
        }
    }

    async fn send(&mut self, pool: &Pool, alerts: &[Alert], state: Overall) {
        let now = pool.now();
        let sent = join_all(self.channels.iter_mut().map(|channel| channel.send(alerts, now))).await;
        for alerts in sent {
            pool.alert_record.told(&alerts);
        }
        // Where the pool cannot serve, or nobody knows yet whether it can, no sign of life is one, too.
        if let Some(pulse) = self.pulse.as_mut().filter(|_| matches!(state, Overall::Ok | Overall::Degraded)) {
            pulse.beat(now).await;
        }
    }

    /// Notes since when troubles last, for the next start and for programs that only look.
    async fn note_onsets(&self, pool: &Pool) {
        if let Some(text) = pool.onsets.to_note(pool.now())
            && let Some(lease) = self.leadership.lease()
        {
            // Where the database fails, the status says so.
            let _ = timeout(NOTE_LIMIT, pool.parts.leases.set_note_under(lease, TROUBLES, &text)).await;
        }
    }

    /// Notes how the channels are, for this instance's pages and for everybody else's.
    async fn note(&self, pool: &Pool) {
        let report = AlertsReport {
            instance: Some(pool.instance.clone()),
            channels: self.channels.iter().map(|channel| channel.report().clone()).collect(),
            heartbeat: self.pulse.as_ref().map(|pulse| pulse.report().clone()),
        };
        let text = report.note();
        if pool.alert_record.set(self.leadership.is_ours(), report)
            && let Some(text) = text
        {
            // Where the database fails, the status says so.
            if let Some(lease) = self.leadership.lease() {
                let _ = timeout(NOTE_LIMIT, pool.parts.leases.set_note_under(lease, NOTE, &text)).await;
            }
        }
    }
}

/// Notes when addresses that are no user's were first seen, and forgets those that are reported no more.
async fn note_unknown(pool: &Pool, status: &PoolStatus) {
    let reported = status.unknown_addresses.iter().map(|report| report.address).collect();
    let silent =
        |wallet: &WalletReport| matches!(wallet.state, WalletCondition::Unknown | WalletCondition::Unreachable);
    let all_heard = !status.wallets.iter().any(silent)
        && status.daemons.iter().all(|daemon| daemon.state == DaemonCondition::InSync);
    let kept = keep_seen(pool.parts.upkeep.as_ref(), &reported, all_heard, pool.now());
    // Where the database fails, the status says so.
    let _ = timeout(NOTE_LIMIT, kept).await;
}

/// A try of the channels: nothing is wrong.
pub(super) fn test_alert(now: UnixTime) -> Alert {
    Alert {
        kind: stakepool_core::alert::AlertKind::Test,
        phase: AlertPhase::Begins,
        about: "the pool".to_owned(),
        text: "this is only a test of the pool's alerts; nothing is wrong".to_owned(),
        since: now,
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
