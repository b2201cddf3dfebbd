//! Tickets of wallets of today from their registration to their end.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use stakepool::sealed::SealingKey;
use stakepool::vsp::{Proof, Vsp, VspError, VspParts, is_signed_by};
use stakepool_core::chain::{
    Amount, BlockHeight, Generation, KeyIndex, OutputScript, PrivateKey, Spends, sign_pubkey_hash,
};
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{LedgerStore as _, TransactionSubmission, VspTicketStore as _};
use stakepool_core::reports::TicketState;
use stakepool_core::vsp::{FeeStatus, Outcome};

use crate::vsp_wallet::{Ground, Wallet, code, json_of};

#[tokio::test(start_paused = true)]
async fn a_ticket_goes_from_its_quote_to_its_vote_and_its_key_is_deleted_at_last() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    let payment = wallet.register(&vsp, &ground).await;
    assert_eq!(ground.node.chain().sent, [wallet.parent.hash(), wallet.ticket.hash()], "a wallet may leave that to us");
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Received);
    assert!(vsp.key_tickets().await.unwrap().is_empty(), "the fee is not with the node");

    ground.node.chain().add(&wallet.ticket, Some(1001));
    ground.blocks(&vsp, 5).await;
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Received);
    ground.blocks(&vsp, 1).await;
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Broadcast);
    let voted = vsp.key_tickets().await.unwrap();
    assert_eq!(voted.len(), 1);
    assert_eq!((voted[0].ticket, voted[0].voting.bits.0), (wallet.ticket.hash().into(), 1));
    assert_eq!(vsp.add_to(DesiredState::default()).await.unwrap().withdrawn().len(), 0);

    ground.node.chain().add(&payment, Some(1007));
    ground.blocks(&vsp, 6).await;
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Confirmed);
    ground.node.chain().blocks.insert(1020, vec![wallet.vote()]);
    ground.blocks(&vsp, 20).await;
    let kept = ground.kept(&wallet).await.unwrap();
    assert_eq!((kept.registration.outcome, kept.ended_at), (Some(Outcome::Voted), Some(BlockHeight(1020))));
    assert!(vsp.key_tickets().await.unwrap().len() == 1 && kept.voting_key.is_some(), "the vote may be undone");
    let hash = wallet.ticket.hash().into();
    assert_eq!(ground.store.ticket(&hash).await, Ok(None), "no daemon has reported it");
    let fee_indexes = vsp.add_to(DesiredState::default()).await.unwrap().fee_indexes().clone();
    assert_eq!(fee_indexes.next(&vsp.terms().fee_key.to_string()), Some(KeyIndex(2)));
    ground.blocks(&vsp, 300).await;
    assert!(vsp.key_tickets().await.unwrap().is_empty());
    assert!(ground.kept(&wallet).await.unwrap().voting_key.is_none());
    let report = ground.store.ticket(&hash).await.unwrap().unwrap();
    assert_eq!((report.state, report.ended_at, report.user), (TicketState::Voted, kept.ended_at, None));
}

#[tokio::test(start_paused = true)]
async fn a_live_ticket_is_voted_as_soon_as_it_has_paid() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.node.chain().add(&wallet.ticket, Some(900));
    let changed = vsp.signal();
    let payment = wallet.register(&vsp, &ground).await;
    assert_eq!(ground.node.chain().sent, [payment.hash()]);
    assert_eq!(vsp.key_tickets().await.unwrap().len(), 1);
    drop(changed);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_older_than_a_daemon_remembers_gives_no_address_a_second_time() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.look_where_daemons_remember(&vsp, Some(KeyIndex(41))).await;
    // One that lost its memory takes nothing back.
    ground.look(&vsp).await;
    assert_eq!(wallet.ask_address(&vsp, &ground).await.status, 200);
    assert_eq!(ground.kept(&wallet).await.unwrap().registration.fee_address.index, KeyIndex(41));
    ground.look_where_daemons_remember(&vsp, Some(KeyIndex(42))).await;
    let next = Wallet::new(2);
    assert_eq!(next.ask_address(&vsp, &ground).await.status, 200);
    assert_eq!(ground.kept(&next).await.unwrap().registration.fee_address.index, KeyIndex(42));
}

