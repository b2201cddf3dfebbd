//! Every way in which the pool can lose a vote, and the lights that go red then: the problem on the status page, whether the web
//! is ready, and the alert. What a daemon finds by itself is in the core's `lost_votes`; here it is one way of many.
//! `docs/lost-votes.md` lists the same for operators.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use stakepool::status::Overall;
use stakepool_core::accounts::UserId;
use stakepool_core::alert::AlertKind;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{MissingUser, ScriptWallet as _, TicketSet, TicketSets, UnknownAddress, VotingDaemon as _};
use stakepool_core::reports::{DaemonEventKind, TicketReport, TicketState};
use stakepool_core::testkit::tickets::{address, block, desired};
use stakepool_core::testkit::{DaemonMood, Mood, samples};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::FeeStatus;
use tokio::time::sleep;

use crate::ground::{Ground, OTHER_KEY, Users, registration};
use crate::reports::report;

/// How long anything takes that is noticed, and alerted, at the latest.
const NOTICED: Duration = Duration::from_secs(300);

/// What people and monitors see.
struct Lights {
    problems: String,
    is_ready: bool,
    alerts: Vec<AlertKind>,
}

async fn lights(ground: &Ground) -> Lights {
    sleep(NOTICED).await;
    let status = ground.pool.status().await;
    // What `/readyz` answers with 503.
    let is_ready = status.state != Overall::Down;
    let problems = status.problems.iter().chain(&status.failures).cloned().collect::<Vec<_>>().join("\n");
    Lights { problems, is_ready, alerts: ground.alerts() }
}

type Seen = Pin<Box<dyn Future<Output = Lights>>>;

/// A way to lose a vote, how it comes about in a pool that was well, words of the problem, whether the web stays ready, and the
/// kind of the alert.
type Way = (&'static str, fn() -> Seen, &'static str, bool, AlertKind);

const READY: bool = true;
const NOT_READY: bool = false;

macro_rules! way {
    (|$ground:ident| $trouble:block) => {
        way!(Users::One, |$ground| $trouble)
    };
    ($users:expr, |$ground:ident| $trouble:block) => {
        || -> Seen {
            Box::pin(async {
                let $ground = Ground::lay($users).await;
                $trouble
                lights(&$ground).await
            })
        }
    };
}

const OF_WALLETS: &[Way] = &[
    (
        "A wallet is locked",
        way!(|ground| { ground.wallets[0].set(Mood::Unsigned) }),
        "wallet wallet:1: it is locked",
        READY,
        AlertKind::WalletLocked,
    ),
    (
        "All wallets are locked",
        way!(|ground| { ground.wallets.iter().for_each(|wallet| wallet.set(Mood::Unsigned)) }),
        "every voting wallet that answers is locked",
        NOT_READY,
        AlertKind::Down,
    ),
    (
        "A wallet is away",
        way!(|ground| { ground.wallets[0].set(Mood::Unreachable) }),
        "wallet wallet:1 cannot be reached",
        READY,
        AlertKind::WalletAway,
    ),
    (
        "A wallet does not answer",
        way!(|ground| { ground.wallets[0].set(Mood::Silent) }),
        "wallet:1",
        READY,
        AlertKind::WalletAway,
    ),
    (
        "Fewer wallets than `minservers` answer",
        way!(|ground| { ground.wallets[1..].iter().for_each(|wallet| wallet.set(Mood::Unreachable)) }),
        "only 1 of the 2 voting wallets needed are in service",
        NOT_READY,
        AlertKind::Down,
    ),
    (
        "A wallet was made from another seed",
        way!(|ground| {
            *ground.wallets[0].key.lock().unwrap() = OTHER_KEY.parse().unwrap();
            ground.wallets[0].reconnect();
        }),
        "wallet:1",
        NOT_READY,
        AlertKind::Disagreement,
    ),
    (
        "A wallet lacks scripts and looks through the chain",
        way!(|ground| {
            ground.wallets[0].faults.lock().unwrap().endless_rescan = true;
            ground.wallets[0].scripts.lock().unwrap().clear();
            ground.wallets[0].reconnect();
        }),
        "missing scripts are being brought over",
        READY,
        AlertKind::MissingScripts,
    ),
    (
        "A wallet cannot look through the chain",
        way!(|ground| {
            ground.wallets[0].faults.lock().unwrap().rescan = true;
            ground.wallets[0].scripts.lock().unwrap().clear();
            ground.wallets[0].reconnect();
        }),
        "wallet wallet:1 cannot be reached: restarted",
        READY,
        AlertKind::WalletAway,
    ),
    (
        "A wallet is behind",
        way!(|ground| { *ground.wallets[0].best.lock().unwrap() = 250 }),
        "wallet wallet:1: it is 71 blocks behind",
        READY,
        AlertKind::Lag,
    ),
    (
        "A wallet has no node",
        way!(|ground| { ground.wallets[0].faults.lock().unwrap().without_node = true }),
        "it is not connected to its node",
        READY,
        AlertKind::NodeAway,
    ),
    (
        "No wallet has a node",
        way!(|ground| { ground.wallets.iter().for_each(|wallet| wallet.faults.lock().unwrap().without_node = true) }),
        "no voting wallet that answers is connected to its node",
        NOT_READY,
        AlertKind::Down,
    ),
    (
        "A wallet works without a node (SPV)",
        way!(|ground| { ground.wallets[0].faults.lock().unwrap().spv = true }),
        "it works without a node (SPV)",
        READY,
        AlertKind::Other,
    ),
    (
        "A wallet votes by itself, perhaps with other bits",
        way!(|ground| { ground.wallets[0].faults.lock().unwrap().votes_itself = true }),
        "it votes by itself, beside the daemon",
        READY,
        AlertKind::Other,
    ),
];

