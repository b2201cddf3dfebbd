//! Tries that are counted by all instances of a pool together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use stakepool::accounts::{
    Denied, KeyAfterReset, NewPassword, ResetPasswordError, SignInError, SignUpError, VerifyError,
};
use stakepool_core::accounts::{Email, UserId};
use stakepool_core::ports::{CountedTry, StoreError, TokenPurpose, TokenStore, TryStore};
use stakepool_core::time::UnixTime;
use tempfile::TempDir;

use crate::world::{ALICE, BOB, OTHER_PASSWORD, PASSWORD, Plan, World, from, until};

/// Two instances on one database, each with the account of Alice.
async fn two(change: fn(&mut Plan)) -> (World, World, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let one = World::in_folder_with(folder.path(), change).await;
    let other = World::in_folder_with(folder.path(), change).await;
    one.account(ALICE).await;
    (one, other, folder)
}

async fn refused(world: &World, email: &str, password: &str, client: &str) -> Option<SignInError> {
    world.pool.sign_in(email, password, &from(client), None).await.err()
}

#[tokio::test]
async fn who_goes_from_one_instance_to_the_next_has_no_more_tries_whether_there_is_such_an_account_or_not() {
    let (one, other, _folder) = two(|plan| plan.settings.tries.sign_ins_per_account = 2).await;
    for email in [ALICE, "unknown@example.org"] {
        for world in [&one, &other] {
            let wrong = refused(world, email, "wrong", "203.0.113.9").await.unwrap();
            assert!(matches!(wrong, SignInError::Wrong), "{wrong}");
        }
        for world in [&one, &other] {
            let wait = refused(world, email, PASSWORD, "203.0.113.9").await.unwrap();
            assert!(matches!(wait, SignInError::Wait(_)), "{wait}");
        }
        // Another client has tries of its own.
        assert!(matches!(refused(&one, email, "wrong", "203.0.113.10").await, Some(SignInError::Wrong)));
    }
    for world in [&one, &other] {
        world.clock.advance(Duration::from_secs(601));
    }
    assert!(refused(&other, ALICE, PASSWORD, "203.0.113.9").await.is_none(), "the time is over");
}

#[tokio::test]
async fn the_right_password_forgives_the_account_and_leaves_the_client_its_failures_elsewhere() {
    let change = |plan: &mut Plan| {
        (plan.settings.tries.sign_ins_per_account, plan.settings.tries.sign_ins_per_client) = (2, 3);
    };
    let (one, other, _folder) = two(change).await;
    other.account(BOB).await;
    let client = "203.0.113.9";
    assert!(refused(&one, ALICE, "wrong", client).await.is_some());
    assert!(refused(&other, ALICE, PASSWORD, client).await.is_none());
    assert!(matches!(refused(&other, ALICE, "wrong", client).await, Some(SignInError::Wrong)));
    assert!(matches!(refused(&other, BOB, "wrong", client).await, Some(SignInError::Wrong)));
    // Three failures of the client, at whichever instance.
    assert!(matches!(refused(&one, BOB, PASSWORD, client).await, Some(SignInError::Wait(_))));
}

#[tokio::test]
async fn passwords_that_are_asked_for_again_sign_ups_and_mails_are_counted_together_too() {
    let change = |plan: &mut Plan| {
        plan.mail = true;
        let tries = &mut plan.settings.tries;
        (tries.sign_ins_per_account, tries.sign_ups_per_client, tries.mails_per_client) = (2, 2, 3);
    };
    let (one, other, _folder) = two(change).await;
    let alice = one.by_email(ALICE).await.unwrap();
    let client = from("203.0.113.9");
    for world in [&one, &other] {
        let denied = world.pool.confirm_password(&alice, "wrong", client.client).await;
        assert_eq!(denied, Err(Denied::Wrong));
    }
    let denied = one.pool.confirm_password(&alice, PASSWORD, client.client).await;
    assert!(matches!(denied, Err(Denied::Wait(_))));

    let sign_up = async |world: &World, email: &str| {
        world.pool.sign_up(email, NewPassword::once(OTHER_PASSWORD), &client)?.finish().await.map(drop)
    };
    sign_up(&one, "carol@example.org").await.unwrap();
    sign_up(&other, "dave@example.org").await.unwrap();
    assert!(matches!(sign_up(&one, "erin@example.org").await, Err(SignUpError::TooManySignUps(_))));

    // Two mails were asked for by signing up. The third comes, and a fourth from another instance does not.
    one.pool.ask_reset(ALICE, &client).unwrap().send().unwrap();
    until("the mail", || (one.letters.count(ALICE) == 1).then_some(())).await;
    other.pool.ask_reset(ALICE, &client).unwrap().send().unwrap();
    other.letters.assert_none(ALICE).await;
}

