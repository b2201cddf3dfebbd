//! Bringing wallets up to date while another program does so, too.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stakepool_core::accounts::{Email, PasswordHashes, PoolBranches, UserId, VotingPreference};
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, KeyIndex, Network, VoteBits, VoteVersion};
use stakepool_core::ports::{NewUser, PoolWallet, RescanStore, ScriptWallet as _, StoreError, UserStore};
use stakepool_core::testkit::tickets::COLD;
use stakepool_core::testkit::{FakeWallet, MemoryStore};
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::WalletGroup;

/// What wallets owe, where another program settles every note as soon as it is made.
#[derive(Default)]
struct Settled(Mutex<Vec<BlockHeight>>);

#[async_trait]
impl RescanStore for Settled {
    async fn owed_rescan(&self, _: &str) -> Result<Option<BlockHeight>, StoreError> {
        Ok(None)
    }

    async fn owe_rescan(&self, _: &str, from: BlockHeight) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(from);
        Ok(())
    }

    async fn rescan_done(&self, _: &str, _: BlockHeight) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A store with so many users, who registered at heights from 100 on.
async fn users(count: u32) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    let branch = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    let pool = PoolBranches { voting: branch, cold: branch };
    for number in 1..=count {
        let new = NewUser {
            email: Email::parse(&format!("u{number}@example.org")).unwrap(),
            password: PasswordHashes::default(),
            verified: true,
            admin: false,
            voting: VotingPreference { bits: VoteBits(1), version: VoteVersion(11) },
            created: UnixTime(0),
        };
        let user = store.create(new).await.unwrap();
        let index = store.reserve_index(user, 9999).await.unwrap();
        let key = branch.address(KeyIndex(50 + number)).unwrap();
        store.register(user, &pool.registration(index, &key, BlockHeight(100 + number)).unwrap()).await.unwrap();
    }
    store
}

fn group(wallets: &[Arc<FakeWallet>], users: Arc<MemoryStore>, rescans: Arc<dyn RescanStore>) -> WalletGroup {
    let members = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn PoolWallet>).collect();
    WalletGroup::with_stores(Network::Simnet, COLD.parse().unwrap(), 1, members, users, rescans)
}

#[tokio::test(start_paused = true)]
async fn a_wallet_looks_through_the_chain_although_another_program_has_settled_what_it_owed() {
    let wallet = FakeWallet::new("wallet");
    let rescans = Arc::new(Settled::default());
    let group = group(std::slice::from_ref(&wallet), users(3).await, rescans.clone());
    let synced = group.sync(|_, _| {}).await;
    let brought = synced[0].outcome.clone().unwrap();
    assert_eq!((brought.scripts, brought.rescanned_from), (3, Some(BlockHeight(101))));
    assert_eq!(*wallet.rescans.lock().unwrap(), [BlockHeight(101)]);
    assert_eq!(rescans.0.lock().unwrap().last(), Some(&BlockHeight(101)), "what is cut off now is owed again");
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_of_each_wallet_and_what_one_lacks_by_user() {
    let wallets = [FakeWallet::new("one"), FakeWallet::new("two")];
    let store = users(3).await;
    let known = store.by_id(UserId(2)).await.unwrap().unwrap().registration.unwrap();
    wallets[1].import_script(&known.script).await.unwrap();
    let group = group(&wallets, store.clone(), store);
    let compared = group.compare().await.unwrap();
    let lacked = |wallet: usize| -> Vec<i64> {
        compared[wallet].missing.as_ref().unwrap().iter().map(|script| script.user.0).collect()
    };
    assert_eq!((lacked(0), lacked(1)), (vec![1, 2, 3], vec![1, 3]));
    let told = Mutex::new(Vec::new());
    group.sync(|wallet, progress| told.lock().unwrap().push((wallet.to_owned(), progress.done, progress.total))).await;
    let last = |name: &str| told.lock().unwrap().iter().rev().find(|(wallet, ..)| wallet == name).cloned().unwrap();
    assert_eq!((last("one"), last("two")), (("one".to_owned(), 3, 3), ("two".to_owned(), 2, 2)));
}

#[tokio::test(start_paused = true)]
async fn a_wallet_whose_scripts_cannot_be_counted_says_so() {
    let wallet = FakeWallet::new("wallet");
    // The script of a user whose registration with the same key index did not come to its end: its tickets decide whose it is.
    let lost = users(2).await.by_id(UserId(2)).await.unwrap().unwrap().registration.unwrap();
    wallet.import_script(&lost.script).await.unwrap();
    let store = users(1).await;
    let email = Email::parse("other@example.org").unwrap();
    let voting = VotingPreference { bits: VoteBits(1), version: VoteVersion(11) };
    let (password, created) = (PasswordHashes::default(), UnixTime(0));
    let other = store.create(NewUser { email, password, verified: true, admin: false, voting, created }).await.unwrap();
    store.reserve_index(other, 9999).await.unwrap();
    let group = group(std::slice::from_ref(&wallet), store.clone(), store);
    assert_eq!(group.compare().await.unwrap()[0].uncounted, None);
    wallet.faults.lock().unwrap().unlisted = true;
    let compared = group.compare().await.unwrap().remove(0);
    let why = compared.uncounted.expect("nothing is said");
    assert!(why.contains("key index 2") && why.contains("database is closed"), "{why}");
}
