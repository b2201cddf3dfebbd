//! Users and added tickets that the daemon looks up by itself, while nobody sends them.
//!
//! What is sent counts more: from then on the source is not asked any more, and one that is read at the start alone only adds
//! to what was sent before a restart. A source that fails, or that is empty, costs nothing but news: the daemon votes with
//! what it has.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::desired_source::SourceReads;
use super::engine::Engine;
use super::tell::{NAMED, count, named};
use crate::chain::{Network, ScriptAddress};
use crate::ports::{DesiredFound, DesiredSource, DesiredSourceError};

/// How long one reading may take.
const READ_LIMIT: Duration = Duration::from_secs(60);
/// Pause after the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(240);
/// How long a failure at the start is nobody's concern: the web may be about to send all.
const WEB_FIRST: Duration = Duration::from_secs(20);

/// What is said of a failure.
const GOES_ON: &str = "Until it can be read, the daemon votes with the users and added tickets that it has";

/// Reads the source for as long as it has something to say, and goes on waiting then: the engine takes a part that ends for
/// broken.
pub(super) async fn read_source(engine: Arc<Engine>) {
    if let Some(reads) = engine.source.reads() {
        let mut sent = engine.source.subscribe();
        let reading = async {
            read_on(&engine, &reads).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = sent.wait_for(|sent| sent.users && sent.added) => {}
            () = reading => {}
        }
        engine.solved("source");
        engine.solved("source entries");
    }
    std::future::pending().await
}

async fn read_on(engine: &Engine, reads: &SourceReads) {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut taking = Taking { adds_only: reads.every.is_none(), had_none_added: false };
    loop {
        let answer = read(reads.source()).await;
        let is_first = engine.source.note_answer();
        let failed = match answer {
            Ok(found) => engine.take_found(&reads.source().place(), found, &mut taking).err(),
            Err(error) => Some(format!("{error}. {GOES_ON}")),
        };
        if is_first {
            engine.tell_strangers();
        }
        pause = match (failed, reads.every) {
            (None, None) => return,
            (None, Some(every)) => {
                sleep(every).await;
                FIRST_PAUSE
            }
            (Some(what), every) => {
                if every.is_some() || began.elapsed() >= WEB_FIRST {
                    engine.problem("source", what);
                }
                sleep(pause).await;
                (pause * 2).min(every.unwrap_or(LONGEST_PAUSE)).min(LONGEST_PAUSE)
            }
        };
    }
}

/// How what was read is taken.
struct Taking {
    /// What the daemon knows stays as it is: it was sent before a restart, perhaps from another place than the source's.
    adds_only: bool,
    /// The last reading found no added tickets, though the daemon knows some.
    had_none_added: bool,
}

/// One reading, in a task of its own: one that breaks down ends nothing else.
async fn read(source: &Arc<dyn DesiredSource>) -> Result<DesiredFound, DesiredSourceError> {
    let mut task = JoinSet::new();
    let reading = Arc::clone(source);
    task.spawn(async move { reading.read().await });
    let failed = |reason: String| Err(DesiredSourceError { place: source.place(), reason });
    match timeout(READ_LIMIT, task.join_next()).await {
        Ok(Some(Ok(read))) => read,
        Ok(_) => failed("the reader broke down; report what the log says above".to_owned()),
        Err(_) => failed(format!("it was not read within {} seconds", READ_LIMIT.as_secs())),
    }
}

impl Engine {
    /// Takes what a source has, but for what was sent.
    ///
    /// A source without users replaces none: it is the wrong one, or is being filled. One without added tickets takes those of
    /// the daemon away once it has none at two readings: a dump that is being restored has one table after the other.
    fn take_found(&self, place: &str, found: DesiredFound, taking: &mut Taking) -> Result<(), String> {
        let found = self.usable(place, found);
        let known = self.desired();
        if found.users.is_empty() {
            let known = count(known.users().len() as u64, "user", "users");
            return Err(format!("{place} has no users: check dbname. The daemon knows {known} and keeps them"));
        }
        let DesiredFound { mut users, mut added, mut scripts, .. } = found;
        if taking.adds_only {
            scripts.extend(known.scripts().copied());
            users = merged(known.users(), users, |user| user.address);
            added = merged(known.added(), added, |ticket| ticket.ticket);
        }
        let has_none = added.is_empty() && known.added().len() > 0;
        if has_none && !std::mem::replace(&mut taking.had_none_added, has_none) {
            added = known.added().copied().collect();
            let kept = added.len();
            tracing::warn!(
                place,
                kept,
                "no ticket is added there any more; those of the daemon stay until it is read again"
            );
        }
        taking.had_none_added = has_none;
        self.solved("source");
        let mut next = (*known).clone().with_scripts(scripts.iter().copied());
        next.set_users(users.iter().copied());
        next.set_added(added.iter().copied());
        if next == *known && self.has_users() {
            return Ok(());
        }
        tracing::info!(place, users = users.len(), added = added.len(), "users and added tickets were read");
        self.change_desired(true, |desired| {
            let sent = self.source.sent();
            if !sent.users {
                desired.set_users(users);
                *desired = std::mem::take(desired).with_scripts(scripts);
            }
            if !sent.added {
                desired.set_added(added);
            }
        });
        Ok(())
    }

    /// What can be used of what was found; the rest is named.
    fn usable(&self, place: &str, found: DesiredFound) -> DesiredFound {
        let DesiredFound { mut users, mut added, scripts, mut left_out } = found;
        let network = self.lottery().evaluator().network();
        users.retain(|user| is_of(network, &user.address, &mut left_out));
        added.retain(|ticket| is_of(network, &ticket.address, &mut left_out));
        self.tell_left_out(place, &left_out);
        DesiredFound { users, added, scripts, left_out }
    }

    fn tell_left_out(&self, place: &str, left_out: &[String]) {
        if left_out.is_empty() {
            return self.solved("source entries");
        }
        let entries = count(left_out.len() as u64, "entry", "entries");
        let names = named(left_out, NAMED, Clone::clone);
        self.problem("source entries", format!("{entries} of {place} cannot be used: {names}. Mend them there"));
    }
}

/// What is known, with what was found beside it.
fn merged<'a, T: Copy + 'a, K: Eq + Hash>(
    known: impl Iterator<Item = &'a T>,
    found: Vec<T>,
    key: impl Fn(&T) -> K,
) -> Vec<T> {
    let mut all: Vec<_> = known.copied().collect();
    let keys: HashSet<_> = all.iter().map(&key).collect();
    all.extend(found.into_iter().filter(|one| !keys.contains(&key(one))));
    all
}

/// Whether an address is of the network; one that is not is noted.
fn is_of(network: Network, address: &ScriptAddress, left_out: &mut Vec<String>) -> bool {
    let is_ours = address.network() == network;
    if !is_ours {
        left_out.push(format!("{address} is of {}, not of {network}", address.network()));
    }
    is_ours
}
