//! The service for wallets of today is closed and opened, and its fee key retired, while two instances run on one store.

use std::sync::Arc;

use stakepool::Pool;
use stakepool::administration::VspAdministrationError;
use stakepool::vsp::Vsp;
use stakepool_core::accounts::Actor;
use stakepool_core::chain::KeyIndex;
use stakepool_core::ports::AuditStore as _;
use stakepool_core::vsp::{FeeKey, FeeStatus};

use crate::vsp_wallet::{Ground, Wallet, code, json_of};
use crate::world::{settings, terms};

const BY: Actor = Actor::CommandLine;

/// Two instances on one store, and a pool that does not run, as the command line has it.
async fn two() -> (Ground, [Vsp; 2], Pool) {
    let ground = Ground::new();
    let instances = [ground.instance().await, ground.instance().await];
    let pool = Pool::builder(terms(), settings()).store(Arc::new(ground.store.clone())).build().unwrap();
    (ground, instances, pool)
}

async fn look(ground: &Ground, instances: &[Vsp; 2]) {
    for instance in instances {
        ground.look(instance).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_instance_takes_no_new_tickets_after_the_next_look_and_goes_on_with_the_others() {
    let (ground, instances, pool) = two().await;
    let registered = Wallet::new(1);
    registered.register(&instances[0], &ground).await;
    assert_eq!(pool.close_vsp(BY, " We move. ").await.unwrap().message, "We move.");
    look(&ground, &instances).await;
    for (instance, number) in instances.iter().zip(2..) {
        let info = json_of(&instance.info());
        assert_eq!((&info["vspclosed"], info["vspclosedmsg"].as_str()), (&true.into(), Some("We move.")));
        assert_eq!(instance.info().status, 200);
        // A configuration that is read again changes nothing.
        instance.terms().closed.set_configured(None);
        assert_eq!(code(&Wallet::new(number).ask_address(instance, &ground).await), (400, 2));
        assert_eq!(registered.prove(instance).await.status, 200);
    }
    // Nor does a restart.
    let later = ground.instance().await;
    assert_eq!(later.terms().closed.get().as_deref(), Some("We move."));
    pool.open_vsp(BY).await.unwrap();
    look(&ground, &instances).await;
    for (instance, number) in instances.iter().zip(2..) {
        assert_eq!(json_of(&instance.info())["vspclosed"], false);
        assert_eq!(Wallet::new(number).ask_address(instance, &ground).await.status, 200);
    }
    let acts = ground.store.latest(2).await.unwrap();
    let acts: Vec<_> = acts.iter().map(|act| (act.action.as_str(), act.detail.as_str())).collect();
    assert_eq!(acts, [("vsp.open", ""), ("vsp.close", "We move.")]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_closed_cannot_be_opened_and_the_configuration_closes_all_the_same() {
    let (ground, instances, pool) = two().await;
    assert_eq!(pool.open_vsp(BY).await, Err(VspAdministrationError::NotClosed));
    for message in ["", "  ", "a\nb", &"x".repeat(501)] {
        assert_eq!(pool.close_vsp(BY, message).await, Err(VspAdministrationError::Message));
    }
    instances[0].terms().closed.set_configured(Some("By the file.".to_owned()));
    pool.close_vsp(BY, "By command.").await.unwrap();
    look(&ground, &instances).await;
    assert_eq!(instances[0].terms().closed.get().as_deref(), Some("By command."));
    pool.open_vsp(BY).await.unwrap();
    look(&ground, &instances).await;
    assert_eq!(instances[0].terms().closed.get().as_deref(), Some("By the file."));
    assert_eq!(*instances[1].terms().closed.get(), None);
}

#[tokio::test(start_paused = true)]
async fn a_retired_fee_key_gives_no_address_and_fees_to_its_addresses_are_taken() {
    let (ground, instances, pool) = two().await;
    let key = instances[0].terms().fee_key;
    let quoted = Wallet::new(1).ask_address(&instances[0], &ground).await;
    let retired = pool.retire_fee_key(BY, &key).await.unwrap();
    assert_eq!(retired, FeeKey::restore(key, KeyIndex(2), true));
    assert_eq!(pool.retire_fee_key(BY, &key).await, Err(VspAdministrationError::RetiredAlready));
    // Also before an instance has looked.
    assert_eq!(code(&Wallet::new(2).ask_address(&instances[1], &ground).await), (400, 2));
    look(&ground, &instances).await;
    for instance in &instances {
        assert_eq!(instance.info().status, 503, "wallets buy nothing");
        assert!(instance.standing().hindrance.unwrap().contains("retired the key"));
    }
    let again = Wallet::new(1).ask_address(&instances[1], &ground).await;
    assert_eq!(json_of(&again)["feeaddress"], json_of(&quoted)["feeaddress"]);
    let payment = Wallet::new(1).payment(&quoted, 0);
    assert_eq!(Wallet::new(1).pay(&instances[1], &ground, &payment).await.status, 200);
    assert_eq!(ground.fee(&Wallet::new(1)).await, FeeStatus::Received);
    // A web that is started again with the old key serves the tickets, and sells none.
    let restarted = ground.instance().await;
    assert_eq!(code(&Wallet::new(3).ask_address(&restarted, &ground).await), (400, 2));
    assert_eq!(Wallet::new(1).prove(&restarted).await.status, 200);
    let unknown = key.child(KeyIndex(7)).unwrap();
    assert_eq!(pool.retire_fee_key(BY, &unknown).await, Err(VspAdministrationError::UnknownKey));
}
