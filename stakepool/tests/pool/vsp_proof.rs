//! Proofs of tickets, checked without the pool.

use serde_json::json;
use stakepool::vsp::{AuditedVote, ProofError, VoteAudit, Vsp, verify_proof};
use stakepool_core::chain::{BlockHeight, VoteBits};
use stakepool_core::ports::{Clock as _, Node as _};
use stakepool_core::time::UnixMillis;
use stakepool_core::vsp::{Followed, Outcome};

use crate::vsp_wallet::{Ground, Wallet, code, json_of};

/// The time of every block of the node.
const MINED: i64 = 1_795_000_000;

/// A ticket that was paid two hours before its vote on block 1004, which votes these bits.
async fn voted(bits: u16) -> (Ground, Vsp, Wallet) {
    let ground = Ground::new();
    ground.clock.set(UnixMillis((MINED - 7200) * 1000));
    let (vsp, wallet) = (ground.instance().await, Wallet::new(1));
    ground.node.chain().add(&wallet.ticket, Some(990));
    ground.blocks(&vsp, 4).await;
    let quoted = wallet.ask_address(&vsp, &ground).await;
    let payment = wallet.payment(&quoted, 0);
    assert_eq!(wallet.pay_choosing(&vsp, &ground, &payment, json!({})).await.status, 200);
    let voted_on = ground.node.block_hash(BlockHeight(1004)).await.unwrap();
    // Others stand beside it in the block.
    let others = [2, 3].map(|number| Wallet::new(number).vote_on(voted_on, 1004, 1));
    let [one, two] = others;
    ground.node.chain().blocks.insert(1005, vec![one, wallet.vote_on(voted_on, 1004, bits), two]);
    ground.blocks(&vsp, 6).await;
    (ground, vsp, wallet)
}

#[tokio::test(start_paused = true)]
async fn a_proof_shows_that_the_vote_is_in_its_block_and_follows_what_was_chosen() {
    let (_, vsp, wallet) = voted(1).await;
    let file = vsp.proof_file(&wallet.ticket.hash().into()).await.unwrap();
    let checked = verify_proof(&file).unwrap();
    let vote = checked.vote.unwrap();
    assert_eq!((checked.outcome, checked.public_key), (Some(Outcome::Voted), vsp.public_key()));
    assert_eq!((vote.height, vote.bits, vote.time.0), (BlockHeight(1005), VoteBits(1), MINED));
    assert_eq!(vote.followed, Followed::Yes);
    // The owner gets the same.
    let answer = wallet.prove(&vsp).await;
    assert_eq!(verify_proof(&answer.body).unwrap().vote.unwrap(), vote);
    for at in (0..file.len()).step_by(7) {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(verify_proof(&changed).is_err(), "byte {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_request_for_this_servers_proof_of_now_is_answered_with_one() {
    let (ground, vsp, wallet) = voted(1).await;
    let (now, purpose, server) = (ground.clock.now().0, json!("ticketproof"), vsp.public_key());
    for made in [now - 600, now + 600] {
        assert_eq!(wallet.prove_by(&vsp, json!(made), purpose.clone(), &server).await.status, 200);
    }
    let wrong = [
        ("purpose", json!(now), json!(null), server),
        ("purpose", json!(now), json!("ticketstatus"), server),
        ("pubkey", json!(now), purpose.clone(), [8; 32]),
        ("timestamp", json!(now - 601), purpose.clone(), server),
        ("timestamp", json!(i64::MIN), purpose.clone(), server),
        ("timestamp", json!(null), purpose, server),
    ];
    for (field, made, purpose, server) in wrong {
        let answer = wallet.prove_by(&vsp, made, purpose, &server).await;
        let message = json_of(&answer)["message"].to_string();
        assert!(code(&answer) == (400, 0) && message.contains(&format!("the field {field} must be")), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_vote_of_something_else_is_shown_as_such() {
    let (_, vsp, wallet) = voted(5).await;
    let checked = verify_proof(&vsp.proof_file(&wallet.ticket.hash().into()).await.unwrap()).unwrap();
    assert_eq!(checked.vote.unwrap().followed, Followed::No(vec![VoteBits(1)]));
}

#[tokio::test(start_paused = true)]
async fn there_is_a_proof_of_registered_tickets_alone_and_of_votes_while_the_node_answers() {
    let (ground, vsp, wallet) = voted(1).await;
    let unknown = vsp.proof_file(&Wallet::new(9).ticket.hash().into()).await;
    assert!(matches!(unknown, Err(ProofError::Unknown)));
    ground.node.chain().away = true;
    let error = vsp.proof_file(&wallet.ticket.hash().into()).await.unwrap_err();
    assert!(error.to_string().contains("needs the node"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_audit_finds_the_votes_of_something_else_and_those_of_which_it_cannot_be_said() {
    let (ground, vsp, wallet) = voted(5).await;
    let different = AuditedVote {
        ticket: wallet.ticket.hash().into(),
        height: BlockHeight(1005),
        bits: Some(VoteBits(5)),
        followed: Followed::No(vec![VoteBits(1)]),
    };
    let audit = vsp.audit_votes(BlockHeight(0)).await.unwrap();
    assert_eq!((audit.as_chosen, audit.differing(), &audit.others), (0, 1, &vec![different]));
    assert_eq!(vsp.audit_votes(BlockHeight(1006)).await.unwrap(), VoteAudit::default());
    assert_eq!(vsp.audit_votes(BlockHeight(1005)).await.unwrap().differing(), 1);
    ground.node.chain().blocks.clear();
    let unknown = vsp.audit_votes(BlockHeight(0)).await.unwrap();
    assert_eq!((unknown.differing(), unknown.others[0].bits), (0, None));

    let (_, vsp, _) = voted(1).await;
    assert_eq!(vsp.audit_votes(BlockHeight(0)).await.unwrap(), VoteAudit { as_chosen: 1, others: Vec::new() });
}