#[tokio::test(start_paused = true)]
async fn two_instances_never_give_one_address_twice_nor_take_two_payments() {
    let ground = Ground::new();
    let (a, b) = (ground.instance().await, ground.instance().await);
    assert_eq!(a.public_key(), b.public_key());
    let wallets: Vec<_> = (1..=8).map(Wallet::new).collect();
    let mut addresses = Vec::new();
    for wallet in &wallets {
        let (first, second) = tokio::join!(wallet.ask_address(&a, &ground), wallet.ask_address(&b, &ground));
        assert_eq!(json_of(&first)["feeaddress"], json_of(&second)["feeaddress"]);
        addresses.push(json_of(&first)["feeaddress"].as_str().unwrap().to_owned());
        let (one, two) = (wallet.payment(&first, 0), wallet.payment(&second, 1));
        let (one, two) = tokio::join!(wallet.pay(&a, &ground, &one), wallet.pay(&b, &ground, &two));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        let refused = if one.status == 400 { one } else { two };
        assert_eq!(code(&refused), (400, 3));
    }
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), wallets.len());
}

#[tokio::test(start_paused = true)]
async fn a_quote_holds_an_hour_and_its_address_for_ever() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    let first = json_of(&wallet.ask_address(&vsp, &ground).await);
    ground.clock.advance(Duration::from_secs(3600));
    let again = json_of(&wallet.ask_address(&vsp, &ground).await);
    assert_eq!((&again["feeaddress"], &again["expiration"]), (&first["feeaddress"], &first["expiration"]));
    ground.clock.advance(Duration::from_secs(1));
    let quoted = wallet.ask_address(&vsp, &ground).await;
    let payment = wallet.payment(&quoted, 0);
    let renewed = json_of(&quoted);
    assert_eq!(renewed["feeaddress"], first["feeaddress"]);
    assert_ne!(renewed["expiration"], first["expiration"]);
    ground.clock.advance(Duration::from_secs(3601));
    assert_eq!(code(&wallet.pay(&vsp, &ground, &payment).await), (400, 8));
}

#[tokio::test(start_paused = true)]
async fn a_fee_that_can_never_be_sent_is_refused_at_once_and_may_be_paid_again() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    let quoted = wallet.ask_address(&vsp, &ground).await;
    let bad = wallet.payment(&quoted, 0);
    ground.node.chain().spent.insert(bad.inputs[0].previous);
    assert_eq!(code(&wallet.pay(&vsp, &ground, &bad).await), (428, 16));
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Error);
    assert_eq!(ground.store.records(&wallet.ticket.hash().into()).await.unwrap().len(), 0);
    let good = wallet.payment(&quoted, 1);
    assert_eq!(wallet.pay(&vsp, &ground, &good).await.status, 200);
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Received);
}

#[tokio::test(start_paused = true)]
async fn a_fee_that_is_signed_wrongly_is_refused_so_that_the_wallet_makes_another() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    let quoted = wallet.ask_address(&vsp, &ground).await;
    let (mut payment, key) = (wallet.payment(&quoted, 0), PrivateKey::from_bytes(&[9; 32]).unwrap());
    ground.node.chain().locked = Some(OutputScript::PubKeyHash(key.pubkey_hash()));
    let other = PrivateKey::from_bytes(&[8; 32]).unwrap();
    sign_pubkey_hash(&mut payment, 0, Spends::Output, &other);
    assert_eq!(code(&wallet.pay(&vsp, &ground, &payment).await), (400, 4));
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Error);
    sign_pubkey_hash(&mut payment, 0, Spends::Output, &key);
    assert_eq!(wallet.pay(&vsp, &ground, &payment).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_fee_of_more_than_a_hundred_inputs_is_refused_and_may_be_paid_again() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    let quoted = wallet.ask_address(&vsp, &ground).await;
    let mut payment = wallet.payment(&quoted, 0);
    let input = payment.inputs[0].clone();
    payment.inputs.extend((1000..1100).map(|index| {
        let mut input = input.clone();
        input.previous.index = index;
        input
    }));
    assert_eq!(code(&wallet.pay(&vsp, &ground, &payment).await), (400, 4));
    payment.inputs.pop();
    let paid = wallet.pay(&vsp, &ground, &payment).await;
    assert_eq!(paid.status, 200, "{}", json_of(&paid));
}

