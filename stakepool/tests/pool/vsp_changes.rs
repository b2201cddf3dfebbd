//! What the owner of a registered ticket changes: its choices, and who may sign for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use stakepool_core::ports::VspTicketStore as _;
use stakepool_core::vsp::RecordKind;
use tokio::time::advance;

use crate::vsp_store::FaultyStore;
use crate::vsp_wallet::{Ground, Wallet, code, json_of};

#[tokio::test(start_paused = true)]
async fn a_later_choice_wakes_the_daemons_and_is_kept_as_proof_and_none_can_be_sent_twice() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.node.chain().add(&wallet.ticket, Some(900));
    wallet.register(&vsp, &ground).await;
    let records = async || ground.store.records(&wallet.ticket.hash().into()).await.unwrap();
    let before = records().await.len();
    // The payment was a choice, too, and nothing that is not later counts.
    assert_eq!(code(&wallet.choose(&vsp, &ground, 1, json!({})).await), (400, 17));
    ground.clock.advance(Duration::from_secs(1));
    let answer = wallet.choose(&vsp, &ground, 1, json!({})).await;
    assert_eq!(answer.status, 200, "{}", json_of(&answer));
    let after = records().await;
    assert_eq!((after.len(), after.last().unwrap().kind), (before + 1, RecordKind::SetVoteChoices));
    let again = wallet.choose(&vsp, &ground, 1, json!({})).await;
    assert_eq!((code(&again), records().await.len()), ((400, 17), before + 1));
}

#[tokio::test(start_paused = true)]
async fn only_the_owner_and_who_was_named_once_sign_for_a_ticket() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.node.chain().add(&wallet.ticket, Some(900));
    let unknown = wallet.name_alternate(&vsp, &ground, 2).await;
    assert_eq!(code(&unknown), (400, 6));
    wallet.register(&vsp, &ground).await;
    ground.clock.advance(Duration::from_secs(1));
    let stranger = wallet.choose(&vsp, &ground, 2, json!({})).await;
    assert_eq!(code(&stranger), (400, 10));

    let named = wallet.name_alternate(&vsp, &ground, 2).await;
    assert_eq!(named.status, 200, "{}", json_of(&named));
    assert_eq!(wallet.choose(&vsp, &ground, 2, json!({})).await.status, 200);
    let another = wallet.name_alternate(&vsp, &ground, 3).await;
    assert_eq!(another.status, 400, "{}", json_of(&another));
    ground.clock.advance(Duration::from_secs(1));
    assert_eq!(code(&wallet.choose(&vsp, &ground, 3, json!({})).await), (400, 10));
    assert_eq!(wallet.choose(&vsp, &ground, 1, json!({})).await.status, 200, "the owner still signs");
}

#[tokio::test(start_paused = true)]
async fn what_an_instance_of_an_earlier_version_changes_is_found_once_the_tickets_are_counted() {
    let ground = Ground::new();
    let store = Arc::new(FaultyStore::on(&ground.store));
    let vsp = ground.instance_on(store.clone()).await;
    vsp.choose_from(Vec::new());
    assert!(vsp.key_tickets().await.unwrap().is_empty());
    store.numbers_nothing.store(true, Ordering::Relaxed);
    let wallet = Wallet::new(1);
    ground.node.chain().add(&wallet.ticket, Some(900));
    wallet.register(&ground.instance().await, &ground).await;
    assert!(vsp.key_tickets().await.unwrap().is_empty(), "nothing says that anything has changed");
    // A change that another instance makes just now may be counted before it is read: the difference has to stay.
    for found in [0, 1] {
        advance(Duration::from_secs(30)).await;
        ground.look(&vsp).await;
        assert_eq!(vsp.key_tickets().await.unwrap().len(), found);
    }
}
