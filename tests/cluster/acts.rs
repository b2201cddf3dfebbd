//! What a pool does under load, by whom it was acknowledged, and whether the database has it: all of it, and nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use stakepool_core::accounts::{User, UserId};
use stakepool_core::chain::VoteBits;
use stakepool_core::ports::{
    AuditEntry, AuditStore, NewUser, StoreError, TicketMail, TicketMailKind, TicketMailStore, TryStore, UserStore,
};
use stakepool_core::testkit::samples::{NOW, later, new_user, ticket};
use stakepool_db::Database;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::http::{ask, escape};
use crate::stage::{Stage, WEBS};

/// The pause of each worker between two acts, so that the machine has time for the servers.
const PAUSE: Duration = Duration::from_millis(40);
/// A number of tries that nobody reaches.
const MOST: u32 = 1_000_000;
/// What the pool as a whole registers within an hour, by each web's own count, with some room.
const ADDRESSES: usize = 120;

/// What was done, as those heard who did it.
#[derive(Default)]
pub struct Acts {
    stop: AtomicBool,
    number: AtomicU32,
    made: Mutex<BTreeMap<String, UserId>>,
    /// The bits that a user may have: those that were acknowledged last, and those of which nobody knows since.
    bits: Mutex<BTreeMap<UserId, BTreeSet<u16>>>,
    registered: Mutex<BTreeSet<UserId>>,
    address_tries: AtomicUsize,
    tries: Count,
    entries: Mutex<BTreeMap<String, bool>>,
    noted: Mutex<BTreeSet<String>>,
    claimed: Mutex<BTreeMap<String, u32>>,
    unsure: AtomicUsize,
    refused: AtomicUsize,
    answered: AtomicUsize,
    slowest: AtomicU64,
}

