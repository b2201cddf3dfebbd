//! What registered tickets vote on, while those who know the agendas come and go.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use stakepool_core::chain::{VoteBits, VoteVersion};
use stakepool_core::ports::{Agenda, AgendaChoice, AgendaSource, WalletError};

use crate::vsp_wallet::{Ground, Wallet, code, json_of};

/// A wallet that knows one agenda, or does not answer.
struct Knower(bool);

#[async_trait]
impl AgendaSource for Knower {
    async fn agendas(&self, version: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
        assert_eq!(version, VoteVersion(11));
        if !self.0 {
            return Err(WalletError::Locked { wallet: "w".to_owned() });
        }
        let choice = |(id, bits): (&str, u16)| AgendaChoice { id: id.to_owned(), description: String::new(), bits };
        Ok(vec![Agenda {
            id: "blocksize".to_owned(),
            description: String::new(),
            status: "started".to_owned(),
            mask: 6,
            choices: [("abstain", 0), ("no", 2), ("yes", 4)].map(choice).to_vec(),
        }])
    }
}

#[tokio::test(start_paused = true)]
async fn choices_wait_for_the_agendas_and_stay_when_nobody_reports_them_any_more() {
    let ground = Ground::new();
    let store = || Arc::new(ground.store.clone());
    let (silent, wallet) = (ground.instance_on(store()).await, Wallet::new(1));
    silent.choose_from(vec![Arc::new(Knower(false))]);
    ground.node.chain().add(&wallet.ticket, Some(900));
    let quoted = wallet.ask_address(&silent, &ground).await;
    let payment = wallet.payment(&quoted, 0);
    let choices = json!({"blocksize": "yes"});
    let refused = wallet.pay_choosing(&silent, &ground, &payment, choices.clone()).await;
    assert_eq!(code(&refused), (400, 2), "what cannot be judged is not left out");

    let knowing = ground.instance_on(store()).await;
    knowing.choose_from(vec![Arc::new(Knower(true))]);
    let paid = wallet.pay_choosing(&knowing, &ground, &payment, choices).await;
    assert_eq!(paid.status, 200, "{}", json_of(&paid));
    // A command asks no wallet before it shows daemons the tickets.
    let asking_nobody = ground.instance_on(store()).await;
    for vsp in [&knowing, &silent, &asking_nobody] {
        let voting = vsp.key_tickets().await.unwrap()[0].voting;
        assert_eq!((voting.bits, voting.version), (VoteBits(5), VoteVersion(11)));
    }
}

#[tokio::test(start_paused = true)]
async fn who_chooses_nothing_pays_while_agendas_are_not_known() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance_on(Arc::new(ground.store.clone())).await, Wallet::new(1));
    vsp.choose_from(vec![Arc::new(Knower(false))]);
    ground.node.chain().add(&wallet.ticket, Some(900));
    let quoted = wallet.ask_address(&vsp, &ground).await;
    let payment = wallet.payment(&quoted, 0);
    let paid = wallet.pay_choosing(&vsp, &ground, &payment, json!({})).await;
    assert_eq!(paid.status, 200, "{}", json_of(&paid));
    let voting = vsp.key_tickets().await.unwrap()[0].voting;
    assert_eq!((voting.bits, voting.version), (VoteBits::APPROVE, VoteVersion(11)));
}
