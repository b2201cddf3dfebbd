//! Proofs of a server that lies, or that are not the server's.

use data_encoding::BASE64;
use serde_json::{Value, json};
use stakepool_core::chain::{
    Address, AddressKind, Amount, MessageSignature, Network, OutPoint, PrivateKey, Transaction, TxHash, TxInput,
    TxOutput,
};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{AnswerSigner as _, Outcome, RecordKind};

use super::file::{Proof, ProofRecord};
use super::records::SignedBy;
use super::verify::{Checked, Unproven, verify_proof};
use crate::vsp::server_key::ServerKey;

const OWNER: u8 = 1;
const VOTER: u8 = 2;
const ALTERNATE: u8 = 3;
const STRANGER: u8 = 4;

fn key(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[number; 32]).unwrap()
}

fn address(number: u8) -> String {
    Address::new(Network::Simnet, AddressKind::PubKeyHash(key(number).pubkey_hash())).to_string()
}

fn server(seed: u8) -> ServerKey {
    ServerKey::from_seed(&[seed; 32]).unwrap()
}

fn ticket() -> Transaction {
    let script =
        |tag: &[u8], number: u8| [tag, &[0x76, 0xa9, 0x14], &key(number).pubkey_hash().0, &[0x88, 0xac]].concat();
    let commitment = [&[0x6a, 0x1e], &key(OWNER).pubkey_hash().0[..], &1000_i64.to_le_bytes(), &[0, 0x4e]].concat();
    let output = |(value, script)| TxOutput { value: Amount::from_atoms(value), script_version: 0, script };
    let input = TxInput {
        previous: OutPoint { hash: TxHash::from_bytes([9; 32]), index: 0, tree: 0 },
        sequence: u32::MAX,
        value_in: Amount::ZERO,
        block_height: 0,
        block_index: u32::MAX,
        signature_script: Vec::new(),
    };
    let outputs = vec![(1000, script(&[0xba], VOTER)), (0, commitment), (0, script(&[0xbd], OWNER))];
    Transaction {
        version: 1,
        inputs: vec![input],
        outputs: outputs.into_iter().map(output).collect(),
        lock_time: 0,
        expiry: 0,
    }
}

/// A record of a request with these fields, signed by a key, and answered.
fn record(number: u32, kind: RecordKind, signer: u8, fields: Value) -> ProofRecord {
    let timestamp = UnixTime(1_700_000_000 + i64::from(number));
    let mut request = json!({"timestamp": timestamp.0, "tickethash": ticket().hash().to_string()});
    let Value::Object(fields) = fields else { unreachable!() };
    request.as_object_mut().unwrap().extend(fields);
    let request = request.to_string();
    let answer = json!({"timestamp": timestamp.0 + 1, "request": BASE64.encode(request.as_bytes())}).to_string();
    ProofRecord {
        number,
        kind,
        timestamp,
        requestsignature: MessageSignature::sign(request.as_bytes(), &key(signer)).to_base64(),
        request: BASE64.encode(request.as_bytes()),
        answersignature: BASE64.encode(&server(7).sign(answer.as_bytes())),
        answer: BASE64.encode(answer.as_bytes()),
        notes: Vec::new(),
    }
}

fn payment(number: u32, voter: u8) -> ProofRecord {
    let wif = key(voter).to_wif(Network::Simnet);
    let fields = json!({"feetx": "00", "votingkey": wif.expose(), "votechoices": {}});
    record(number, RecordKind::PayFee, OWNER, fields)
}

fn choice(number: u32, signer: u8) -> ProofRecord {
    record(number, RecordKind::SetVoteChoices, signer, json!({"votechoices": {"size": "yes"}}))
}

fn naming(number: u32, signer: u8, named: u8) -> ProofRecord {
    let fields = json!({"altsignaddress": address(named), "tickethex": "00", "parenthex": "00"});
    record(number, RecordKind::SetAltSignAddr, signer, fields)
}

fn proof() -> Proof {
    Proof {
        timestamp: UnixTime(1_700_000_100),
        network: Network::Simnet,
        tickethash: ticket().hash().into(),
        tickethex: hex::encode(ticket().encode()),
        commitmentaddress: address(OWNER),
        pubkey: BASE64.encode(&server(7).public_key()),
        altsignaddress: address(ALTERNATE),
        records: vec![payment(0, VOTER), naming(1, OWNER, ALTERNATE), choice(2, ALTERNATE), choice(4, OWNER)],
        outcome: Some(Outcome::Missed),
        vote: None,
        request: String::new(),
        signature: String::new(),
    }
}