/// How often something was done for sure, and perhaps.
#[derive(Default)]
struct Count {
    sure: AtomicU32,
    perhaps: AtomicU32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl Acts {
    /// Begins to act without end, by stores as the webs have them and through the webs themselves.
    pub fn begin(stage: &Arc<Stage>, programs: &[Database; WEBS]) -> (Arc<Self>, JoinSet<()>) {
        let acts = Arc::new(Self::default());
        let mut running = JoinSet::new();
        for (number, program) in programs.iter().enumerate() {
            running.spawn(acts.clone().make_users(program.clone()));
            running.spawn(acts.clone().note(program.clone()));
            running.spawn(acts.clone().mail(program.clone()));
            running.spawn(acts.clone().ask_webs(stage.clone(), program.clone(), number));
        }
        (acts, running)
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn next(&self) -> u32 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// How many acts were acknowledged by now.
    pub fn acknowledged(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    pub fn users(&self) -> usize {
        lock(&self.made).len()
    }

    /// Does something; `None` where nobody knows whether it is done.
    async fn act<T, E: std::fmt::Display>(&self, work: impl Future<Output = Result<T, E>>) -> Option<T> {
        let began = Instant::now();
        let done = work.await;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap();
        self.slowest.fetch_max(took, Ordering::Relaxed);
        match done {
            Ok(done) => {
                self.answered.fetch_add(1, Ordering::Relaxed);
                Some(done)
            }
            Err(_) => {
                self.unsure.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    async fn rest(&self) -> bool {
        sleep(PAUSE).await;
        !self.stop.load(Ordering::Relaxed)
    }

    /// Users, each changed once it is there.
    async fn make_users(self: Arc<Self>, database: Database) {
        while self.rest().await {
            let number = self.next();
            let email = format!("user{number}@example.org");
            let new = NewUser { ..new_user(&email).verified() };
            let Some(id) = self.act(database.create(new)).await else { continue };
            assert_eq!(lock(&self.made).insert(email, id), None);
            lock(&self.bits).insert(id, [1].into());
            let Some(Some(before)) = self.act(database.by_id(id)).await else { continue };
            let mut after: User = before.clone();
            after.voting.bits = VoteBits(3 + 2 * u16::try_from(number % 1000).unwrap());
            let changed = self.act(database.update(&before, &after)).await;
            let mut bits = lock(&self.bits);
            let known = bits.entry(id).or_default();
            if changed.is_some() {
                known.clear();
            }
            known.insert(after.voting.bits.0);
        }
    }

    /// Entries of the audit log, and tries that all programs count together.
    async fn note(self: Arc<Self>, database: Database) {
        while self.rest().await {
            let subject = format!("act {}", self.next());
            let (actor, action) = ("stakepoolctl".to_owned(), "ticket.add".to_owned());
            let entry = AuditEntry { at: NOW, actor, action, subject: subject.clone(), detail: String::new() };
            let is_sure = self.act(database.append(&entry)).await.is_some();
            lock(&self.entries).insert(subject, is_sure);
            let counted = self.act(database.count_try("all", MOST, NOW, later(1_000_000))).await;
            let count = if counted.is_some() { &self.tries.sure } else { &self.tries.perhaps };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Mails, which any of the programs may send.
    async fn mail(self: Arc<Self>, database: Database) {
        while self.rest().await {
            let mail =
                TicketMail { ticket: ticket(self.next()), kind: TicketMailKind::Voted, user: UserId(1), tries: 0 };
            if self.act(database.note_mails(&[mail], NOW)).await.is_some() {
                lock(&self.noted).insert(mail.ticket.to_string());
            }
            // Whoever has it has it for longer than all of this takes.
            let Some(mails) = self.act(database.claim_mails(NOW, later(1_000), 3)).await else { continue };
            for mail in mails {
                *lock(&self.claimed).entry(mail.ticket.to_string()).or_default() += 1;
                self.act(database.mail_done(&mail)).await;
            }
        }
    }

    /// Wallets of users, who submit an address to one web and ask the next for it.
    async fn ask_webs(self: Arc<Self>, stage: Arc<Stage>, database: Database, number: usize) {
        let mut turn = number;
        let mut mine: Option<(UserId, String)> = None;
        while self.rest().await {
            turn += 1;
            let web = stage.webs[turn % WEBS].listen;
            let (user, key) = match mine.take() {
                Some(mine) => mine,
                None if self.address_tries.fetch_add(1, Ordering::Relaxed) < ADDRESSES => {
                    let email = format!("wallet{}@example.org", self.next());
                    let Some(id) = self.act(database.create(new_user(&email).verified())).await else { continue };
                    lock(&self.made).insert(email, id);
                    let Some(Some(user)) = self.act(database.by_id(id)).await else { continue };
                    (id, stage.key(&user))
                }
                None => {
                    self.page(web).await;
                    continue;
                }
            };
            let bearer = format!("Bearer {key}");
            let headers = [("authorization", &*bearer), ("content-type", "application/x-www-form-urlencoded")];
            let address = stage.network.buyer_pubkey_address().unwrap().to_string();
            let form = format!("UserPubKeyAddr={}", escape(&address));
            let said = self.act(ask(web, "POST", "/api/v2/address", &headers, &form)).await;
            match said.map(|answer| answer.body) {
                // A first try may have come through although its answer was lost.
                Some(said) if said.contains("imported") || said.contains("already submitted") => {
                    lock(&self.registered).insert(user);
                }
                Some(said) if said.contains("too many") || said.contains("for now") => {}
                _ => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    mine = Some((user, key));
                }
            }
        }
    }

    async fn page(&self, web: std::net::SocketAddr) {
        if let Some(answer) = self.act(ask(web, "GET", "/stats", &[], "")).await {
            assert!([200, 503].contains(&answer.status), "{} {}", answer.status, answer.body);
        }
    }

    /// Compares what was acknowledged with what the database has.
    pub async fn check(&self, database: &Database) -> Result<(), StoreError> {
        // Not held while the database is asked.
        let made = lock(&self.made).clone();
        for (email, id) in made {
            let user = database.by_id(id).await?.unwrap_or_else(|| panic!("{email} is lost"));
            assert_eq!(user.email.as_str(), email);
            if let Some(possible) = lock(&self.bits).get(&id).cloned() {
                assert!(possible.contains(&user.voting.bits.0), "{email}: {:?} of {possible:?}", user.voting.bits);
            }
        }
        let registered = lock(&self.registered).clone();
        for id in registered {
            assert!(database.by_id(id).await?.unwrap().registration.is_some(), "the address of {id} is lost");
        }
        Ok(())
    }

    /// The same of what is counted, once nobody acts any more: `rows` answers a statement of SQL, a row a line.
    pub fn check_counts(&self, rows: impl Fn(&str) -> Vec<String>) {
        let number = |text: &str| rows(text)[0].parse::<usize>().unwrap();
        let doubles = |what: &str| assert_eq!(rows(what), Vec::<String>::new(), "{what}");
        doubles("SELECT Email FROM Users GROUP BY Email HAVING COUNT(*) > 1");
        doubles(
            "SELECT MultiSigAddress FROM Users WHERE MultiSigAddress <> '' GROUP BY MultiSigAddress HAVING COUNT(*) > 1",
        );
        doubles(
            "SELECT u.UserId FROM Users u LEFT JOIN key_indexes k ON k.user_id = u.UserId WHERE u.MultiSigAddress <> '' AND k.key_index IS NULL",
        );
        let (last, given) =
            (number("SELECT COALESCE(MAX(key_index), 0) FROM key_indexes"), number("SELECT COUNT(*) FROM key_indexes"));
        assert_eq!(last, given, "indexes are left out");

        let stored: Vec<String> = rows("SELECT subject FROM audit WHERE subject LIKE 'act %'");
        let once: BTreeSet<&String> = stored.iter().collect();
        assert_eq!(once.len(), stored.len(), "an entry of the log is there twice");
        for (subject, is_sure) in &*lock(&self.entries) {
            assert!(!is_sure || once.contains(subject), "{subject} is lost");
        }
        let tries = number("SELECT COALESCE(MAX(tries), 0) FROM counted_tries WHERE subject = 'all'");
        let sure = self.tries.sure.load(Ordering::Relaxed) as usize;
        let perhaps = self.tries.perhaps.load(Ordering::Relaxed) as usize;
        assert!((sure..=sure + perhaps).contains(&tries), "{tries} tries of {sure} to {}", sure + perhaps);

        let noted: BTreeSet<String> = rows("SELECT ticket FROM ticket_mails").into_iter().collect();
        assert!(lock(&self.noted).iter().all(|mail| noted.contains(mail)), "a mail is lost");
        let twice: Vec<_> =
            lock(&self.claimed).iter().filter(|(_, times)| **times > 1).map(|(mail, _)| mail.clone()).collect();
        assert!(twice.is_empty(), "sent twice: {twice:?}");
    }

    /// In words, and no answer took too long.
    pub fn summary(&self, longest: Duration) -> String {
        let slowest = Duration::from_millis(self.slowest.load(Ordering::Relaxed));
        assert!(slowest < longest, "an answer took {slowest:?}");
        format!(
            "{} acts acknowledged, {} without a known end, {} refused; {} users, {} addresses, {} mails; the slowest answer took {slowest:?}",
            self.acknowledged(),
            self.unsure.load(Ordering::Relaxed),
            self.refused.load(Ordering::Relaxed),
            self.users(),
            lock(&self.registered).len(),
            lock(&self.claimed).len(),
        )
    }
}
