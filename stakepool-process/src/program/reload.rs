//! A configuration that is read again while the program runs.

use std::io;

use stakepool_config::{ConfigErrors, Invocation};
use tokio::sync::watch;

use super::config::ProgramConfig;
use super::logging::Log;
use super::service;
use super::signals::ReloadSignals;

/// The configurations that are read while a program runs, at SIGHUP and SIGUSR1. Those with errors are not among them.
pub struct Reloads<C>(watch::Receiver<Option<C>>);

impl<C: Clone> Reloads<C> {
    /// The next configuration, of several that were read meanwhile the latest. Of its values only those are to be used
    /// that [`ProgramConfig::RELOADED`] names. Never ready where none is read.
    pub async fn next(&mut self) -> C {
        loop {
            if self.0.changed().await.is_err() {
                return std::future::pending().await;
            }
            if let Some(config) = self.0.borrow_and_update().clone() {
                return config;
            }
        }
    }
}

/// A sender of configurations, and where they arrive.
pub(super) fn channel<C>() -> (watch::Sender<Option<C>>, Reloads<C>) {
    let (sender, receiver) = watch::channel(None);
    (sender, Reloads(receiver))
}

/// Reads the configuration again at each signal that asks for it, for ever.
pub(super) async fn at_signals<C: ProgramConfig>(
    signals: io::Result<ReloadSignals>,
    started: &C,
    load: &impl Fn() -> Result<Invocation<C>, ConfigErrors>,
    log: &Log,
    to: watch::Sender<Option<C>>,
) {
    let mut asked = match signals {
        Ok(asked) => asked,
        Err(error) => {
            tracing::warn!(%error, "SIGHUP and SIGUSR1 end this program, because they cannot be caught");
            return std::future::pending().await;
        }
    };
    let mut last = started.clone();
    loop {
        let name = asked.next().await;
        service::reloading();
        log.reopen();
        match load() {
            Ok(Invocation::Run(new)) => {
                take(started, &last, &new, log, name);
                last = (*new).clone();
                to.send_replace(Some(*new));
            }
            Ok(_) => {
                tracing::error!("{name}: the configuration asks for something else than to run; the old one is kept")
            }
            Err(errors) => {
                for problem in &errors.problems {
                    tracing::error!("{name}: {problem}");
                }
                tracing::error!("{name}: the new configuration has errors and is not used; the old one is kept");
            }
        }
        service::reloaded();
    }
}

/// Logs what a new configuration changes, and takes what concerns the log.
fn take<C: ProgramConfig>(started: &C, last: &C, new: &C, log: &Log, signal: &str) {
    if new.log_filter() != last.log_filter() {
        log.set_filter(new.log_filter());
    }
    for warning in new.warnings().iter().filter(|warning| !last.warnings().contains(warning)) {
        tracing::warn!("{warning}");
    }
    let is_reloaded = |key: &&'static str| C::RELOADED.contains(key) || *key == "debuglevel";
    let changed: Vec<_> =
        new.sources().values.changed(&last.sources().values).into_iter().filter(is_reloaded).collect();
    let waiting: Vec<_> =
        new.sources().values.changed(&started.sources().values).into_iter().filter(|key| !is_reloaded(key)).collect();
    let changed = if changed.is_empty() { "nothing".to_owned() } else { changed.join(", ") };
    tracing::info!(%changed, "{signal}: the configuration was read again");
    if !waiting.is_empty() {
        tracing::warn!("these keys have other values than at the start, and need a restart: {}", waiting.join(", "));
    }
}
