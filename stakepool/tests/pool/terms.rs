//! The fee and the cold wallet over time: announced, changed in the configuration, handed to the daemons.

use std::path::Path;
use std::sync::Arc;

use stakepool::administration::{TermsChange, TermsError};
use stakepool::{PoolTerms, TermsOrigin};
use stakepool_core::accounts::Actor;
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, KeyIndex};
use stakepool_core::ports::AuditStore as _;
use stakepool_core::testkit::FakeDaemon;
use stakepool_core::testkit::tickets::COLD;
use stakepool_core::ticket::PoolFee;

use crate::wallets::OTHER;
use crate::world::{ALICE, World, terms, until};

/// The height of the fake wallets at first.
const TIP: u32 = 321;

fn percent(percent: f64) -> PoolFee {
    PoolFee::from_percent(percent).unwrap()
}

fn other() -> ExtendedPubKey {
    OTHER.parse().unwrap()
}

/// The usual terms with another fee in the configuration.
fn with_fee(fee: f64) -> PoolTerms {
    let mut terms = terms();
    terms.fee = percent(fee);
    terms
}

/// A pool that runs on the database of a folder, with one daemon.
struct Running {
    world: World,
    daemon: Arc<FakeDaemon>,
}

impl Running {
    async fn start(folder: &Path, terms: PoolTerms) -> Self {
        Self::start_at(folder, terms, TIP).await
    }

    /// As [`Running::start`], where the chain has grown meanwhile.
    async fn start_at(folder: &Path, terms: PoolTerms, height: u32) -> Self {
        let daemon = FakeDaemon::new("daemon:1");
        let world = World::in_folder_with(folder, |plan| {
            plan.terms = terms;
            plan.daemons = vec![Arc::clone(&daemon)];
        });
        let this = Self { world: world.await, daemon };
        this.mine_to(height);
        let pool = Arc::clone(&this.world.pool);
        pool.parts().wallets.as_ref().unwrap().group.recover_all().await;
        tokio::spawn(async move { pool.run(std::future::pending()).await });
        this
    }

    /// The heights and fees that the daemon was told.
    fn told(&self) -> Vec<(u32, f64)> {
        let desired = self.daemon.desired.lock().unwrap();
        let terms = desired.iter().flat_map(|desired| desired.terms().iter());
        terms.map(|terms| (terms.from.0, terms.fee.percent())).collect()
    }

    async fn is_told(&self, expected: &[(u32, f64)]) {
        until(&format!("{expected:?} in the daemon, which has {:?}", self.told()), || {
            (self.told() == expected).then_some(())
        })
        .await;
    }

    /// Has the chain grow.
    fn mine_to(&self, height: u32) {
        self.world.wallets.iter().for_each(|wallet| *wallet.best.lock().unwrap() = height);
    }

    /// Waits until a fee is in force.
    async fn asks(&self, fee: f64) {
        let terms = self.world.pool.terms();
        until("a fee in force", || {
            (terms.in_force().fee == percent(fee) && terms.over_time.get().tip.is_some()).then_some(())
        })
        .await;
    }

    async fn announce(
        &self,
        from: u32,
        fee: Option<f64>,
        cold_wallet: Option<ExtendedPubKey>,
    ) -> Result<(), TermsError> {
        let change = TermsChange { from: BlockHeight(from), fee: fee.map(percent), cold_wallet };
        self.world.pool.announce_terms(Actor::CommandLine, change, BlockHeight(TIP)).await.map(drop)
    }
}

#[tokio::test]
async fn a_changed_configuration_is_a_change_from_the_next_block_on_and_judges_no_older_ticket_anew() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), with_fee(7.5)).await;
    first.is_told(&[(0, 7.5)]).await;
    drop(first);
    let again = Running::start(folder.path(), with_fee(7.5)).await;
    again.asks(7.5).await;
    assert_eq!(again.world.pool.noted_terms().await.unwrap().len(), 1, "nothing changed");
    let changed = Running::start(folder.path(), with_fee(9.0)).await;
    changed.is_told(&[(0, 7.5), (TIP + 1, 9.0)]).await;
    changed.asks(9.0).await;
    let noted = changed.world.pool.noted_terms().await.unwrap();
    assert_eq!(
        noted.iter().map(|noted| noted.origin).collect::<Vec<_>>(),
        [TermsOrigin::First, TermsOrigin::Configuration]
    );
    let acts = changed.world.database.latest(9).await.unwrap();
    assert_eq!(acts.iter().map(|act| act.action.as_str()).collect::<Vec<_>>(), ["terms.configured"]);
    assert!(acts[0].detail.starts_with("9 percent to spub"), "{}", acts[0].detail);
    let same = Running::start(folder.path(), with_fee(9.0)).await;
    same.asks(9.0).await;
    assert_eq!(same.world.pool.noted_terms().await.unwrap(), noted);
}

