//! The group of wallets: quorum, disagreement, recovery.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::accounts::{Email, EmailState, PasswordHashes, Registration, User, UserId, VotingPreference};
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, KeyIndex, Network, RedeemScript, VoteBits, VoteVersion};
use stakepool_core::ports::{NewUser, PoolWallet, StoreError, UserStore};
use stakepool_core::registration::{PoolKeys, Registrar, RegistrationError};
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::{GroupError, Health, WalletGroup};

use crate::fakes::{FakeWallet, Mood};
use crate::tickets::COLD;

const USER_KEY: &str = "SkQn2wRnVEZEArNU6wYgbEkNt5ggcWoe5TwoewMU2JYvmFPjoKeY9";
const OTHER: &str =
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";

/// Users in memory, as far as registration needs them.
struct Users(std::sync::Mutex<Vec<User>>);

impl Users {
    fn with(count: i64) -> Arc<Self> {
        Arc::new(Self(std::sync::Mutex::new((1..=count).map(user).collect())))
    }
}

fn user(id: i64) -> User {
    User {
        id: UserId(id),
        email: Email::parse(&format!("u{id}@example.org")).unwrap(),
        email_state: EmailState::Verified,
        password: PasswordHashes::default(),
        registration: None,
        voting: VotingPreference { bits: VoteBits(1), version: VoteVersion(11) },
        api_keys_valid_from: UnixTime(0),
        created: UnixTime(0),
        disabled: false,
        admin: false,
    }
}

#[async_trait]
impl UserStore for Users {
    async fn create(&self, _: NewUser) -> Result<UserId, StoreError> {
        Err(StoreError::Backend("not needed here".into()))
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.0.lock().unwrap().iter().find(|user| user.id == id).cloned())
    }

    async fn by_email(&self, _: &Email) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn registered(&self) -> Result<Vec<User>, StoreError> {
        Ok(self.0.lock().unwrap().iter().filter(|user| user.registration.is_some()).cloned().collect())
    }

    async fn list(&self, _: UserId, _: u64) -> Result<Vec<User>, StoreError> {
        Err(StoreError::Backend("not needed here".into()))
    }

    async fn counts(&self) -> Result<(u64, u64), StoreError> {
        Ok((0, 0))
    }

    async fn reserve_index(&self, id: UserId, _: u32) -> Result<KeyIndex, StoreError> {
        Ok(KeyIndex(u32::try_from(id.0).unwrap()))
    }

    async fn register(&self, id: UserId, registration: &Registration) -> Result<(), StoreError> {
        let mut users = self.0.lock().unwrap();
        let user = users.iter_mut().find(|user| user.id == id).unwrap();
        user.registration = Some(registration.clone());
        Ok(())
    }

    async fn update(&self, _: &User, _: &User) -> Result<(), StoreError> {
        Ok(())
    }
}

struct Pool {
    wallets: Vec<Arc<FakeWallet>>,
    users: Arc<Users>,
    group: Arc<WalletGroup>,
    registrar: Registrar,
}

fn pool(closed: Option<&str>) -> Pool {
    let wallets: Vec<_> = (1..=3).map(|n| FakeWallet::new(&format!("wallet{n}"))).collect();
    let users = Users::with(5);
    let key: ExtendedPubKey = COLD.parse().unwrap();
    let members = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn PoolWallet>).collect();
    let group = Arc::new(WalletGroup::new(Network::Simnet, key, 2, members, Arc::clone(&users) as _));
    let keys = PoolKeys {
        network: Network::Simnet,
        voting: key.external_branch().unwrap(),
        cold: OTHER.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap(),
        max_users: 9999,
        closed: closed.map(str::to_owned),
    };
    let registrar = Registrar::new(keys, Arc::clone(&users) as _, Arc::clone(&group));
    Pool { wallets, users, group, registrar }
}

fn health(pool: &Pool, index: usize) -> Health {
    pool.group.status()[index].health.clone()
}

#[tokio::test(start_paused = true)]
async fn a_registration_reaches_all_wallets_and_is_stored() {
    let pool = pool(None);
    pool.group.recover_all().await;
    let registration = pool.registrar.register(UserId(1), USER_KEY).await.unwrap();
    assert_eq!(registration.registered_at, BlockHeight(321));
    assert!(pool.wallets.iter().all(|wallet| wallet.scripts.lock().unwrap().contains(&registration.address)));
    assert_eq!(pool.registrar.register(UserId(1), USER_KEY).await, Err(RegistrationError::AlreadySubmitted));
}