/// The file of a proof that a server has signed.
fn file(proof: Proof, seed: u8) -> Vec<u8> {
    let signature = BASE64.encode(&server(seed).sign(&proof.signed_bytes().unwrap()));
    serde_json::to_vec(&Proof { signature, ..proof }).unwrap()
}

fn checked(proof: Proof) -> Result<Checked, Unproven> {
    verify_proof(&file(proof, 7))
}

#[test]
fn what_both_sides_signed_holds_and_says_who_signed() {
    let found = checked(proof()).unwrap();
    let by: Vec<_> = found.records.iter().map(|record| (record.number, record.signed_by)).collect();
    use SignedBy::{Alternate, Owner};
    assert_eq!(by, [(0, Owner), (1, Owner), (2, Alternate), (4, Owner)]);
    assert_eq!(found.records[0].answered, UnixTime(1_700_000_001));
    assert_eq!((found.owner.to_string(), found.public_key), (address(OWNER), server(7).public_key()));
}

#[test]
fn every_changed_byte_of_a_file_is_found() {
    let mut file = file(proof(), 7);
    file.push(b'\n');
    verify_proof(&file).unwrap();
    for at in 0..file.len() {
        for bit in [1, 0x20, 0x80] {
            let mut changed = file.clone();
            changed[at] ^= bit;
            assert!(verify_proof(&changed).is_err(), "byte {at} of {}", String::from_utf8_lossy(&changed));
        }
    }
    // Neither is anything put in that carries no meaning, nor left out.
    for at in 0..file.len() {
        let mut longer = file.clone();
        longer.insert(at, b' ');
        assert!(verify_proof(&longer).is_err(), "a space at {at}");
        assert!(verify_proof(&file[..at]).is_err() || at == file.len() - 1, "{at} bytes");
    }
}

/// What is found, and what the server has put its name to.
type Lie = (&'static str, fn(&mut Proof));

#[test]
fn what_a_server_puts_its_name_to_must_still_hold() {
    let lies: [Lie; 13] = [
        ("its hash is another one", |proof| proof.tickethash = TxHash::from_bytes([5; 32]).into()),
        ("commits to another address", |proof| proof.commitmentaddress = address(STRANGER)),
        ("record 2 does not hold: the request is not signed", |proof| proof.records[2] = choice(2, STRANGER)),
        ("record 0 does not hold: the voting key", |proof| proof.records[0] = payment(0, STRANGER)),
        ("record 1 does not hold: the other address", |proof| proof.records[1] = naming(1, OWNER, STRANGER)),
        ("record 1 does not hold: the other address", |proof| proof.records[1] = naming(1, ALTERNATE, ALTERNATE)),
        ("record 4 does not hold: the answer belongs to another", |proof| {
            let other = choice(2, OWNER);
            proof.records[3].answer = other.answer;
            proof.records[3].answersignature = other.answersignature;
        }),
        ("record 4 does not hold: the answer is not signed", |proof| {
            proof.records[3].answersignature = choice(2, OWNER).answersignature;
        }),
        ("record 4 does not hold: the request says another time", |proof| proof.records[3].timestamp = UnixTime(1)),
        ("record 0 does not hold: records are not in", |proof| proof.records.push(payment(0, VOTER))),
        ("record 0 does not hold: the request cannot be used", |proof| {
            proof.records[0].kind = RecordKind::SetAltSignAddr
        }),
        // An address that only the server says is the owner's, be it named later or not at all.
        ("record 2 does not hold: before it there is no record in which the owner names the other address", |proof| {
            proof.altsignaddress = address(STRANGER);
            proof.records = vec![payment(0, VOTER), choice(2, STRANGER)];
        }),
        ("record 2 does not hold: before it there is no record in which the owner names the other address", |proof| {
            proof.records = vec![payment(0, VOTER), choice(2, ALTERNATE), naming(3, OWNER, ALTERNATE)];
        }),
    ];
    for (expected, lie) in lies {
        let mut proof = proof();
        lie(&mut proof);
        let error = checked(proof).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} instead of {expected}");
    }
}

#[test]
fn a_proof_of_another_server_is_none_of_the_one_that_it_names() {
    assert_eq!(verify_proof(&file(proof(), 8)), Err(Unproven::Signature));
    for text in ["", "{}", "[]", "\n", "no", "{\"timestamp\":1}"] {
        assert!(matches!(verify_proof(text.as_bytes()), Err(Unproven::NotAProof(_))), "{text}");
    }
}
