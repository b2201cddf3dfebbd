//! The hosts of a database, and the connections to the one that is used.
//!
//! Each second, and whenever a call meets a server that does not serve, all of them are asked. Where another one is to be used,
//! new connections take the place of the old ones, which are closed; who waits for the old server begins again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::mysql::{MySqlConnectOptions, MySqlPool};
use stakepool_core::ports::{DatabaseServer, ServerState};
use stakepool_core::single_flight::SingleFlight;
use tokio::time::{Instant, sleep_until, timeout};

use super::choice::Choice;
use super::connect;
use super::host::{Host, Unusable, Usable};
use crate::sql::{GiveUp, GivenUp, may_be_given_up};

/// How often the hosts are asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long one may take to say whether it can be used.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The same at the start, where its certificate and the account are tried as well.
const FIRST_PATIENCE: Duration = Duration::from_secs(4);
/// For how long what a look found is good enough for calls that failed.
const FRESH: Duration = Duration::from_millis(200);
/// For how long calls are tried while no host can be used.
const HOPE: Duration = Duration::from_secs(3);
/// The same while none answers: they may only be slow.
const HOPE_IN_SILENCE: Duration = Duration::from_secs(5);
/// How long the end of old connections may take.
const FAREWELL: Duration = Duration::from_secs(60);

/// The hosts.
pub(super) struct Hosts {
    options: DatabaseServer,
    /// Most connections at a time.
    connections: u32,
    hosts: tokio::sync::Mutex<Vec<Host>>,
    looks: SingleFlight<()>,
    state: Mutex<State>,
}

struct State {
    choice: Choice,
    used: Used,
    found: Vec<(String, Result<Usable, Unusable>)>,
    /// Since when no host can be used.
    away_since: Option<Instant>,
    /// The largest that the cluster has been.
    largest: u32,
    moves: u64,
    is_closed: bool,
}

/// The connections to the host that is used.
struct Used {
    host: String,
    pool: MySqlPool,
    give_up: GiveUp,
    given_up: GivenUp,
}

impl Used {
    fn new(host: &str, connect: MySqlConnectOptions, connections: u32) -> Self {
        let (give_up, given_up) = may_be_given_up();
        Self { host: host.to_owned(), pool: connect::pool(connect, connections), give_up, given_up }
    }
}

impl Hosts {
    /// Finds the host to be used.
    ///
    /// # Errors
    /// What is wrong with each of them.
    pub(super) async fn find(options: DatabaseServer, connections: u32) -> Result<Arc<Self>, String> {
        // A socket has no host; the name only stands for it.
        let names =
            if options.socket.is_some() { &options.hosts[..options.hosts.len().min(1)] } else { &options.hosts };
        let mut hosts: Vec<Host> = names.iter().map(|name| Host::of(&options, name)).collect();
        let mut found = ask(&mut hosts, FIRST_PATIENCE).await;
        let mut choice = Choice::default();
        for host in &mut hosts {
            host.hang_up().await;
        }
        let Some(place) = choice.look(&mut found) else {
            return Err(if hosts.is_empty() {
                "no host is named; set dbhost".to_owned()
            } else {
                told(&named(&hosts, found))
            });
        };
        let used = Used::new(hosts[place].name(), hosts[place].options().clone(), connections);
        let state = State {
            choice,
            used,
            found: named(&hosts, found),
            away_since: None,
            largest: 0,
            moves: 0,
            is_closed: false,
        };
        let looks = SingleFlight::new(FRESH);
        let hosts = Arc::new(Self { options, connections, hosts: hosts.into(), looks, state: state.into() });
        Ok(hosts)
    }

