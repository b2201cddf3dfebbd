//! The group of wallets: quorum, disagreement, recovery.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use stakepool::registration::{BeforeIndex, PoolKeys, Registrar, RegistrationError};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, KeyIndex, Network, RedeemScript};
use stakepool_core::ports::{PoolWallet, UserStore};
use stakepool_core::testkit::samples::new_user;
use stakepool_core::testkit::tickets::COLD;
use stakepool_core::testkit::{FakeWallet, Faults, MemoryStore, Mood};
use stakepool_core::wallets::{GroupError, Health, PendingRepairs, WalletGroup};

const USER_KEY: &str = "SkQn2wRnVEZEArNU6wYgbEkNt5ggcWoe5TwoewMU2JYvmFPjoKeY9";
pub const OTHER: &str =
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";

/// An account key of testnet.
const OF_TESTNET: &str =
    "tpubVpkyHys1kEd1hDZ4m4hwTL9fsDWYPt7ozDNSjduKAAypcMemYMtweUJURHvdixEHGV3YWi3UgoGfuxpiKqgW21uZeCuwog8mW4Y5ahjeoB2";

/// Nothing is to be done before an index is given.
struct Nothing;

#[async_trait]
impl BeforeIndex for Nothing {
    async fn prepare(&self) -> Result<(), RegistrationError> {
        Ok(())
    }
}

struct Pool {
    wallets: Vec<Arc<FakeWallet>>,
    users: Arc<MemoryStore>,
    group: Arc<WalletGroup>,
    registrar: Registrar,
}

async fn pool(closed: Option<&str>) -> Pool {
    let wallets: Vec<_> = (1..=3).map(|n| FakeWallet::new(&format!("wallet{n}"))).collect();
    let users = Arc::new(MemoryStore::default());
    for number in 1..=5 {
        users.create(new_user(&format!("u{number}@example.org"))).await.unwrap();
    }
    let key: ExtendedPubKey = COLD.parse().unwrap();
    let members = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn PoolWallet>).collect();
    let group = Arc::new(WalletGroup::new(Network::Simnet, key, 2, members, users.clone()));
    let keys = PoolKeys {
        network: Network::Simnet,
        voting: key.external_branch().unwrap(),
        cold: OTHER.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap(),
        max_users: 9999,
        closed: closed.map(str::to_owned).into(),
    };
    let registrar = Registrar::new(keys, users.clone(), group.clone());
    Pool { wallets, users, group, registrar }
}

fn health(pool: &Pool, index: usize) -> Health {
    pool.group.status()[index].health.clone()
}

#[tokio::test(start_paused = true)]
async fn a_registration_reaches_all_wallets_and_is_stored() {
    let pool = pool(None).await;
    *pool.wallets[1].best.lock().unwrap() = 310;
    pool.group.recover_all().await;
    let registration = pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
    assert_eq!(registration.registered_at, BlockHeight(304), "six blocks below the wallet that is behind");
    assert!(pool.wallets.iter().all(|wallet| wallet.scripts.lock().unwrap().contains(&registration.address)));
    assert_eq!(pool.registrar.register(UserId(1), USER_KEY, &Nothing).await, Err(RegistrationError::AlreadySubmitted));
}

