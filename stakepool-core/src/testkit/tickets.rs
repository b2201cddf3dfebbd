//! Tickets, votes and blocks made by hand.

use crate::accounts::{UserId, VotingPreference};
use crate::chain::{
    Amount, BlockHash, BlockHeader, BlockHeight, ExtendedPubKey, ExternalBranch, Generation, Hash160, KeyIndex,
    Network, OutPoint, OutputScript, PrivateKey, ScriptAddress, TicketHash, Transaction, TxHash, TxInput, TxOutput,
    VoteBits, VoteVersion, hash160,
};
use crate::desired::{AddedTicket, DesiredState, DesiredUser};
use crate::ticket::{Evaluator, FeeAddresses, PoolFee};

/// The account key that the samples use for the cold wallet and the fake wallets for the voting wallet.
pub const COLD: &str =
    "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";
/// The vote version of the samples and of the fake wallets.
pub const VERSION: VoteVersion = VoteVersion(11);

fn cold() -> ExternalBranch {
    COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap()
}

/// A judge of tickets on simnet, with fees of 7.5 percent to the first six addresses of [`COLD`].
pub fn evaluator() -> Evaluator {
    let addresses = FeeAddresses::derive(&cold(), KeyIndex(5)).unwrap();
    let fee = PoolFee::from_percent(7.5).unwrap();
    Evaluator::new(Network::Simnet, Network::Simnet.params(Generation::Today), fee, addresses)
}

/// The multisig address of user 1 to 255, which has no key behind it.
pub fn address(user: u8) -> ScriptAddress {
    ScriptAddress::new(Network::Simnet, Hash160([user; 20]))
}

/// A desired state with these users, who vote 5 under [`VERSION`], and with these tickets added for the first of them.
///
/// # Panics
/// Where tickets are added without a user.
pub fn desired(users: &[u8], added: &[TicketHash]) -> DesiredState {
    let voting = VotingPreference { bits: VoteBits(5), version: VERSION };
    DesiredState::new(
        users.iter().map(|n| DesiredUser { user: UserId((*n).into()), address: address(*n), voting }),
        added.iter().map(|ticket| AddedTicket { ticket: *ticket, address: address(users[0]) }),
    )
}

/// What a ticket pays the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fee {
    /// More than [`evaluator`] asks.
    Enough,
    /// Less.
    TooLow,
    /// More, but to an address that is not the pool's.
    ToSomebodyElse,
}

/// A ticket of a user; the number tells it from others.
pub fn ticket(user: u8, number: u8, fee: Fee) -> Transaction {
    let pool_hash = hash160(&cold().public_key(KeyIndex(1)).unwrap().serialize());
    let (to, amount) = match fee {
        Fee::Enough => (pool_hash, 200_000_000),
        Fee::TooLow => (pool_hash, 10),
        Fee::ToSomebodyElse => (Hash160([0xee; 20]), 200_000_000),
    };
    let price = 1_000_000_000;
    let commitment = |to: Hash160, amount: i64| {
        let mut script = vec![0x6a, 0x1e];
        script.extend_from_slice(&to.0);
        script.extend_from_slice(&amount.to_le_bytes());
        script.extend_from_slice(&[0, 0x58]);
        output(0, script)
    };
    let change = || output(0, [&[0xbd][..], &OutputScript::PubKeyHash(Hash160([0; 20])).to_bytes()].concat());
    let voting = [&[0xba][..], &OutputScript::ScriptHash(Hash160([user; 20])).to_bytes()].concat();
    let outputs = vec![
        output(price, voting),
        commitment(to, amount),
        change(),
        commitment(Hash160([1; 20]), price + 100_000 - amount),
        change(),
    ];
    let inputs = vec![input(TxHash::from_bytes([number; 32]), 0), input(TxHash::from_bytes([number; 32]), 1)];
    Transaction { version: 1, inputs, outputs, lock_time: 0, expiry: 0 }
}

/// A ticket that votes by a key alone and pays no fee in itself; the number tells it from others.
pub fn key_ticket(key: &PrivateKey, number: u8) -> Transaction {
    let price = 1_000_000_000_i64;
    let of_key = OutputScript::PubKeyHash(key.pubkey_hash());
    let committed = [&[0x6a, 0x1e][..], &[1; 20], &(price + 100_000).to_le_bytes(), &[0, 0x58]].concat();
    let outputs = vec![
        output(price, [&[0xba][..], &of_key.to_bytes()].concat()),
        output(0, committed),
        output(0, [&[0xbd][..], &of_key.to_bytes()].concat()),
    ];
    let inputs = vec![input(TxHash::from_bytes([number; 32]), 2)];
    Transaction { version: 1, inputs, outputs, lock_time: 0, expiry: 0 }
}

fn output(value: i64, script: Vec<u8>) -> TxOutput {
    TxOutput { value: Amount::from_atoms(value), script_version: 0, script }
}

fn input(hash: TxHash, index: u32) -> TxInput {
    TxInput {
        previous: OutPoint { hash, index, tree: 0 },
        sequence: u32::MAX,
        value_in: Amount::ZERO,
        block_height: 0,
        block_index: 0,
        signature_script: Vec::new(),
    }
}

/// The hash of a ticket.
pub fn hash(transaction: &Transaction) -> TicketHash {
    transaction.hash().into()
}

/// A vote; `signed` as a wallet with the pool's key signs it.
pub fn vote(ticket: TicketHash, block: BlockHash, height: BlockHeight, bits: VoteBits, signed: bool) -> Transaction {
    let mut reference = vec![0x6a, 0x24];
    reference.extend_from_slice(block.as_bytes());
    reference.extend_from_slice(&height.0.to_le_bytes());
    let choice = [&[0x6a, 0x06][..], &bits.0.to_le_bytes(), &VERSION.0.to_le_bytes()].concat();
    let reward = [&[0xbb][..], &OutputScript::PubKeyHash(Hash160([1; 20])).to_bytes()].concat();
    let mut stake = input(ticket.into(), 0);
    if signed {
        stake.signature_script = [&[0x00, 0x47, 0x30, 0x44][..], &[1; 69]].concat();
    }
    Transaction {
        version: 1,
        inputs: vec![input(TxHash::from_bytes([0; 32]), u32::MAX), stake],
        outputs: vec![output(0, reference), output(0, choice), output(1, reward)],
        lock_time: 0,
        expiry: 0,
    }
}

/// The revocation of a ticket.
pub fn revocation(ticket: TicketHash) -> Transaction {
    let refund = [&[0xbc][..], &OutputScript::PubKeyHash(Hash160([1; 20])).to_bytes()].concat();
    Transaction {
        version: 1,
        inputs: vec![input(ticket.into(), 0)],
        outputs: vec![output(1, refund)],
        lock_time: 0,
        expiry: 0,
    }
}

/// A block's hash by its height and branch.
pub fn block(height: u32, branch: u8) -> BlockHash {
    let mut bytes = [branch; 32];
    bytes[..4].copy_from_slice(&height.to_le_bytes());
    BlockHash::from_bytes(bytes)
}

/// The header of a block of a branch, on a block of a branch. The heights are at least 1.
pub fn header(height: u32, branch: u8, previous_branch: u8) -> BlockHeader {
    BlockHeader {
        hash: block(height, branch),
        previous: block(height - 1, previous_branch),
        voters: 5,
        stake_difficulty: Amount::from_atoms(1_000_000_000),
        height: BlockHeight(height),
        time: 0,
    }
}