#[tokio::test(start_paused = true)]
async fn a_fee_that_the_node_refuses_for_three_blocks_is_an_error_and_one_spent_elsewhere_ends_the_voting() {
    let ground = Ground::new();
    let (vsp, wallet, other) = (ground.instance().await, Wallet::new(1), Wallet::new(2));
    let refused = wallet.register(&vsp, &ground).await;
    let lost = other.register(&vsp, &ground).await;
    let no = TransactionSubmission::Refused("no".to_owned());
    ground.node.chain().refused.insert(refused.hash(), no.clone());
    ground.node.chain().add(&wallet.ticket, Some(1001));
    ground.node.chain().add(&other.ticket, Some(1001));
    ground.blocks(&vsp, 6).await;
    assert_eq!((ground.fee(&wallet).await, ground.fee(&other).await), (FeeStatus::Received, FeeStatus::Broadcast));
    ground.blocks(&vsp, 1).await;
    ground.blocks(&vsp, 1).await;
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Error);
    {
        let mut chain = ground.node.chain();
        chain.transactions.remove(&lost.hash());
        chain.refused.insert(lost.hash(), no);
    }
    for _ in 0..2 {
        ground.blocks(&vsp, 1).await;
        assert_eq!(ground.fee(&other).await, FeeStatus::Broadcast, "a node that has just started refuses it at first");
    }
    ground.blocks(&vsp, 1).await;
    assert_eq!(ground.fee(&other).await, FeeStatus::Error);
    assert!(vsp.key_tickets().await.unwrap().is_empty());
    let desired = vsp.add_to(DesiredState::default()).await.unwrap();
    assert!(desired.is_withdrawn(&other.ticket.hash().into()), "daemons are told that it goes");
}

#[tokio::test(start_paused = true)]
async fn a_fee_that_was_mined_already_counts_as_sent_whatever_the_node_says_to_it() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.blocks(&vsp, 1).await;
    // The database comes from a backup that is older than the broadcast.
    let payment = wallet.register(&vsp, &ground).await;
    ground.node.chain().add(&wallet.ticket, Some(1001));
    ground.node.chain().add(&payment, Some(1001));
    ground.node.chain().refused.insert(payment.hash(), TransactionSubmission::UnknownOutputs);
    ground.blocks(&vsp, 9).await;
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Confirmed);
}

#[tokio::test(start_paused = true)]
async fn a_reorganisation_takes_back_what_its_blocks_did() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.node.chain().add(&wallet.ticket, Some(990));
    ground.blocks(&vsp, 1).await;
    let payment = wallet.register(&vsp, &ground).await;
    ground.node.chain().add(&payment, Some(1002));
    ground.node.chain().blocks.insert(1008, vec![wallet.vote()]);
    ground.blocks(&vsp, 9).await;
    let kept = ground.kept(&wallet).await.unwrap();
    assert_eq!((kept.registration.outcome, kept.registration.fee), (Some(Outcome::Voted), FeeStatus::Confirmed));
    ground.node.chain().reorganise(1002);
    ground.blocks(&vsp, 1).await;
    let kept = ground.kept(&wallet).await.unwrap();
    assert_eq!((kept.registration.outcome, kept.registration.fee), (None, FeeStatus::Broadcast));
    assert_eq!(vsp.key_tickets().await.unwrap().len(), 1, "it is voted again");
    ground.node.chain().blocks.insert(1012, vec![wallet.revocation()]);
    // Another instance goes on where this one was.
    let another = ground.instance().await;
    ground.blocks(&another, 3).await;
    assert_eq!(ground.kept(&wallet).await.unwrap().registration.outcome, Some(Outcome::Missed));
}

#[tokio::test(start_paused = true)]
async fn an_unpaid_ticket_that_vanishes_is_forgotten_after_many_blocks_and_never_for_a_fault_of_the_node() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    wallet.ask_address(&vsp, &ground).await;
    vsp.pass().await.unwrap();
    let forget = || ground.node.chain().transactions.clear();
    forget();
    ground.node.chain().has_index = false;
    ground.node.chain().height += 1;
    assert!(vsp.pass().await.unwrap_err().to_string().contains("txindex"));
    ground.node.chain().has_index = true;
    ground.node.chain().height -= 2;
    assert!(vsp.pass().await.unwrap_err().to_string().contains("worked through"));
    ground.node.chain().height += 2;
    vsp.pass().await.unwrap();
    assert!(ground.kept(&wallet).await.is_some(), "it was given to the node again");
    forget();
    ground.node.chain().refused.insert(wallet.ticket.hash(), TransactionSubmission::UnknownOutputs);
    for _ in 0..143 {
        ground.blocks(&vsp, 1).await;
    }
    assert!(ground.kept(&wallet).await.is_some());
    ground.blocks(&vsp, 1).await;
    assert!(ground.kept(&wallet).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_ticket_whose_price_has_passed_is_not_given_to_the_node_again() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    wallet.register(&vsp, &ground).await;
    let lose_it = |price: i64| {
        let mut chain = ground.node.chain();
        chain.transactions.clear();
        chain.sent.clear();
        chain.stake_difficulty = Amount::from_atoms(price);
    };
    let price = wallet.ticket.outputs[0].value.atoms();
    // At both other prices: at the lower one a node would take it.
    for other in [price + 1, price - 1] {
        lose_it(other);
        ground.blocks(&vsp, 1).await;
        assert!(ground.node.chain().sent.is_empty(), "its coins may be on their way to something else");
    }
    lose_it(price);
    ground.blocks(&vsp, 1).await;
    assert_eq!(ground.node.chain().sent, [wallet.ticket.hash()]);
}