#[tokio::test(start_paused = true)]
async fn one_wallet_away_stops_nobody_and_gets_the_script_when_it_is_back() {
    let pool = pool(None);
    pool.wallets[2].set(Mood::Away);
    pool.group.recover_all().await;
    let registration = pool.registrar.register(UserId(1), USER_KEY).await.unwrap();
    assert!(pool.wallets[2].scripts.lock().unwrap().is_empty());
    pool.wallets[2].set(Mood::Fine);
    let group = Arc::clone(&pool.group);
    let running = tokio::spawn(async move { group.run().await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(pool.wallets[2].scripts.lock().unwrap().contains(&registration.address));
    assert_eq!(*pool.wallets[2].rescans.lock().unwrap(), [BlockHeight(321)]);
    assert_eq!(health(&pool, 2), Health::Healthy);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn with_too_few_wallets_nothing_is_stored_and_a_later_try_succeeds() {
    let pool = pool(None);
    pool.wallets[1].set(Mood::Away);
    pool.wallets[2].set(Mood::Away);
    pool.group.recover_all().await;
    let error = pool.registrar.register(UserId(1), USER_KEY).await.unwrap_err();
    assert!(
        matches!(error, RegistrationError::Wallets(GroupError::NoQuorum { agreeing: 1, quorum: 2, .. })),
        "{error}"
    );
    assert!(pool.users.registered().await.unwrap().is_empty());
    pool.wallets[1].set(Mood::Fine);
    pool.group.recover_all().await;
    pool.registrar.register(UserId(1), USER_KEY).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wallet_with_another_key_stops_registration_until_it_agrees() {
    let pool = pool(None);
    *pool.wallets[0].key.lock().unwrap() = OTHER.parse().unwrap();
    pool.group.recover_all().await;
    let error = pool.registrar.register(UserId(1), USER_KEY).await.unwrap_err().to_string();
    assert!(error.contains("wallet1") && error.contains(OTHER) && error.contains(COLD), "{error}");
    *pool.wallets[0].key.lock().unwrap() = COLD.parse().unwrap();
    pool.group.recover_all().await;
    pool.registrar.register(UserId(1), USER_KEY).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_network_harms_nobody_but_its_sender() {
    let pool = pool(None);
    pool.group.recover_all().await;
    let foreign = "TkQ5D4h37rpN4qDfDjFQfJyToe1SKkqw3H7zkHRH8n8Mmd9msKdFW";
    let error = pool.registrar.register(UserId(1), foreign).await.unwrap_err();
    assert!(matches!(error, RegistrationError::Undecodable(_)));
    pool.registrar.register(UserId(2), USER_KEY).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn wrong_texts_are_told_apart() {
    let pool = pool(None);
    pool.group.recover_all().await;
    let try_key = |key: &'static str| pool.registrar.register(UserId(1), key);
    assert_eq!(try_key("short").await, Err(RegistrationError::TooShort(5)));
    assert_eq!(try_key("x".repeat(66).leak()).await, Err(RegistrationError::TooLong(66)));
    assert!(matches!(try_key("x".repeat(53).leak()).await, Err(RegistrationError::Undecodable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_closed_pool_takes_no_addresses() {
    let pool = pool(Some("closed for repairs"));
    pool.group.recover_all().await;
    let error = pool.registrar.register(UserId(1), USER_KEY).await;
    assert_eq!(error, Err(RegistrationError::Closed("closed for repairs".into())));
}

#[tokio::test(start_paused = true)]
async fn reads_go_on_with_the_next_wallet() {
    let pool = pool(None);
    pool.group.recover_all().await;
    for wallet in &pool.wallets[..2] {
        wallet.set(Mood::Away);
    }
    assert_eq!(pool.group.stake_info().await.unwrap().height, BlockHeight(321));
    pool.wallets[2].set(Mood::Away);
    assert!(matches!(pool.group.stake_info().await, Err(GroupError::NoneHealthy(_))));
}

#[test]
fn the_script_of_a_registration_has_the_pools_key_first() {
    let branch = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    let pool_key = branch.public_key(KeyIndex(1)).unwrap();
    let script = RedeemScript::new(pool_key, branch.public_key(KeyIndex(2)).unwrap());
    assert_eq!(script.to_bytes()[2..35], pool_key.serialize());
}