    /// Asks all hosts each second, over a connection to each, as long as anybody has `self`.
    pub(super) fn watch(self: &Arc<Self>) {
        let hosts = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let next = Instant::now() + EVERY;
                let Some(hosts) = hosts.upgrade().filter(|hosts| !hosts.is_closed()) else { return };
                hosts.look().await;
                // The connections end with the last that uses them, not at the next look.
                drop(hosts);
                sleep_until(next).await;
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks all hosts, and goes on with the one that is to be used. Many who ask at once share one look.
    pub(super) async fn look(&self) {
        self.looks
            .get(async {
                let mut hosts = self.hosts.lock().await;
                let found = ask(&mut hosts, PATIENCE).await;
                self.take(&hosts, found);
            })
            .await;
    }

    fn take(&self, hosts: &[Host], mut found: Vec<Result<Usable, Unusable>>) {
        let mut state = self.state();
        if state.is_closed {
            return;
        }
        let before = state.choice.used();
        let next = state.choice.look(&mut found);
        if let (Some(before), Some(next)) = (before, next)
            && before != next
        {
            let used = Used::new(hosts[next].name(), hosts[next].options().clone(), self.connections);
            tracing::warn!(from = state.used.host, to = used.host, "the database goes on on another host");
            let old = std::mem::replace(&mut state.used, used);
            if found[before].is_err() {
                old.give_up.now();
            }
            state.moves += 1;
            // Who has one of its connections brings it back, or has given it up.
            tokio::spawn(async move { drop(timeout(FAREWELL, old.pool.close()).await) });
        }
        let is_away = found.iter().all(Result::is_err);
        state.away_since = is_away.then(|| state.away_since.unwrap_or_else(Instant::now));
        let sizes = found.iter().filter_map(|found| found.as_ref().ok()?.cluster.as_ref()).map(|cluster| cluster.size);
        state.largest = sizes.fold(state.largest, u32::max);
        state.found = named(hosts, found);
    }

    /// The connections to the host that is used, and who hears where that is given up.
    ///
    /// # Errors
    /// Why no host can be used, where that is so for too long to be waited for.
    pub(super) fn used(&self) -> Result<(MySqlPool, GivenUp), String> {
        let state = self.state();
        match state.away_since {
            Some(since) if since.elapsed() >= hope(&state.found) && !state.is_closed => Err(told(&state.found)),
            _ => Ok((state.used.pool.clone(), state.used.given_up.clone())),
        }
    }

    /// Why no host can be used, where that is so.
    pub(super) fn trouble(&self) -> Option<String> {
        let state = self.state();
        state.away_since.map(|_| told(&state.found))
    }

    /// What is known of the servers.
    pub(super) fn server_state(&self) -> ServerState {
        let state = self.state();
        let unusable = |(name, found): &(String, Result<Usable, Unusable>)| {
            found.as_ref().err().map(|unusable| (name.clone(), unusable.reason.clone()))
        };
        let used = state.choice.used().and_then(|place| state.found.get(place));
        let mut cluster = used.and_then(|(_, found)| found.as_ref().ok()?.cluster.clone());
        if let Some(cluster) = &mut cluster {
            let named = u32::try_from(state.found.len()).unwrap_or(u32::MAX);
            cluster.usual = state.largest.max(named);
        }
        ServerState {
            host: state.used.host.clone(),
            unusable: state.found.iter().filter_map(unusable).collect(),
            retries: 0,
            moves: state.moves,
            cluster,
        }
    }

    /// Whether the hosts are, or were, nodes of a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        let state = self.state();
        let is_node = |found: &Result<Usable, Unusable>| found.as_ref().is_ok_and(|usable| usable.cluster.is_some());
        state.largest > 0 || state.found.iter().any(|(_, found)| is_node(found))
    }

    /// What the database is called for people.
    pub(super) fn place(&self) -> String {
        self.options.place_on(&self.state().used.host)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Ends all connections, once what is under way is done.
    pub(super) async fn close(&self) {
        let pool = {
            let mut state = self.state();
            state.is_closed = true;
            state.used.pool.clone()
        };
        pool.close().await;
    }
}

impl std::fmt::Debug for Hosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hosts").field("place", &self.place()).finish_non_exhaustive()
    }
}

async fn ask(hosts: &mut [Host], patience: Duration) -> Vec<Result<Usable, Unusable>> {
    join_all(hosts.iter_mut().map(|host| host.ask(patience))).await
}

fn named(hosts: &[Host], found: Vec<Result<Usable, Unusable>>) -> Vec<(String, Result<Usable, Unusable>)> {
    hosts.iter().map(|host| host.name().to_owned()).zip(found).collect()
}

/// For how long calls are tried while no host can be used.
fn hope(found: &[(String, Result<Usable, Unusable>)]) -> Duration {
    let is_silent = found.iter().all(|(_, found)| found.as_ref().is_err_and(|unusable| unusable.is_silent));
    if is_silent { HOPE_IN_SILENCE } else { HOPE }
}

/// What is wrong with each host, for people.
fn told(found: &[(String, Result<Usable, Unusable>)]) -> String {
    let reasons = found.iter().filter_map(|(name, found)| Some((name, &found.as_ref().err()?.reason)));
    let reason = |(name, reason): (&String, &String)| match found.len() {
        1 => reason.clone(),
        _ => format!("{name}: {reason}"),
    };
    reasons.map(reason).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use stakepool_core::secret::Secret;

    use super::*;

    #[test]
    fn only_where_no_host_answers_at_all_calls_are_tried_for_longer() {
        let host = |is_silent| (String::new(), Err(Unusable { reason: String::new(), is_silent }));
        assert_eq!(hope(&[host(true), host(true)]), HOPE_IN_SILENCE);
        assert_eq!(hope(&[host(true), host(false)]), HOPE);
        assert_eq!(hope(&[host(false)]), HOPE);
    }

    fn no_host() -> Arc<Hosts> {
        let options = DatabaseServer::new("pool", "pool", Secret::new("x"));
        let used = Used::new("nowhere", connect::options(&options, "nowhere"), 1);
        let state = State {
            choice: Choice::default(),
            used,
            found: Vec::new(),
            away_since: None,
            largest: 0,
            moves: 0,
            is_closed: false,
        };
        let (hosts, looks) = (Vec::new().into(), SingleFlight::new(FRESH));
        Arc::new(Hosts { options, connections: 1, hosts, looks, state: state.into() })
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_takes_long_does_not_put_off_the_next() {
        let (hosts, began) = (no_host(), Instant::now());
        let mut ends = Vec::new();
        hosts.watch();
        for _ in 0..3 {
            let slow = hosts.hosts.lock().await;
            hosts.state().away_since = None;
            sleep_until(began + EVERY * u32::try_from(ends.len()).unwrap() + Duration::from_millis(600)).await;
            drop(slow);
            while hosts.state().away_since.is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            ends.push(began.elapsed().as_millis() / 100);
        }
        assert_eq!(ends, [6, 16, 26]);
    }
}