const OF_USERS: &[Way] = &[
    (
        "A wallet holds scripts of users whom the database does not know",
        way!(|ground| {
            let script = registration(7).script;
            ground.wallets[0].import_script(&script).await.unwrap();
            ground.wallets[0].reconnect();
        }),
        "of a user whom the database does not know (key index 7)",
        READY,
        AlertKind::UnknownUsers,
    ),
    (
        "A daemon votes for addresses that are no user's",
        way!(|ground| {
            ground.daemon(0, |status| {
                status.check.unknown = vec![UnknownAddress { address: address(9), voted: 3, ignored: 0 }];
                status.problems = vec!["3 tickets of 1 voting address that the web does not know".to_owned()];
            });
        }),
        "that the web does not know",
        READY,
        AlertKind::Daemon,
    ),
    (
        "The database lacks users whom a daemon knows",
        way!(|ground| {
            ground.daemon(0, |status| {
                status.check.missing = vec![MissingUser { user: UserId(5), address: address(9), tickets: 3 }];
                status.problems = vec!["1 user with tickets is missing from what the web sent".to_owned()];
            });
        }),
        "missing from what the web sent",
        READY,
        AlertKind::Daemon,
    ),
    (
        "The database has no users, but the daemons have some",
        way!(Users::None, |ground| {
            for daemon in &ground.daemons {
                daemon.put_desired(&desired(&[1, 2], &[])).await.unwrap();
            }
        }),
        "it keeps its 2 users, because the web's database has none",
        NOT_READY,
        AlertKind::DaemonAway,
    ),
    (
        "A daemon does not take the users",
        way!(|ground| {
            ground.daemons[0].set(DaemonMood::TakesNothing);
            *ground.daemons[0].desired.lock().unwrap() = None;
        }),
        "its state is full",
        READY,
        AlertKind::DaemonAway,
    ),
    (
        "Users' wallets pay the fee to addresses of a cold wallet before",
        way!(Users::OfAnotherColdWallet, |_ground| {}),
        "the fee addresses of 1 users are of a cold wallet before",
        READY,
        AlertKind::Disagreement,
    ),
];

