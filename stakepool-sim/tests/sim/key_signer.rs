//! Votes by the voting wallets' own key, without any of the wallets.

use std::sync::Arc;

use stakepool_core::accounts::VotingPreference;
use stakepool_core::chain::{
    CoinType, ExtendedPrivKey, ExternalBranch, KeyIndex, Network, RedeemScript, ScriptAddress, TicketHash,
    TicketOutputs, VoteBits, VoteVersion, sha256,
};
use stakepool_core::ports::{Node, ScriptWallet, SystemClock, VoteRequest, VoteSigner};
use stakepool_core::reports::VoteOutcome;
use stakepool_core::voting::{Ballot, Caster, KeySigner, SignedBy, Winner};
use stakepool_sim::{SimNetwork, SimNode};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::in_process::{PATIENCE, network, register};
use crate::pool::{GENERATIONS, winners};

const LAST: KeyIndex = KeyIndex(20);

/// The external branch of the wallet with a seed.
pub fn branch(seed: &[u8]) -> ExtendedPrivKey {
    let account = ExtendedPrivKey::account(seed, Network::Simnet, CoinType::Registered, 0).unwrap();
    account.child(KeyIndex(0)).unwrap()
}

/// The seed of the voting wallets, which follows from the network's.
pub fn voting_seed() -> [u8; 32] {
    sha256(b"stakepool-sim 42 voting wallet")
}

/// The script behind an address, of which the wallets keep a copy.
async fn script(sim: &SimNetwork, address: ScriptAddress) -> RedeemScript {
    sim.wallet(0).in_process().script(&address).await.unwrap().unwrap()
}

async fn signer(sim: &SimNetwork, address: ScriptAddress, tickets: &[TicketHash]) -> KeySigner {
    let branch = branch(&voting_seed());
    let public = ExternalBranch::of_branch_key(branch.public(Network::Simnet));
    assert_eq!(Ok(public), sim.voting_wallet_xpub().external_branch());
    let info = sim.wallet(0).in_process().info().await.unwrap();
    let signer = KeySigner::new(Network::Simnet, sim.generation(), info.vote_version);
    let signer = signer.with_branch(Network::Simnet, branch, LAST).unwrap();
    signer.add_script(script(sim, address).await).unwrap();
    for ticket in tickets {
        let bought = sim.node().in_process().transaction(&(*ticket).into()).await.unwrap();
        signer.add_ticket(TicketOutputs::from_transaction(&bought.transaction).unwrap());
    }
    signer
}

#[tokio::test(start_paused = true)]
async fn its_votes_are_those_of_the_wallets_byte_by_byte() {
    for generation in GENERATIONS {
        let sim = network().generation(generation).start().await.unwrap();
        let address = register(&sim).await;
        let tickets = winners(&sim, address, 3).await;
        let signer = signer(&sim, address, &tickets).await;
        let (block, height) = sim.best_block();
        let bits_extended = signer.info().await.unwrap().vote_bits_extended;
        for ticket in tickets {
            let bits_extended = bits_extended.clone();
            let request = VoteRequest { block, height, ticket, bits: VoteBits(5), bits_extended };
            let theirs = sim.wallet(0).in_process().generate_vote(&request).await.unwrap();
            assert_eq!(signer.generate_vote(&request).await.unwrap(), theirs);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_votes_while_every_wallet_is_stopped() {
    for generation in GENERATIONS {
        let sim = network().generation(generation).start().await.unwrap();
        let address = register(&sim).await;
        let tickets = winners(&sim, address, 3).await;
        let signer = Arc::new(signer(&sim, address, &tickets).await);
        let version = signer.info().await.unwrap().vote_version;
        for wallet in sim.voting_wallets() {
            wallet.stop().await;
        }
        let node: Arc<SimNode> = sim.node().in_process();
        let caster = Caster::new(vec![signer], vec![node], Arc::new(SystemClock)).unwrap();
        let (block, height) = sim.best_block();
        let (_open, votable) = watch::channel(true);
        for ticket in &tickets {
            let voting = Some(VotingPreference { bits: VoteBits(5), version });
            let winner = Winner { ticket: *ticket, address: address.into(), signed_by: SignedBy::Pool, voting };
            let votable = votable.clone();
            let ballot = Ballot { winner, block, height, arrived: Instant::now(), votable };
            let record = timeout(PATIENCE, caster.cast(ballot)).await.unwrap();
            assert_eq!((record.outcome, record.bits, record.attempts), (VoteOutcome::Sent, VoteBits(5), 1));
        }
        let mined = sim.mine_when_voted(PATIENCE).await.unwrap();
        assert!(sim.votes_in_block(mined).is_superset(&tickets.into_iter().collect()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_it_was_not_given_it_refuses_and_another_wallets_script_too() {
    let sim = network().start().await.unwrap();
    let address = register(&sim).await;
    let tickets = winners(&sim, address, 1).await;
    let (block, height) = sim.best_block();
    let request =
        VoteRequest { block, height, ticket: tickets[0], bits: VoteBits(1), bits_extended: "0b000000".to_owned() };
    let stranger = KeySigner::new(Network::Simnet, sim.generation(), VoteVersion(11));
    let stranger = stranger.with_branch(Network::Simnet, branch(&[7; 32]), LAST).unwrap();
    assert!(stranger.add_script(script(&sim, address).await).is_err());
    assert!(stranger.generate_vote(&request).await.is_err());
    let signer = signer(&sim, address, &tickets).await;
    assert!(signer.generate_vote(&VoteRequest { bits_extended: "00".repeat(74), ..request.clone() }).await.is_err());
    assert!(signer.generate_vote(&VoteRequest { bits_extended: "no".to_owned(), ..request.clone() }).await.is_err());
    assert!(signer.generate_vote(&request).await.unwrap().is_signed());
    signer.remove_ticket(&tickets[0]);
    assert!(signer.generate_vote(&request).await.is_err());
}