#[tokio::test]
async fn announced_terms_come_into_force_at_their_block_whatever_the_configuration_still_says() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Running::start(folder.path(), with_fee(7.5)).await;
    pool.is_told(&[(0, 7.5)]).await;
    let user = pool.world.registered(ALICE).await;
    let registration = user.registration.unwrap();
    let before = pool.world.pool.terms().fee_address(&registration);
    pool.announce(TIP + 30, Some(9.0), Some(other())).await.unwrap();
    pool.is_told(&[(0, 7.5), (TIP + 30, 9.0)]).await;
    pool.mine_to(TIP + 28);
    until("the height", || (pool.world.pool.terms().over_time.get().tip == Some(BlockHeight(TIP + 28))).then_some(()))
        .await;
    assert_eq!(pool.world.pool.terms().in_force().fee, percent(7.5));
    assert_eq!(pool.world.pool.terms().to_come().len(), 1);
    pool.mine_to(TIP + 29);
    pool.asks(9.0).await;
    let after = pool.world.pool.terms().fee_address(&registration);
    assert_eq!(after, other().external_branch().unwrap().address(registration.key_index).unwrap().to_pubkey_hash());
    assert_ne!(after, before);

    // The file was not changed yet; then it is, which says nothing new.
    for fee in [7.5, 9.0] {
        let mut terms = with_fee(fee);
        if fee == 9.0 {
            terms.cold_wallet = other();
        }
        let terms = terms.old_cold_wallets(vec![COLD.parse().unwrap()]);
        let again = Running::start_at(folder.path(), terms, TIP + 40).await;
        again.asks(9.0).await;
        again.is_told(&[(0, 7.5), (TIP + 30, 9.0)]).await;
    }
    // Back by the file alone is a change again.
    let back = Running::start_at(folder.path(), with_fee(7.5), TIP + 40).await;
    back.asks(7.5).await;
    let noted = back.world.pool.noted_terms().await.unwrap();
    assert_eq!(noted.last().unwrap().origin, TermsOrigin::Configuration);
    assert_eq!(noted.len(), 3);
}

#[tokio::test]
async fn what_cannot_be_announced_or_taken_back_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Running::start(folder.path(), with_fee(7.5)).await;
    pool.is_told(&[(0, 7.5)]).await;
    for from in [5, TIP, TIP + 1] {
        let refused = pool.announce(from, Some(9.0), None).await.unwrap_err();
        assert!(matches!(refused, TermsError::NotToCome { .. }), "{refused}");
    }
    assert_eq!(pool.announce(400, Some(7.5), None).await, Err(TermsError::NothingChanges(BlockHeight(400))));
    pool.announce(400, Some(8.0), None).await.unwrap();
    pool.announce(400, Some(8.5), None).await.unwrap();
    pool.is_told(&[(0, 7.5), (400, 8.5)]).await;
    let revoke = async |from, tip| {
        pool.world.pool.revoke_terms(Actor::CommandLine, BlockHeight(from), BlockHeight(tip)).await.map(drop)
    };
    assert_eq!(revoke(0, TIP).await, Err(TermsError::NotAnnounced(BlockHeight(0))), "what held is not taken back");
    assert!(matches!(revoke(400, 400).await, Err(TermsError::NotToCome { .. })));
    revoke(400, TIP).await.unwrap();
    pool.is_told(&[(0, 7.5)]).await;
}

#[tokio::test]
async fn daemons_keep_their_users_while_their_files_are_changed_and_older_ones_are_told_no_terms() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Running::start(folder.path(), with_fee(7.5)).await;
    pool.is_told(&[(0, 7.5)]).await;
    pool.announce(TIP + 10, Some(9.0), Some(other())).await.unwrap();
    pool.is_told(&[(0, 7.5), (TIP + 10, 9.0)]).await;
    // One is changed ahead of the block.
    pool.daemon.change_status(|status| {
        status.cold_wallet_xpub = OTHER.to_owned();
        status.pool_fee = percent(9.0);
    });
    pool.world.compared(&pool.daemon).await;
    let status = pool.world.pool.status().await;
    assert_eq!(status.daemons[0].problems, [""; 0]);
    // A third value is nobody's.
    pool.daemon.change_status(|status| status.pool_fee = percent(3.0));
    pool.world.compared(&pool.daemon).await;
    let problems = pool.world.pool.status().await.daemons[0].problems.clone();
    assert!(problems.len() == 1 && problems[0].contains("its poolfees is 3, but the web's is 7.5"), "{problems:?}");

    let old = FakeDaemon::new("daemon:1");
    old.change_status(|status| status.takes_terms = false);
    let daemons = vec![Arc::clone(&old)];
    let world = World::in_folder_with(folder.path(), |plan| plan.daemons = daemons).await;
    world.keep_daemons();
    world.in_sync(&old).await;
    let user = world.registered(ALICE).await;
    until("the new user", || (old.users() == 1).then_some(())).await;
    assert!(old.desired.lock().unwrap().as_ref().unwrap().terms().is_empty());
    assert_eq!(user.registration.unwrap().key_index, KeyIndex(1));
}
