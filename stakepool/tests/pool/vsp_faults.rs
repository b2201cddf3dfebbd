//! Changes of registered tickets that another change comes before, and passes in which something fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool::vsp::{PassError, Vsp};
use stakepool_core::ports::{KEYS_KEPT, LeaseStore as _, TransactionSubmission, UpkeepStore as _};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{FeeStatus, Outcome};

use crate::vsp_store::FaultyStore;
use crate::vsp_wallet::{Ground, Wallet, code, json_of};

async fn faulty() -> (Ground, Arc<FaultyStore>, Vsp) {
    let ground = Ground::new();
    let store = Arc::new(FaultyStore::on(&ground.store));
    let vsp = ground.instance_on(store.clone()).await;
    vsp.choose_from(Vec::new());
    (ground, store, vsp)
}

/// The same with a registered ticket that block 1002, the next one, votes.
async fn voted_next() -> (Ground, Arc<FaultyStore>, Vsp, Wallet) {
    let (ground, store, vsp) = faulty().await;
    let wallet = Wallet::new(1);
    ground.node.chain().add(&wallet.ticket, Some(990));
    ground.blocks(&vsp, 1).await;
    wallet.register(&vsp, &ground).await;
    ground.node.chain().blocks.insert(1002, vec![wallet.vote()]);
    (ground, store, vsp, wallet)
}

