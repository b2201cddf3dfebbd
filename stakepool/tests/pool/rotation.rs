//! Another cold wallet: what users are shown, and which tickets are accepted.

use stakepool::PoolTerms;
use stakepool_core::accounts::Registration;
use stakepool_core::chain::{Address, AddressKind, ExtendedPubKey, Hash160, KeyIndex};
use stakepool_core::testkit::tickets::COLD;
use stakepool_core::ticket::FeeAddresses;

use crate::wallets::OTHER;
use crate::world::{ALICE, World, terms};

fn key(text: &str) -> ExtendedPubKey {
    text.parse().unwrap()
}

/// The terms after the change from [`COLD`] to [`OTHER`].
fn changed() -> PoolTerms {
    let mut terms = terms();
    terms.cold_wallet = key(OTHER);
    terms
}

/// The fee address of a user of the cold wallet `cold`.
fn address(cold: &str, index: KeyIndex) -> Address {
    key(cold).external_branch().unwrap().address(index).unwrap().to_pubkey_hash()
}

fn hash(address: Address) -> Hash160 {
    match address.kind() {
        AddressKind::PubKeyHash(hash) => hash,
        other => panic!("{other:?}"),
    }
}

/// A user who registered before the change, in a pool after it.
async fn after(terms: PoolTerms) -> (World, Registration) {
    let world = World::with(|plan| plan.terms = terms).await;
    let user = world.registered(ALICE).await;
    let registration = user.registration.unwrap();
    let old = Registration { fee_address: address(COLD, registration.key_index), ..registration };
    (world, old)
}

#[tokio::test]
async fn a_user_is_shown_the_fee_address_of_the_present_cold_wallet_which_the_daemons_accept() {
    let (world, old) = after(changed().old_cold_wallets(vec![key(COLD)])).await;
    let terms = world.pool.terms();
    let shown = terms.fee_address(&old);
    assert_eq!(shown, address(OTHER, old.key_index));
    assert_ne!(shown, old.fee_address);
    // As a daemon has them.
    let branch = |text: &str| key(text).external_branch().unwrap();
    let only_new = FeeAddresses::derive(&branch(OTHER), KeyIndex(9)).unwrap();
    assert_eq!(only_new.index_of(hash(old.fee_address)), None);
    let both = only_new.with_old(&branch(COLD), KeyIndex(9)).unwrap();
    for accepted in [shown, old.fee_address] {
        assert_eq!(both.index_of(hash(accepted)), Some(old.key_index), "{accepted}");
    }
}

#[tokio::test]
async fn users_whose_fee_address_is_accepted_no_more_are_a_problem_until_the_old_key_is_listed() {
    for (old_keys, problems) in [(Vec::new(), 1), (vec![key(COLD)], 0)] {
        let folder = tempfile::tempdir().unwrap();
        let before = World::in_folder(folder.path(), terms()).await;
        before.registered(ALICE).await;
        assert_eq!(before.pool.status().await.problems, [""; 0]);
        let after = World::in_folder(folder.path(), changed().old_cold_wallets(old_keys)).await;
        let status = after.pool.status().await;
        assert_eq!(status.problems.len(), problems, "{:?}", status.problems);
        assert!(status.problems.iter().all(|text| text.contains("add its key to oldcoldwalletextpubs")));
        assert_eq!(after.pool.look().await.problems, status.problems);
    }
}
