//! Tickets that pay too small a fee: added, taken back, and listed.

use std::sync::Arc;
use std::time::Duration;

use stakepool::tickets::low_fee::{Addition, LowFeeError, Refusal};
use stakepool_core::accounts::{Actor, Registration, User};
use stakepool_core::ports::{LedgerStore as _, Slice};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::testkit::{DaemonMood, FakeDaemon};

use crate::reports::{entry, hash, low_fee, report};
use crate::world::{ALICE, World, until};

const ALL: Slice = Slice { offset: 0, limit: 100 };
const LIMIT: Duration = Duration::from_secs(5);

struct Scene {
    world: World,
    daemon: Arc<FakeDaemon>,
    user: User,
}

impl Scene {
    async fn new() -> Self {
        let daemon = FakeDaemon::new("daemon:1");
        let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
        let user = world.registered(ALICE).await;
        Self { world, daemon, user }
    }

    fn registration(&self) -> &Registration {
        self.user.registration.as_ref().unwrap()
    }

    fn low_fee(&self, number: u8, state: TicketState) -> TicketReport {
        low_fee(self.user.id, self.registration(), number, state)
    }

    async fn put(&self, reports: &[TicketReport]) {
        self.world.database.put_tickets("daemon:1", reports, self.world.now()).await.unwrap();
    }

    async fn add(&self, number: u8) -> Result<Addition, LowFeeError> {
        self.world.pool.low_fee(Actor::User(self.user.id)).add(hash(number)).await
    }

    async fn remove(&self, number: u8) -> Result<bool, LowFeeError> {
        self.world.pool.low_fee(Actor::User(self.user.id)).remove(hash(number)).await
    }