const OF_DAEMONS: &[Way] = &[
    (
        "A daemon is away",
        way!(|ground| { ground.daemons[0].set(DaemonMood::Unreachable) }),
        "voting daemon daemon:1 cannot be reached",
        READY,
        AlertKind::DaemonAway,
    ),
    (
        "All daemons are away",
        way!(|ground| { ground.daemons.iter().for_each(|daemon| daemon.set(DaemonMood::Unreachable)) }),
        "no voting daemon is known to be able to vote",
        NOT_READY,
        AlertKind::Down,
    ),
    (
        "A daemon refuses the web's token",
        way!(|ground| { ground.daemons[0].set(DaemonMood::Closed) }),
        "refuses our token or has none",
        READY,
        AlertKind::Daemon,
    ),
    (
        "A daemon has another cold wallet",
        way!(|ground| { ground.daemon(0, |status| status.cold_wallet_xpub = OTHER_KEY.to_owned()) }),
        "it is not given the users, because its coldwalletextpub is",
        READY,
        AlertKind::Disagreement,
    ),
    (
        "A daemon asks for another fee",
        way!(|ground| { ground.daemon(0, |status| status.pool_fee = PoolFee::from_percent(9.0).unwrap()) }),
        "its poolfees is 9, but the web's is 7.5",
        READY,
        AlertKind::Disagreement,
    ),
    (
        "A daemon does not know a cold wallet before, or knows one more",
        way!(|ground| { ground.daemon(0, |status| status.old_cold_wallet_xpubs = vec![OTHER_KEY.to_owned()]) }),
        "its oldcoldwalletextpubs has",
        READY,
        AlertKind::Disagreement,
    ),
    (
        "A daemon's node is away",
        way!(|ground| { ground.daemon(0, |status| status.node_height = None) }),
        "no node answers it",
        READY,
        AlertKind::NodeAway,
    ),
    (
        "A daemon is behind",
        way!(|ground| { ground.daemon(0, |status| status.synced_height = Some(BlockHeight(200))) }),
        "it is 121 blocks behind",
        READY,
        AlertKind::Lag,
    ),
    (
        "All daemons are behind",
        way!(|ground| {
            for number in 0..2 {
                ground.daemon(number, |status| status.synced_height = Some(BlockHeight(200)));
            }
        }),
        "no voting daemon is known to be able to vote",
        NOT_READY,
        AlertKind::Down,
    ),
    (
        "A daemon has worked through no block",
        way!(|ground| { ground.daemon(0, |status| status.synced_height = None) }),
        "it has not worked through a block yet",
        READY,
        AlertKind::Daemon,
    ),
    (
        "A daemon's wallet is away",
        way!(|ground| { ground.daemon(0, |status| status.wallets[0].reachable = false) }),
        "its wallet w:1 cannot be reached",
        READY,
        AlertKind::WalletAway,
    ),
    (
        "A daemon's wallet is locked",
        way!(|ground| { ground.daemon(0, |status| status.wallets[0].unlocked = false) }),
        "its wallet w:1 is locked",
        READY,
        AlertKind::WalletLocked,
    ),
    (
        "No daemon's wallet can sign",
        way!(|ground| {
            for number in 0..2 {
                ground.daemon(number, |status| status.wallets[0].unlocked = false);
            }
        }),
        "no voting daemon is known to be able to vote",
        NOT_READY,
        AlertKind::Down,
    ),
    (
        "A daemon's wallet was made from another seed",
        way!(|ground| { ground.daemon(0, |status| status.wallets[0].account_key = Some(OTHER_KEY.to_owned())) }),
        "its wallet w:1 has the account key",
        READY,
        AlertKind::Disagreement,
    ),
    (
        "A daemon's wallet votes by itself",
        way!(|ground| { ground.daemon(0, |status| status.wallets[0].votes_itself = true) }),
        "its wallet w:1 votes by itself",
        READY,
        AlertKind::Daemon,
    ),
    (
        "A daemon complains of anything else",
        way!(|ground| {
            let problem = "wallet wallet does not know 1 ticket that is to be voted";
            ground.daemon(0, |status| status.problems = vec![problem.to_owned()]);
        }),
        "does not know 1 ticket that is to be voted",
        READY,
        AlertKind::Daemon,
    ),
    (
        "A ticket was missed",
        way!(|ground| {
            let user = ground.user().await;
            let missed = report(user.id, user.registration.as_ref().unwrap(), 1, TicketState::Missed);
            let missed = TicketReport { ended_at: Some(BlockHeight(321)), ..missed };
            ground.daemons[0].report(DaemonEventKind::Ticket(missed));
        }),
        // A daemon of ours says so, too; that of the predecessor does not.
        "",
        READY,
        AlertKind::MissedVote,
    ),
    (
        "A ticket of a wallet of today was missed",
        way!(|ground| {
            let missed = TicketReport {
                state: TicketState::Missed,
                ended_at: Some(BlockHeight(321)),
                ..samples::key_report(300)
            };
            ground.daemons[0].report(DaemonEventKind::Ticket(missed));
        }),
        "",
        READY,
        AlertKind::MissedVote,
    ),
];