#[tokio::test(start_paused = true)]
async fn tickets_are_counted_when_one_changes_and_not_at_every_look() {
    let (ground, store, vsp) = faulty().await;
    let wallet = Wallet::new(1);
    ground.node.chain().add(&wallet.ticket, Some(990));
    ground.blocks(&vsp, 1).await;
    let before = store.counted.load(Ordering::Relaxed);
    for _ in 0..10 {
        ground.look(&vsp).await;
    }
    assert_eq!(store.counted.load(Ordering::Relaxed), before);
    wallet.register(&vsp, &ground).await;
    ground.look(&vsp).await;
    assert_eq!((store.counted.load(Ordering::Relaxed), json_of(&vsp.info())["voting"].as_u64()), (before + 1, Some(1)));
    tokio::time::advance(Duration::from_secs(30)).await;
    ground.look(&vsp).await;
    assert_eq!(store.counted.load(Ordering::Relaxed), before + 2, "other instances change tickets, too");
    store.away.store(true, Ordering::Relaxed);
    ground.look(&vsp).await;
    assert_eq!(vsp.info().status, 503, "a database that does not answer sells nothing, however lately it was counted");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_comes_before_a_payment_is_not_taken_for_one() {
    let (ground, store, vsp) = faulty().await;
    let wallet = Wallet::new(1);
    let quoted = wallet.ask_address(&vsp, &ground).await;
    let payment = wallet.payment(&quoted, 0);
    store.others.store(1, Ordering::Relaxed);
    let paid = wallet.pay(&vsp, &ground, &payment).await;
    assert_eq!(paid.status, 200, "{}", json_of(&paid));
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Received);
    assert_eq!(code(&wallet.pay(&vsp, &ground, &payment).await), (400, 3));
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_a_block_is_noted_and_taken_back_whatever_comes_between() {
    let (ground, store, vsp, wallet) = voted_next().await;
    store.others.store(2, Ordering::Relaxed);
    ground.blocks(&vsp, 1).await;
    assert_eq!(ground.kept(&wallet).await.unwrap().registration.outcome, Some(Outcome::Voted));
    ground.node.chain().reorganise(1002);
    store.others.store(2, Ordering::Relaxed);
    ground.blocks(&vsp, 1).await;
    assert_eq!(ground.kept(&wallet).await.unwrap().registration.outcome, None);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_noted_yet_is_noted_by_a_later_pass() {
    let (ground, store, vsp, wallet) = voted_next().await;
    ground.node.chain().height += 1;
    store.others.store(5, Ordering::Relaxed);
    assert!(vsp.pass().await.is_err());
    vsp.pass().await.unwrap();
    assert_eq!(ground.kept(&wallet).await.unwrap().registration.outcome, Some(Outcome::Voted));
}

#[tokio::test(start_paused = true)]
async fn refusals_are_counted_by_blocks_while_passes_fail() {
    let (ground, store, vsp) = faulty().await;
    let wallet = Wallet::new(1);
    let payment = wallet.register(&vsp, &ground).await;
    ground.blocks(&vsp, 1).await;
    ground.node.chain().add(&wallet.ticket, Some(1001));
    ground.node.chain().refused.insert(payment.hash(), TransactionSubmission::Refused("no".to_owned()));
    store.last_step_fails.store(true, Ordering::Relaxed);
    ground.node.chain().height = 1010;
    for _ in 0..10 {
        assert!(vsp.pass().await.is_err());
    }
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Received);
    for _ in 0..2 {
        ground.node.chain().height += 1;
        assert!(vsp.pass().await.is_err());
    }
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Error);
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_was_asked_for_is_made_even_after_one_that_failed() {
    let (ground, store, vsp) = faulty().await;
    let wallet = Wallet::new(1);
    wallet.register(&vsp, &ground).await;
    ground.blocks(&vsp, 1).await;
    ground.node.chain().add(&wallet.ticket, Some(1001));
    store.others.store(1, Ordering::Relaxed);
    ground.blocks(&vsp, 9).await;
    assert_eq!(ground.kept(&wallet).await.unwrap().registration.confirmed_at, None, "another change came before");
    ground.node.chain().away = true;
    assert!(vsp.pass().await.is_err());
    ground.node.chain().away = false;
    store.last_step_fails.store(true, Ordering::Relaxed);
    store.broken.lock().unwrap().insert(wallet.ticket.hash().into());
    assert!(vsp.pass().await.is_err());
    store.broken.lock().unwrap().clear();
    store.last_step_fails.store(false, Ordering::Relaxed);
    vsp.pass().await.unwrap();
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Broadcast);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_fails_keeps_no_other_from_its_turn() {
    let (ground, store, vsp) = faulty().await;
    let wallets: Vec<_> = (1..=3).map(Wallet::new).collect();
    for wallet in &wallets {
        wallet.register(&vsp, &ground).await;
    }
    ground.blocks(&vsp, 1).await;
    for wallet in &wallets {
        ground.node.chain().add(&wallet.ticket, Some(1001));
    }
    // The first one by hash would come before the others.
    let first = wallets.iter().min_by_key(|wallet| wallet.ticket.hash().to_string()).unwrap();
    store.broken.lock().unwrap().insert(first.ticket.hash().into());
    ground.node.chain().height = 1010;
    assert!(vsp.pass().await.unwrap_err().to_string().contains("cannot be read"));
    for wallet in &wallets {
        let is_first = wallet.ticket.hash() == first.ticket.hash();
        let expected = if is_first { FeeStatus::Received } else { FeeStatus::Broadcast };
        assert_eq!(ground.fee(wallet).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_deleted_keeps_no_other_from_its_end() {
    let (ground, store, vsp) = faulty().await;
    let wallets: Vec<_> = (1..=3).map(Wallet::new).collect();
    for wallet in &wallets {
        ground.node.chain().add(&wallet.ticket, Some(990));
    }
    ground.blocks(&vsp, 1).await;
    for wallet in &wallets {
        wallet.register(&vsp, &ground).await;
    }
    ground.node.chain().blocks.insert(1002, wallets.iter().map(Wallet::vote).collect());
    ground.blocks(&vsp, 1).await;
    let first = wallets.iter().min_by_key(|wallet| wallet.ticket.hash().to_string()).unwrap();
    store.broken.lock().unwrap().insert(first.ticket.hash().into());
    ground.node.chain().height += KEYS_KEPT + 1;
    assert!(vsp.pass().await.unwrap_err().to_string().contains("cannot be read"));
    for wallet in &wallets {
        let is_first = wallet.ticket.hash() == first.ticket.hash();
        assert_eq!(ground.kept(wallet).await.unwrap().voting_key.is_some(), is_first);
    }
    store.broken.lock().unwrap().clear();
    vsp.pass().await.unwrap();
    assert_eq!(ground.kept(first).await.unwrap().voting_key, None);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_stood_still_does_not_work_on_once_another_has_the_work() {
    let ground = Ground::new();
    let (paused, other, wallet) = (ground.instance().await, ground.instance().await, Wallet::new(1));
    ground.node.chain().add(&wallet.ticket, Some(990));
    let lease = async |holder: &str, now| {
        ground.store.lease("vsp chain", holder, UnixTime(now), UnixTime(now + 30)).await.unwrap().unwrap()
    };
    let of_paused = lease("a", 0).await;
    paused.pass_under(&of_paused).await.unwrap();
    let of_other = lease("b", 31).await;
    ground.node.chain().blocks.insert(1001, vec![wallet.vote()]);
    ground.node.chain().height += 1;
    assert!(matches!(paused.pass_under(&of_paused).await, Err(PassError::Superseded)));
    wallet.register(&other, &ground).await;
    other.pass_under(&of_other).await.unwrap();
    assert_eq!(ground.kept(&wallet).await.unwrap().registration.outcome, Some(Outcome::Voted));
    assert!(matches!(paused.pass_under(&of_paused).await, Err(PassError::Superseded)));
    assert_eq!(ground.store.notes("vsp chain").await.unwrap().len(), 1);
}
