//! The address of a user and the verdict on tickets: what a pool decides by computing alone, without wallets or a network.

use serde::Deserialize;
use stakepool_core::chain::{
    BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, PubKeyAddress, RedeemScript, Transaction,
};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee, TicketSubmission, Verdict};

/// The account key of the voting wallets.
const VOTING_WALLET: &str =
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";
/// What a user submits: the public key behind an address of the user's wallet.
const USER_KEY: &str = "SkQn8QLvLuJQ4GYEWpUUk94NEZ8wwFN1ecFMWTB3yD4ig4BCeUz1y";
/// Tickets that were mined, and how a wallet with the pool's features judged them.
const RECORDED: &str = include_str!("../../stakepool-core/tests/vectors/tickets-simnet.json");

#[derive(Deserialize)]
struct Recorded {
    cold_wallet_xpub: String,
    pool_fee_percent: f64,
    tickets: Vec<RecordedTicket>,
}

#[derive(Deserialize)]
struct RecordedTicket {
    tx_hex: String,
    mined_height: BlockHeight,
    accepted_by_wallet: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let recorded: Recorded = serde_json::from_str(RECORDED)?;
    let voting = VOTING_WALLET.parse::<ExtendedPubKey>()?.external_branch()?;
    let cold = recorded.cold_wallet_xpub.parse::<ExtendedPubKey>()?.external_branch()?;

    // Where the tickets of the user with key index 7 vote, and where they pay the pool's fee.
    let (index, user): (_, PubKeyAddress) = (KeyIndex(7), USER_KEY.parse()?);
    let script = RedeemScript::for_user(&voting, index, &user)?;
    println!("voting address of user {index}: {}", script.address(Network::Simnet));
    println!("redeem script:             {script}");
    println!("fee address:               {}", cold.address(index)?.to_pubkey_hash());

    // Fees to one of the first hundred fee addresses count.
    let (params, fee) = (Network::Simnet.params(Generation::Today), PoolFee::from_percent(recorded.pool_fee_percent)?);
    let evaluator = Evaluator::new(Network::Simnet, params, fee, FeeAddresses::derive(&cold, KeyIndex(100))?);
    for ticket in &recorded.tickets {
        let submission = TicketSubmission::from_transaction(&Transaction::decode_hex(&ticket.tx_hex)?)?;
        let facts = evaluator.judge(&submission, ticket.mined_height);
        let (hash, paid, asked) = (submission.hash, facts.committed_fee, facts.required_fee);
        println!("{hash}: {:?}, pays {paid} of {asked} asked", facts.verdict);
        if (facts.verdict == Verdict::Accepted) != ticket.accepted_by_wallet {
            return Err(format!("the wallet judged ticket {hash} otherwise").into());
        }
    }
    println!("the wallet judged all {} tickets alike", recorded.tickets.len());
    Ok(())
}