const OF_WALLETS_OF_TODAY: &[Way] = &[
    (
        "Nobody can vote tickets of wallets of today",
        way!(|ground| { ground.daemons.iter().for_each(|daemon| daemon.set(DaemonMood::Unreachable)) }),
        "they are sold no tickets, and read the reason: no voting daemon can vote",
        NOT_READY,
        AlertKind::VspNotSold,
    ),
    (
        "The web's node is away",
        way!(|ground| { ground.node.chain().away = true }),
        "it does not answer, and wallets of today need it",
        READY,
        AlertKind::NodeAway,
    ),
    (
        "A fee is not sent although its ticket is confirmed",
        way!(|ground| { ground.registered(FeeStatus::Received).await }),
        "1 of them should be with the node and are not",
        READY,
        AlertKind::VspFees,
    ),
    (
        "A fee is an error",
        way!(|ground| { ground.registered(FeeStatus::Error).await }),
        "1 of them cannot be sent, or were spent by other transactions",
        READY,
        AlertKind::VspFees,
    ),
    (
        "The key file is gone",
        way!(|ground| { *ground.key_file.lock().unwrap() = Some("vspkeyfile vsp.key is missing") }),
        "vspkeyfile vsp.key is missing",
        READY,
        AlertKind::VspKeys,
    ),
    (
        "A voting key cannot be opened",
        way!(|ground| { ground.registered(FeeStatus::Broadcast).await }),
        "1 of them cannot be opened with the key in vspkeyfile",
        READY,
        AlertKind::VspKeys,
    ),
    (
        "A daemon does not follow all of these tickets",
        way!(|ground| {
            ground.registered(FeeStatus::Confirmed).await;
            ground.daemon(0, |status| {
                let empty = TicketSet::default();
                let (block, height) = (block(321, 1), BlockHeight(321));
                status.check.sets = Some(TicketSets { block, height, voted: empty, ignored: empty, others: 0 });
                status.check.key_tickets = Some(0);
            });
        }),
        "it follows 0 tickets of wallets of today, but the database has 1",
        READY,
        AlertKind::TicketsDiffer,
    ),
];

const OF_THE_WEB: &[Way] = &[
    (
        "The database fails, or its disk is full",
        way!(|ground| { ground.disk.fails("no space is left on its disk") }),
        "no space is left on its disk",
        NOT_READY,
        AlertKind::Database,
    ),
    (
        "A certificate has ended, or ends soon",
        way!(|ground| {
            let ends = vec![("daemon daemon:1".to_owned(), UnixTime(1_700_000_000))];
            ground.pool.settings().certificates.set(ends);
        }),
        "its certificate ends at",
        READY,
        AlertKind::CertificateEnds,
    ),
    (
        "A channel of alerts does not work",
        way!(|ground| {
            ground.sink.fails();
            ground.wallets[0].set(Mood::Unsigned);
        }),
        "the channel of this test is broken",
        READY,
        AlertKind::AlertChannel,
    ),
];

#[tokio::test(start_paused = true)]
async fn every_way_to_lose_a_vote_turns_its_lights_red() {
    let operators = include_str!("../../../docs/lost-votes.md");
    for (way, trouble, words, ready, kind) in
        [OF_WALLETS, OF_USERS, OF_DAEMONS, OF_WALLETS_OF_TODAY, OF_THE_WEB].concat()
    {
        let Lights { problems, is_ready, alerts } = trouble().await;
        assert!(problems.contains(words), "{way}: `{words}` is missing in {problems}");
        assert_eq!(is_ready, ready, "{way}: {problems}");
        assert!(alerts.contains(&kind), "{way}: alerted of {alerts:?} only");
        let row = operators.lines().find(|line| line.starts_with(&format!("| {way} |")));
        let row = row.unwrap_or_else(|| panic!("docs/lost-votes.md does not list `{way}`"));
        let lights = format!("| {} | `{}` |", if ready { "ready" } else { "**503**" }, kind.name());
        assert!(row.contains(&lights), "docs/lost-votes.md says otherwise than `{lights}`: {row}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_light_is_red_where_nothing_is_wrong_and_all_go_out_again() {
    let ground = Ground::lay(Users::One).await;
    let before = lights(&ground).await;
    assert_eq!((before.problems.as_str(), before.is_ready, before.alerts), ("", true, Vec::new()));
    ground.wallets[0].set(Mood::Unsigned);
    ground.daemon(0, |status| status.node_height = None);
    let during = lights(&ground).await;
    assert_eq!(during.alerts, [AlertKind::NodeAway, AlertKind::WalletLocked]);
    ground.wallets[0].set(Mood::Fine);
    ground.daemon(0, |status| status.node_height = Some(BlockHeight(321)));
    assert_eq!(lights(&ground).await.problems, "");
    assert_eq!(ground.ended(), [AlertKind::NodeAway, AlertKind::WalletLocked]);
}