#[tokio::test(start_paused = true)]
async fn a_paid_ticket_is_never_forgotten_and_goes_on_once_its_parent_is_there() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    wallet.register(&vsp, &ground).await;
    {
        let mut chain = ground.node.chain();
        chain.transactions.clear();
        chain.refused.insert(wallet.ticket.hash(), TransactionSubmission::UnknownOutputs);
    }
    for _ in 0..200 {
        ground.blocks(&vsp, 1).await;
    }
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Received);
    ground.node.chain().refused.clear();
    ground.blocks(&vsp, 1).await;
    let height = ground.node.chain().height;
    ground.node.chain().add(&wallet.ticket, Some(height));
    ground.blocks(&vsp, 6).await;
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Broadcast);
    assert_eq!(vsp.key_tickets().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_paid_ticket_whose_coins_went_elsewhere_keeps_its_records_and_its_fee_is_an_error() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    wallet.register(&vsp, &ground).await;
    {
        let mut chain = ground.node.chain();
        chain.transactions.remove(&wallet.ticket.hash());
        chain.add(&wallet.parent, Some(1000));
        chain.spent.insert(wallet.ticket.inputs[0].previous);
        chain.refused.insert(wallet.ticket.hash(), TransactionSubmission::UnknownOutputs);
    }
    for _ in 0..143 {
        ground.blocks(&vsp, 1).await;
    }
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Received);
    ground.blocks(&vsp, 1).await;
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Error);
    assert_eq!(ground.store.records(&wallet.ticket.hash().into()).await.unwrap().len(), 1);
    ground.blocks(&vsp, 1).await;
    assert!(ground.kept(&wallet).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_proof_holds_what_both_sides_signed_and_the_vote_and_the_owner_alone_gets_it() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.node.chain().add(&wallet.ticket, Some(990));
    ground.blocks(&vsp, 1).await;
    wallet.register(&vsp, &ground).await;
    ground.node.chain().blocks.insert(1005, vec![wallet.vote()]);
    ground.blocks(&vsp, 6).await;
    let proof: Proof = serde_json::from_slice(&wallet.prove(&vsp).await.body).unwrap();
    assert_eq!((proof.outcome, proof.records.len()), (Some(Outcome::Voted), 1));
    let vote = proof.vote.as_ref().unwrap();
    assert_eq!((vote.height, vote.hex.as_str()), (BlockHeight(1005), &*hex::encode(wallet.vote().encode())));
    let record = &proof.records[0];
    let answer = BASE64.decode(record.answer.as_bytes()).unwrap();
    assert!(is_signed_by(&vsp.public_key(), &answer, &record.answersignature));
    assert!(record.notes[0].contains("nosuch"), "{:?}", record.notes);
    assert_eq!(code(&Wallet::new(2).prove(&vsp).await), (400, 6));
    assert!(!format!("{proof:?}").contains(&record.request[..40]));
}

#[tokio::test(start_paused = true)]
async fn another_key_file_is_refused_with_the_remedy() {
    let ground = Ground::new();
    let vsp = ground.instance().await;
    let stores = Arc::new(ground.store.clone()).into();
    let parts = VspParts { stores, node: ground.node.clone(), clock: ground.clock.clone() };
    let terms = stakepool::vsp::VspTerms {
        network: vsp.terms().network,
        fee: vsp.terms().fee,
        fee_key: vsp.terms().fee_key,
        closed: None.into(),
        max_lag: 3,
        version: String::new(),
    };
    let error = Vsp::open(terms, parts, SealingKey::from_bytes(&[8; 32])).await.unwrap_err();
    assert!(matches!(&error, VspError::Vault(_)) && error.to_string().contains("vspkeyfile"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_node_of_the_older_generation_sells_nothing() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.node.chain().generation = Generation::Legacy;
    ground.look(&vsp).await;
    assert_eq!(code(&wallet.ask_address(&vsp, &ground).await), (400, 2));
    assert_eq!(vsp.info().status, 503);
}

#[tokio::test(start_paused = true)]
async fn from_the_closing_day_on_no_ticket_is_taken_whatever_the_configuration_says() {
    let ground = Ground::new();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    vsp.terms().closed.set_for_good(Some("The pool has closed.".to_owned()));
    vsp.terms().closed.set_configured(None);
    assert_eq!(code(&wallet.ask_address(&vsp, &ground).await).1, 2);
    vsp.terms().closed.set_for_good(None);
    assert_eq!(wallet.ask_address(&vsp, &ground).await.status, 200);
}