#[tokio::test(start_paused = true)]
async fn one_wallet_away_stops_nobody_and_gets_the_script_when_it_is_back() {
    let pool = pool(None).await;
    pool.wallets[2].set(Mood::Unreachable);
    pool.group.recover_all().await;
    let registration = pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
    assert!(pool.wallets[2].scripts.lock().unwrap().is_empty());
    pool.wallets[2].set(Mood::Fine);
    let group = Arc::clone(&pool.group);
    let running = tokio::spawn(async move { group.run(std::future::pending()).await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(pool.wallets[2].scripts.lock().unwrap().contains(&registration.address));
    assert_eq!(*pool.wallets[2].rescans.lock().unwrap(), [BlockHeight(315)]);
    assert_eq!(health(&pool, 2), Health::Healthy);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn with_too_few_wallets_nothing_is_stored_and_a_later_try_succeeds() {
    let pool = pool(None).await;
    pool.wallets[1].set(Mood::Unreachable);
    pool.wallets[2].set(Mood::Unreachable);
    pool.group.recover_all().await;
    let error = pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap_err();
    assert!(
        matches!(error, RegistrationError::Wallets(GroupError::NoQuorum { agreeing: 1, quorum: 2, .. })),
        "{error}"
    );
    assert!(pool.users.registered().await.unwrap().is_empty());
    pool.wallets[1].set(Mood::Fine);
    pool.group.recover_all().await;
    pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wallet_with_another_key_stops_registration_until_it_agrees() {
    let pool = pool(None).await;
    *pool.wallets[0].key.lock().unwrap() = OTHER.parse().unwrap();
    pool.group.recover_all().await;
    let error = pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap_err().to_string();
    assert!(error.contains("wallet1") && error.contains(OTHER) && error.contains(COLD), "{error}");
    *pool.wallets[0].key.lock().unwrap() = COLD.parse().unwrap();
    pool.group.recover_all().await;
    pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_network_harms_nobody_but_its_sender() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    let foreign = "TkQ5D4h37rpN4qDfDjFQfJyToe1SKkqw3H7zkHRH8n8Mmd9msKdFW";
    let error = pool.registrar.register(UserId(1), foreign, &Nothing).await.unwrap_err();
    assert!(matches!(error, RegistrationError::Undecodable(_)));
    pool.registrar.register(UserId(2), USER_KEY, &Nothing).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn wrong_texts_are_told_apart() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    let try_key = |key: &'static str| pool.registrar.register(UserId(1), key, &Nothing);
    assert_eq!(try_key("short").await, Err(RegistrationError::TooShort(5)));
    assert_eq!(try_key("x".repeat(66).leak()).await, Err(RegistrationError::TooLong(66)));
    assert!(matches!(try_key("x".repeat(53).leak()).await, Err(RegistrationError::Undecodable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_closed_pool_takes_no_addresses() {
    let pool = pool(Some("closed for repairs")).await;
    pool.group.recover_all().await;
    let error = pool.registrar.register(UserId(1), USER_KEY, &Nothing).await;
    assert_eq!(error, Err(RegistrationError::Closed("closed for repairs".into())));
}

#[tokio::test(start_paused = true)]
async fn reads_go_on_with_the_next_wallet() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    for wallet in &pool.wallets[..2] {
        wallet.set(Mood::Unreachable);
    }
    assert_eq!(pool.group.stake_info().await.unwrap().height, BlockHeight(321));
    pool.wallets[2].set(Mood::Unreachable);
    tokio::time::advance(Duration::from_secs(3)).await;
    let error = pool.group.stake_info().await.unwrap_err();
    assert!(matches!(&error, GroupError::NoneHealthy(reasons) if reasons.contains("wallet3")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_slow_puts_no_wallet_out_of_service() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    for wallet in &pool.wallets {
        wallet.faults.lock().unwrap().statistics = true;
    }
    assert!(matches!(pool.group.stake_info().await, Err(GroupError::NoneHealthy(_))));
    assert!((0..3).all(|index| health(&pool, index) == Health::Healthy));
    pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn many_visitors_ask_a_slow_wallet_once() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    for wallet in &pool.wallets {
        wallet.faults.lock().unwrap().statistics = true;
    }
    let visits: Vec<_> = (0..50).map(|_| pool.group.stake_info()).collect();
    let answers = futures_util::future::join_all(visits).await;
    assert!(answers.iter().all(Result::is_err));
    let asked: usize = pool.wallets.iter().map(|wallet| wallet.statistics.load(Ordering::SeqCst)).sum();
    assert_eq!(asked, 3, "one round over the three wallets");
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_fails_a_read_is_probed_at_once() {
    let pool = pool(None).await;
    let group = Arc::clone(&pool.group);
    let running = tokio::spawn(async move { group.run(std::future::pending()).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    for wallet in &pool.wallets {
        wallet.set(Mood::Unreachable);
    }
    assert!(pool.group.stake_info().await.is_err());
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!((0..3).all(|index| matches!(health(&pool, index), Health::Unreachable { .. })));
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_refuses_one_script_stays_in_service() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    for wallet in &pool.wallets[1..] {
        wallet.faults.lock().unwrap().locked = true;
    }
    let error = pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap_err().to_string();
    assert!(error.contains("wallet2") && error.contains("is locked"), "{error}");
    assert!((0..3).all(|index| health(&pool, index) == Health::Healthy));
}

#[tokio::test(start_paused = true)]
async fn another_script_stops_registration_until_the_same_user_index_is_agreed_on() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    pool.wallets[1].faults.lock().unwrap().script = true;
    let error = pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap_err();
    assert!(matches!(&error, RegistrationError::Wallets(GroupError::Disagreement { .. })), "{error}");
    // Neither a probe nor a recovery clears it, since nothing has changed.
    let group = Arc::clone(&pool.group);
    let running = tokio::spawn(async move { group.run(std::future::pending()).await });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(matches!(health(&pool, 1), Health::Disagrees { .. }));
    assert!(pool.registrar.register(UserId(2), USER_KEY, &Nothing).await.is_err());
    pool.wallets[1].faults.lock().unwrap().script = false;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(health(&pool, 1), Health::Healthy);
    pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_rescan_that_failed_is_made_up_for_though_no_script_is_missing() {
    let pool = pool(None).await;
    pool.wallets[2].set(Mood::Unreachable);
    pool.group.recover_all().await;
    pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
    pool.wallets[2].set(Mood::Fine);
    *pool.wallets[2].faults.lock().unwrap() = Faults { rescan: true, ..Faults::default() };
    pool.group.recover_all().await;
    assert!(matches!(health(&pool, 2), Health::Unreachable { .. }));
    assert_eq!(pool.wallets[2].scripts.lock().unwrap().len(), 1);
    *pool.wallets[2].faults.lock().unwrap() = Faults::default();
    // As after a restart of the web: a group that knows nothing but the store.
    let members = vec![Arc::clone(&pool.wallets[2]) as Arc<dyn PoolWallet>];
    let group = WalletGroup::new(Network::Simnet, COLD.parse().unwrap(), 1, members, Arc::clone(&pool.users));
    group.recover_all().await;
    assert_eq!(*pool.wallets[2].rescans.lock().unwrap(), [BlockHeight(315); 2]);
    group.recover_all().await;
    assert_eq!(pool.wallets[2].rescans.lock().unwrap().len(), 2, "it is owed once");
}

#[tokio::test(start_paused = true)]
async fn what_a_wallet_owes_is_known_also_while_it_is_away() {
    let pool = pool(None).await;
    let owes = || pool.group.status()[2].pending;
    assert_eq!(owes(), PendingRepairs::default(), "nobody knows before it has answered");
    pool.group.recover_all().await;
    assert_eq!(owes(), PendingRepairs { scripts: Some(0), rescan_from: None });
    pool.wallets[2].set(Mood::Unreachable);
    pool.group.recover_all().await;
    pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
    assert_eq!(owes(), PendingRepairs { scripts: Some(1), rescan_from: None }, "a registration passed it by");
    pool.wallets[2].set(Mood::Fine);
    *pool.wallets[2].faults.lock().unwrap() = Faults { rescan: true, ..Faults::default() };
    pool.group.recover_all().await;
    let rescan = PendingRepairs { scripts: Some(0), rescan_from: Some(BlockHeight(315)) };
    assert_eq!(
        (owes(), health(&pool, 2) == Health::Healthy),
        (rescan, false),
        "the script is there, the rescan failed"
    );
    // As after a restart of the web, with the wallet away.
    pool.wallets[2].set(Mood::Unreachable);
    let members = vec![Arc::clone(&pool.wallets[2]) as Arc<dyn PoolWallet>];
    let group = WalletGroup::new(Network::Simnet, COLD.parse().unwrap(), 1, members, Arc::clone(&pool.users));
    group.recover_all().await;
    assert_eq!(group.status()[0].pending, PendingRepairs { scripts: None, ..rescan });
    pool.wallets[2].set(Mood::Fine);
    *pool.wallets[2].faults.lock().unwrap() = Faults::default();
    pool.group.recover_all().await;
    assert_eq!(owes(), PendingRepairs { scripts: Some(0), rescan_from: None });
}

#[tokio::test(start_paused = true)]
async fn the_address_index_is_brought_up_even_where_no_script_is_missing() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    pool.registrar.register(UserId(4), USER_KEY, &Nothing).await.unwrap();
    pool.wallets[0].synced.lock().unwrap().clear();
    pool.group.recover_all().await;
    assert_eq!(*pool.wallets[0].synced.lock().unwrap(), [KeyIndex(1)]);
}

#[test]
fn the_script_of_a_registration_has_the_pools_key_first() {
    let branch = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    let script = RedeemScript::for_user(&branch, KeyIndex(1), &branch.address(KeyIndex(2)).unwrap()).unwrap();
    assert_eq!(script.to_bytes()[2..35], branch.public_key(KeyIndex(1)).unwrap().serialize());
}

/// Runs the group until all its wallets are in service.
async fn running(pool: &Pool) -> tokio::task::JoinHandle<()> {
    let group = Arc::clone(&pool.group);
    let running = tokio::spawn(async move { group.run(std::future::pending()).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!((0..3).all(|index| health(pool, index) == Health::Healthy));
    running
}

/// Long enough for questions and answers, far shorter than the pause between two probes.
const AT_ONCE: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn a_wallet_that_was_made_anew_between_two_probes_gets_its_scripts_back_at_once() {
    let pool = pool(None).await;
    let running = running(&pool).await;
    let registration = pool.registrar.register(UserId(1), USER_KEY, &Nothing).await.unwrap();
    for wallet in &pool.wallets {
        wallet.scripts.lock().unwrap().clear();
        wallet.rescans.lock().unwrap().clear();
        wallet.reconnect();
    }
    tokio::time::sleep(AT_ONCE).await;
    for wallet in &pool.wallets {
        assert_eq!(*wallet.scripts.lock().unwrap(), [registration.address]);
        assert_eq!(*wallet.rescans.lock().unwrap(), [BlockHeight(315)]);
    }
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_comes_back_with_another_key_between_two_probes_is_out_of_service_at_once() {
    let pool = pool(None).await;
    let running = running(&pool).await;
    let another_seed = format!(
        "it is of another seed than votingwalletextpub (its account key is {OTHER}, but votingwalletextpub is {COLD}): \
         restore it from the pool's seed, or take it out of wallethosts"
    );
    let another_network = "it runs on testnet, but the pool on simnet";
    for (key, told) in [(OTHER, another_seed.as_str()), (OF_TESTNET, another_network)] {
        *pool.wallets[1].key.lock().unwrap() = key.parse().unwrap();
        pool.wallets[1].reconnect();
        tokio::time::sleep(AT_ONCE).await;
        let Health::Disagrees { how } = health(&pool, 1) else { panic!("{:?}", health(&pool, 1)) };
        assert!(how.starts_with(told), "{how}");
        *pool.wallets[1].key.lock().unwrap() = COLD.parse().unwrap();
        pool.wallets[1].reconnect();
        tokio::time::sleep(AT_ONCE).await;
        assert_eq!(health(&pool, 1), Health::Healthy);
    }
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_wallet_whose_connection_stays_is_asked_for_its_key_with_every_probe() {
    let pool = pool(None).await;
    let running = running(&pool).await;
    *pool.wallets[1].key.lock().unwrap() = OTHER.parse().unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(matches!(health(&pool, 1), Health::Disagrees { .. }));
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_wallet_of_another_seed_at_a_registration_is_named_in_a_sentence_with_the_remedy() {
    let pool = pool(None).await;
    pool.group.recover_all().await;
    *pool.wallets[1].key.lock().unwrap() = OTHER.parse().unwrap();
    let error = pool.registrar.register(UserId(2), USER_KEY, &Nothing).await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "voting wallet wallet2 disagrees with the pool: it is of another seed than votingwalletextpub (its account key \
             is {OTHER}, but votingwalletextpub is {COLD}): restore it from the pool's seed, or take it out of wallethosts"
        )
    );
}