    /// What refuses a ticket, in words.
    async fn refusal(&self, number: u8) -> String {
        match self.add(number).await {
            Err(LowFeeError::Refused(refusal)) => refusal.without_hash(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_ticket_is_voted_once_it_is_added_and_ignored_again_once_it_is_taken_back() {
    let scene = Scene::new().await;
    scene.put(&[scene.low_fee(1, TicketState::Live)]).await;
    scene.world.keep_daemons();
    scene.world.in_sync(&scene.daemon).await;
    let added = || scene.daemon.desired.lock().unwrap().as_ref().map_or(0, |desired| desired.added().len());
    let addition = scene.add(1).await.unwrap();
    assert_eq!(addition, Addition { address: scene.registration().address, newly: true });
    let act = scene.world.last_act().await;
    assert_eq!((&act.0[..], &act.1[..], act.2), ("user 1", "ticket.add", hash(1).to_string()));
    assert_eq!(act.3, "of user 1, live, pays a fee of 0.00000001 EXCC, but 0.00000699 EXCC is required");
    until("the daemon has it", || (added() == 1).then_some(())).await;
    assert!(!scene.add(1).await.unwrap().newly, "adding it again is no failure");

    assert!(scene.remove(1).await.unwrap());
    assert_eq!(scene.world.acts(1).await, ["ticket.remove"]);
    until("the daemon has it no more", || (added() == 0).then_some(())).await;
    assert!(!scene.remove(1).await.unwrap(), "it is known, and was not added");
}

#[tokio::test]
async fn tickets_that_need_no_adding_are_refused_with_the_reason() {
    let scene = Scene::new().await;
    let paying = report(scene.user.id, scene.registration(), 1, TicketState::Live);
    scene.put(&[paying, scene.low_fee(2, TicketState::Voted), scene.low_fee(3, TicketState::Expired)]).await;
    scene.daemon.live.lock().unwrap().push(entry(&scene.user, 4));
    assert_eq!(
        scene.refusal(1).await,
        "it is live and pays the fee: the pool votes it already, there is nothing to add"
    );
    let ended = "at height 220: only an immature or live ticket can be added";
    assert_eq!(scene.refusal(2).await, format!("it has voted {ended}"));
    assert_eq!(scene.refusal(3).await, format!("it has expired {ended}"));
    assert_eq!(scene.refusal(4).await, "it is live and voted by the pool already: there is nothing to add");
    assert!(scene.refusal(5).await.starts_with("the pool does not know it: compare the hash with the list of ignored"));
    scene.daemon.set(DaemonMood::Unreachable);
    let unknown = scene.refusal(5).await;
    assert!(unknown.contains("(voting daemon daemon:1 cannot be reached: refused)"), "{unknown}");
    let removed = scene.remove(5).await;
    assert!(matches!(removed, Err(LowFeeError::Refused(Refusal::Unknown { list: "added", .. }))), "{removed:?}");
}

#[tokio::test]
async fn a_ticket_that_only_a_daemon_knows_can_be_added() {
    let scene = Scene::new().await;
    scene.daemon.ignored.lock().unwrap().push(entry(&scene.user, 1));
    assert!(scene.add(1).await.unwrap().newly);
    assert_eq!(scene.world.last_act().await.3, "ignored by a voting daemon");
}

#[tokio::test]
async fn lists_show_what_was_done_a_moment_ago_too() {
    let scene = Scene::new().await;
    let (one, two) = (scene.low_fee(1, TicketState::Live), scene.low_fee(2, TicketState::Immature));
    let ended = scene.low_fee(3, TicketState::Expired);
    let paying = report(scene.user.id, scene.registration(), 4, TicketState::Live);
    scene.put(&[one.clone(), two.clone(), ended.clone(), paying]).await;
    let lists = scene.world.pool.low_fee_lists();
    let none = lists.added().await.unwrap();
    assert!(none.is_empty());
    let ignored = lists.ignored(ALL).await.unwrap();
    assert_eq!((ignored.total, ignored.rows.len()), (2, 2));
    let left = |reports: Vec<TicketReport>| {
        let mut hashes: Vec<_> = reports.iter().map(|report| report.ticket.to_string()).collect();
        hashes.sort_unstable();
        hashes
    };
    let names = |numbers: &[u8]| numbers.iter().map(|number| hash(*number).to_string()).collect::<Vec<_>>();
    assert_eq!(left(lists.left_to_owners(&none, false).await.unwrap()), names(&[1, 2]));
    assert_eq!(left(lists.left_to_owners(&none, true).await.unwrap()), names(&[1, 2, 3]));

    // Added, which no daemon has reported yet; and then taken back, which no daemon has reported yet.
    scene.add(1).await.unwrap();
    let added = lists.added().await.unwrap();
    assert_eq!(added.iter().map(ToString::to_string).collect::<Vec<_>>(), names(&[1]));
    assert_eq!(left(lists.left_to_owners(&added, false).await.unwrap()), names(&[2]));
    let active = lists.added_with_reports().await.unwrap();
    assert_eq!((active.len(), active[0].0.ticket, active[0].1.as_ref()), (1, hash(1), Some(&one)));
    scene.put(&[TicketReport { added: true, ..one }]).await;
    assert!(lists.taken_back(&added).await.unwrap().is_empty());
    scene.remove(1).await.unwrap();
    let added = lists.added().await.unwrap();
    assert_eq!(left(lists.taken_back(&added).await.unwrap()), names(&[1]));
    assert_eq!(left(lists.left_to_owners(&added, false).await.unwrap()), names(&[1, 2]));
}

#[tokio::test]
async fn tickets_that_only_daemons_know_are_listed_with_their_users() {
    let scene = Scene::new().await;
    scene.put(&[scene.low_fee(1, TicketState::Live)]).await;
    let stranger =
        stakepool_core::ports::LowFeeEntry { ticket: hash(3), address: stakepool_core::testkit::tickets::address(9) };
    *scene.daemon.ignored.lock().unwrap() = vec![entry(&scene.user, 1), entry(&scene.user, 2), stranger];
    let lists = scene.world.pool.low_fee_lists();
    let none = lists.added().await.unwrap();
    let found = lists.known_to_daemons_only(&none, |_| true, LIMIT).await.unwrap();
    assert_eq!(found.tickets, [(entry(&scene.user, 2), Some(scene.user.id)), (stranger, None)]);
    assert!(found.unanswered.is_empty());
    let asked = lists.known_to_daemons_only(&none, |name| name != "daemon:1", LIMIT).await.unwrap();
    assert!(asked.tickets.is_empty() && asked.unanswered.is_empty());
    scene.daemon.set(DaemonMood::Unreachable);
    let unanswered = lists.known_to_daemons_only(&none, |_| true, LIMIT).await.unwrap().unanswered;
    assert_eq!(unanswered[0].to_string(), "voting daemon daemon:1 cannot be reached: refused");
}