/// Fails where it is told so.
struct Failing {
    store: Arc<dyn TryStore>,
    fails: Arc<AtomicBool>,
}

impl Failing {
    fn works(&self) -> Result<(), StoreError> {
        let failed = || StoreError::Backend("the disk is full".to_owned());
        if self.fails.load(Ordering::SeqCst) { Err(failed()) } else { Ok(()) }
    }
}

#[async_trait]
impl TryStore for Failing {
    async fn count_try(
        &self,
        subject: &str,
        most: u32,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        self.works()?;
        self.store.count_try(subject, most, now, until).await
    }

    async fn count_tries(&self, tries: &[CountedTry], now: UnixTime) -> Result<Option<UnixTime>, StoreError> {
        self.works()?;
        self.store.count_tries(tries, now).await
    }

    async fn end_tries(&self, forgotten: &[String], taken_back: &[String]) -> Result<(), StoreError> {
        self.works()?;
        self.store.end_tries(forgotten, taken_back).await
    }

    async fn forget_tries(&self, subject: &str) -> Result<(), StoreError> {
        self.works()?;
        self.store.forget_tries(subject).await
    }
}

#[tokio::test]
async fn where_tries_cannot_be_counted_nobody_comes_in_and_who_is_in_stays() {
    let fails = Arc::<AtomicBool>::default();
    let told = Arc::clone(&fails);
    let world = World::with(|plan| {
        plan.stores = Box::new(|stores| {
            let tries = Arc::new(Failing { store: stores.tries.clone(), fails: told });
            stakepool::Stores { tries, ..stores }
        });
    })
    .await;
    world.account(ALICE).await;
    let session = world.sign_in(ALICE, PASSWORD).await;
    fails.store(true, Ordering::SeqCst);
    for _ in 0..30 {
        let error = refused(&world, ALICE, PASSWORD, "203.0.113.9").await.unwrap();
        assert!(matches!(error, SignInError::Store(_)), "{error}");
    }
    assert!(world.is_open(&session).await);
    fails.store(false, Ordering::SeqCst);
    assert!(
        refused(&world, ALICE, PASSWORD, "203.0.113.9").await.is_none(),
        "tries that were not looked at do not count"
    );
}

/// Tokens that cannot be looked at where it is told so.
struct FailingTokens {
    store: Arc<dyn TokenStore>,
    fails: Arc<AtomicBool>,
}

#[async_trait]
impl TokenStore for FailingTokens {
    async fn put(
        &self,
        purpose: TokenPurpose,
        hash: [u8; 32],
        user: UserId,
        email: Option<&Email>,
        expires: UnixTime,
    ) -> Result<(), StoreError> {
        self.store.put(purpose, hash, user, email, expires).await
    }

    async fn peek(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::Backend("the disk is full".to_owned()));
        }
        self.store.peek(purpose, hash, now).await
    }

    async fn take(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        self.store.take(purpose, hash, now).await
    }
}

#[tokio::test]
async fn links_that_the_store_could_not_look_at_count_nowhere() {
    let fails = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&fails);
    let world = World::with(|plan| {
        plan.stores = Box::new(|stores| {
            let tokens = Arc::new(FailingTokens { store: stores.tokens.clone(), fails: told });
            stakepool::Stores { tokens, ..stores }
        });
    })
    .await;
    let (token, client) = ("5e".repeat(32), from("203.0.113.9"));
    for _ in 0..30 {
        let failed = world.pool.verify_email(&token, &client).await.unwrap_err();
        assert!(matches!(failed, VerifyError::Store(_)), "{failed}");
        let new = NewPassword::once(OTHER_PASSWORD);
        let failed = world.pool.reset_password(&token, new, KeyAfterReset::Kept, &client).await.unwrap_err();
        assert!(matches!(failed, ResetPasswordError::Store(_)), "{failed}");
    }
    fails.store(false, Ordering::SeqCst);
    let stale = world.pool.verify_email(&token, &client).await.unwrap_err();
    assert!(matches!(stale, VerifyError::Stale), "{stale}");
}
