//! Figures computed by the real programs: subsidies, fees, keys, scripts and tickets that were mined.

use serde::Deserialize;
use stakepool_core::chain::{
    Amount, BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, Params, PoolKey, PubKeyAddress, RedeemScript,
    Transaction, UserKey, block_subsidy, vote_subsidy,
};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee, TicketSubmission, Verdict, required_fee};

#[derive(Deserialize)]
struct Vectors {
    network: Network,
    params: RecordedParams,
    ticket_fees: Vec<TicketFee>,
    subsidies: Vec<Subsidy>,
    keys: Vec<Key>,
    multisigs: Vec<Multisig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordedParams {
    base_subsidy: i64,
    block_one_subsidy: i64,
    coinbase_maturity: u32,
    div_subsidy: i64,
    mul_subsidy: i64,
    net: u32,
    stake_diff_window_size: u32,
    stake_enabled_height: u32,
    stake_reward_proportion: u32,
    stake_validation_height: u32,
    subsidy_reduction_interval: u32,
    ticket_expiry: u32,
    ticket_maturity: u32,
    ticket_pool_size: u32,
    tickets_per_block: u32,
    work_reward_proportion: u32,
}

#[derive(Deserialize)]
struct TicketFee {
    ticket_price_atoms: Amount,
    relay_fee_atoms: Amount,
    height: BlockHeight,
    pool_fee_percent: f64,
    required_fee_atoms: Amount,
}

#[derive(Deserialize)]
struct Subsidy {
    height: BlockHeight,
    block_atoms: Amount,
    vote_atoms: Amount,
}

#[derive(Deserialize)]
struct Key {
    account_xpub: String,
    external: Vec<Child>,
}

#[derive(Deserialize)]
struct Child {
    index: KeyIndex,
    pubkey_hex: String,
    p2pkh: String,
    pubkey_address: String,
}

#[derive(Deserialize)]
struct Multisig {
    pubkey_addresses: [PubKeyAddress; 2],
    redeem_script_hex: String,
    p2sh: String,
}

#[derive(Deserialize)]
struct MinedTickets {
    cold_wallet_xpub: String,
    pool_fee_percent: f64,
    tickets: Vec<MinedTicket>,
}

#[derive(Deserialize)]
struct MinedTicket {
    ticket_hash: String,
    tx_hex: String,
    mined_height: BlockHeight,
    accepted_by_wallet: bool,
}

fn vectors() -> impl Iterator<Item = (Vectors, Params)> {
    [
        include_str!("../vectors/mainnet.json"),
        include_str!("../vectors/testnet.json"),
        include_str!("../vectors/simnet.json"),
    ]
    .into_iter()
    .map(|text| {
        let vectors: Vectors = serde_json::from_str(text).unwrap();
        let params = vectors.network.params(Generation::Today);
        (vectors, params)
    })
}

#[test]
fn consensus_parameters_are_those_of_the_node() {
    for (vectors, ours) in vectors() {
        let theirs = vectors.params;
        assert_eq!(vectors.network.magic(), theirs.net);
        assert_eq!(Network::from_magic(theirs.net), Some(vectors.network));
        let expected = Params {
            base_subsidy: theirs.base_subsidy,
            block_one_subsidy: theirs.block_one_subsidy,
            mul_subsidy: theirs.mul_subsidy,
            div_subsidy: theirs.div_subsidy,
            subsidy_reduction_interval: theirs.subsidy_reduction_interval,
            work_reward_proportion: theirs.work_reward_proportion,
            stake_reward_proportion: theirs.stake_reward_proportion,
            tickets_per_block: theirs.tickets_per_block,
            ticket_pool_size: theirs.ticket_pool_size,
            ticket_maturity: theirs.ticket_maturity,
            ticket_expiry: theirs.ticket_expiry,
            coinbase_maturity: theirs.coinbase_maturity,
            stake_enabled_height: theirs.stake_enabled_height,
            stake_validation_height: theirs.stake_validation_height,
            stake_diff_window_size: theirs.stake_diff_window_size,
            ..ours
        };
        assert_eq!(ours, expected, "{}", vectors.network);
    }
}

#[test]
fn every_recorded_subsidy_is_exact() {
    for (vectors, params) in vectors() {
        assert!(!vectors.subsidies.is_empty());
        for subsidy in vectors.subsidies {
            let place = format!("{} height {}", vectors.network, subsidy.height);
            assert_eq!(block_subsidy(&params, subsidy.height), subsidy.block_atoms, "{place}");
            assert_eq!(vote_subsidy(&params, subsidy.height), subsidy.vote_atoms, "{place}");
        }
    }
}

#[test]
fn every_recorded_required_fee_is_exact() {
    for (vectors, params) in vectors() {
        assert_eq!(vectors.ticket_fees.len(), 200);
        for case in vectors.ticket_fees {
            let fee = PoolFee::from_percent(case.pool_fee_percent).unwrap();
            let required = required_fee(&params, case.ticket_price_atoms, case.relay_fee_atoms, case.height, fee);
            assert_eq!(required, case.required_fee_atoms, "{} {:?}", vectors.network, case.height);
        }
    }
}

#[test]
fn every_recorded_child_key_is_derived() {
    for (vectors, _) in vectors() {
        for key in vectors.keys {
            let branch =
                ExtendedPubKey::parse_for(&key.account_xpub, vectors.network).unwrap().external_branch().unwrap();
            for child in key.external {
                let address = branch.address(child.index).unwrap();
                assert_eq!(hex::encode(address.public_key().serialize()), child.pubkey_hex);
                assert_eq!(address.to_string(), child.pubkey_address);
                assert_eq!(address.to_pubkey_hash().to_string(), child.p2pkh);
            }
        }
    }
}

#[test]
fn every_recorded_multisig_is_made() {
    for (vectors, _) in vectors() {
        for case in vectors.multisigs {
            let [pool, user] = case.pubkey_addresses;
            let script = RedeemScript::new(PoolKey(*pool.public_key()), UserKey(*user.public_key()));
            assert_eq!(script.to_string(), case.redeem_script_hex);
            assert_eq!(script.address(vectors.network).to_string(), case.p2sh);
            assert_eq!(case.redeem_script_hex.parse(), Ok(script));
        }
    }
}

#[test]
fn mined_tickets_are_judged_as_the_wallet_judged_them() {
    let vectors: MinedTickets = serde_json::from_str(include_str!("../vectors/tickets-simnet.json")).unwrap();
    let branch = vectors.cold_wallet_xpub.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    let evaluator = Evaluator::new(
        Network::Simnet,
        Network::Simnet.params(Generation::Today),
        PoolFee::from_percent(vectors.pool_fee_percent).unwrap(),
        FeeAddresses::derive(&branch, KeyIndex(100)).unwrap(),
    );
    assert_eq!(vectors.tickets.len(), 16);
    for ticket in vectors.tickets {
        let transaction = Transaction::decode_hex(&ticket.tx_hex).unwrap();
        assert_eq!(transaction.hash().to_string(), ticket.ticket_hash);
        assert_eq!(hex::encode(transaction.encode()), ticket.tx_hex);
        let submission = TicketSubmission::from_transaction(&transaction).unwrap();
        let facts = evaluator.judge(&submission, ticket.mined_height);
        assert_eq!(facts.verdict == Verdict::Accepted, ticket.accepted_by_wallet, "{}: {facts:?}", ticket.ticket_hash);
    }
}
