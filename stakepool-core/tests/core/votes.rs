//! Votes that real wallets of both generations answered: ours are the same, byte by byte where the key is known.

use serde::Deserialize;
use stakepool_core::chain::{
    Amount, BlockHash, BlockHeight, CoinType, Commitment, ExtendedPrivKey, Generation, KeyIndex, Network, OutputScript,
    PrivateKey, RedeemScript, Spends, TICKET_INPUT, TicketHash, TicketOutputs, Transaction, TxOutput, VoteBits,
    VoteChoice, VoteVersion, hash160, sign_multisig, sign_pubkey_hash, unlocks, unsigned_vote, vote_subsidy,
};
use stakepool_core::ports::VoteRequest;
use stakepool_core::voting::KeySigner;

#[derive(Deserialize)]
struct Recorded {
    generation: Generation,
    block: BlockHash,
    height: BlockHeight,
    ticket: TicketHash,
    bits: VoteBits,
    extended_bits: String,
    vote_hex: String,
    ticket_hex: Option<String>,
    key: Option<RecordedKey>,
}

/// Where the key that signed is among a wallet's.
#[derive(Deserialize)]
struct RecordedKey {
    seed: String,
    coin: String,
    branch: KeyIndex,
    index: KeyIndex,
}

impl RecordedKey {
    fn derive(&self) -> PrivateKey {
        self.derive_branch().child(self.index).unwrap().private_key().clone()
    }

    fn derive_branch(&self) -> ExtendedPrivKey {
        let coin = if self.coin == "legacy" { CoinType::Legacy } else { CoinType::Registered };
        let seed = hex::decode(&self.seed).unwrap();
        let account = ExtendedPrivKey::account(&seed, Network::Simnet, coin, 0).unwrap();
        account.child(self.branch).unwrap()
    }
}

impl Recorded {
    fn vote(&self) -> Transaction {
        Transaction::decode_hex(&self.vote_hex).unwrap()
    }

    /// What the ticket says, from its transaction. Where that was not recorded, the receivers and their proportion are
    /// taken from the vote, and the price is what the vote pays beyond the subsidy.
    fn outputs(&self) -> TicketOutputs {
        if let Some(hex) = &self.ticket_hex {
            return TicketOutputs::from_transaction(&Transaction::decode_hex(hex).unwrap()).unwrap();
        }
        let vote = self.vote();
        let commitment = |output: &TxOutput| Commitment {
            to: OutputScript::parse(&output.script[1..]).unwrap(),
            amount: output.value,
        };
        let commitments: Box<[Commitment]> = vote.outputs[2..].iter().map(commitment).collect();
        let paid = Amount::checked_sum(commitments.iter().map(|commitment| commitment.amount)).unwrap();
        let subsidy = vote_subsidy(&Network::Simnet.params(self.generation), self.height);
        let left_over = Amount::from_atoms(commitments.len() as i64 - 1);
        let price = paid.checked_sub(subsidy).and_then(|price| price.checked_add(left_over)).unwrap();
        TicketOutputs { ticket: self.ticket, voting: commitments[0].to, price, commitments, relay_fee: Amount::ZERO }
    }

    fn ours(&self) -> Transaction {
        let extended = hex::decode(&self.extended_bits).unwrap();
        let choice = VoteChoice { block: self.block, height: self.height, bits: self.bits, extended_bits: &extended };
        unsigned_vote(&Network::Simnet.params(self.generation), self.generation, &self.outputs(), &choice).unwrap()
    }

    /// The script of a pool's user, where the vote shows one.
    fn redeem(&self) -> Option<RedeemScript> {
        let script = &self.vote().inputs[TICKET_INPUT].signature_script;
        RedeemScript::from_bytes(&script[script.len().checked_sub(71)?..]).ok()
    }
}

fn recorded() -> Vec<Recorded> {
    include_str!("../vectors/votes.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_vote_that_a_real_wallet_answered_has_the_hash_of_ours() {
    let votes = recorded();
    assert_eq!(votes.len(), 14);
    assert_eq!(votes.iter().filter(|vote| vote.ticket_hex.is_some()).count(), 9);
    for vote in votes {
        assert_eq!(vote.ours().hash(), vote.vote().hash(), "{}", vote.ticket);
        // But for the signature: the values that no hash covers are the wallet's, too.
        let mut unsigned = vote.vote();
        unsigned.inputs[TICKET_INPUT].signature_script.clear();
        assert_eq!(vote.ours(), unsigned, "{}", vote.ticket);
    }
}

#[test]
fn a_signer_with_the_voting_wallets_branch_answers_as_the_wallets_did() {
    let mut answered = 0;
    for vote in recorded() {
        let (Some(key), Some(script)) = (&vote.key, vote.redeem()) else { continue };
        let version = VoteVersion(11);
        let signer = KeySigner::new(Network::Simnet, vote.generation, version)
            .with_branch(Network::Simnet, key.derive_branch(), KeyIndex(5))
            .unwrap();
        signer.add_script(script).unwrap();
        signer.add_ticket(vote.outputs());
        let (block, height, ticket, bits) = (vote.block, vote.height, vote.ticket, vote.bits);
        let request = VoteRequest { block, height, ticket, bits, bits_extended: vote.extended_bits.clone() };
        assert_eq!(hex::encode(signer.sign(&request).unwrap().transaction.encode()), vote.vote_hex);
        answered += 1;
    }
    assert_eq!(answered, 9);
}

#[test]
fn signed_by_the_same_key_ours_are_byte_equal_for_keys_and_for_scripts_of_both_generations() {
    let (mut by_key, mut by_script) = ([0, 0], [0, 0]);
    for vote in recorded() {
        let Some(key) = &vote.key else { continue };
        let (mut ours, key) = (vote.ours(), key.derive());
        let generation = usize::from(vote.generation == Generation::Legacy);
        let locked = if let Some(redeem) = vote.redeem() {
            sign_multisig(&mut ours, TICKET_INPUT, &redeem, Some(&key));
            by_script[generation] += 1;
            OutputScript::ScriptHash(hash160(&redeem.to_bytes()))
        } else {
            sign_pubkey_hash(&mut ours, TICKET_INPUT, Spends::Ticket, &key);
            by_key[generation] += 1;
            OutputScript::PubKeyHash(key.pubkey_hash())
        };
        assert_eq!(hex::encode(ours.encode()), vote.vote_hex, "{}", vote.ticket);
        assert!(unlocks(&ours, TICKET_INPUT, Spends::Ticket, locked));
        if vote.ticket_hex.is_some() {
            assert_eq!(vote.outputs().voting, locked, "{}", vote.ticket);
        }
    }
    assert_eq!((by_key, by_script), ([1, 1], [8, 1]));
}
