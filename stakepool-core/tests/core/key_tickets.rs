//! Tickets whose owners handed over the key that votes with them.

use std::sync::Arc;

use stakepool_core::accounts::VotingPreference;
use stakepool_core::chain::{BlockHeight, PoolKey, PrivateKey, RedeemScript, UserKey, VoteBits};
use stakepool_core::desired::{DesiredState, KeyTicket};
use stakepool_core::testkit::tickets::{Fee, VERSION, block, desired, evaluator, hash, ticket};
use stakepool_core::voting::{Lottery, snapshot};

const VOTING: VotingPreference = VotingPreference { bits: VoteBits(5), version: VERSION };

fn key(number: u8) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::from_bytes(&[number; 32]).unwrap())
}

fn script(number: u8) -> RedeemScript {
    RedeemScript::new(PoolKey(key(number).public_key()), UserKey(key(9).public_key()))
}

fn handed(number: u8) -> KeyTicket {
    KeyTicket { ticket: hash(&ticket(1, number, Fee::Enough)), key: key(number), voting: VOTING }
}

fn saved_and_restored(desired: DesiredState) -> (Vec<u8>, DesiredState) {
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(desired);
    let point = (block(200, 1), BlockHeight(200));
    let bytes = snapshot::Snapshot::of(&lottery, 7, true, Some(point), []).encode().unwrap();
    let mut restored = Lottery::new(evaluator());
    snapshot::restore(&mut restored, &bytes).unwrap();
    (bytes.to_vec(), DesiredState::clone(restored.desired()))
}

#[test]
fn keys_and_scripts_come_back_from_the_state_file() {
    let plain = desired(&[1], &[]);
    let acknowledged = plain.users().next().unwrap().address;
    let variants = [
        plain.clone().with_acknowledged([acknowledged]),
        plain.clone().with_scripts([script(1), script(2)]),
        plain.clone().with_key_tickets([handed(1), handed(2)]),
        plain.clone().with_acknowledged([acknowledged]).with_scripts([script(1)]).with_key_tickets([handed(1)]),
    ];
    for state in variants {
        assert_eq!(saved_and_restored(state.clone()).1, state);
    }
}

#[test]
fn a_state_without_keys_is_written_as_before() {
    let state = desired(&[1], &[]);
    let (plain, _) = saved_and_restored(state.clone());
    let (with_keys, _) = saved_and_restored(state.with_key_tickets([handed(1)]));
    let body = plain.len() - 32;
    assert_eq!(with_keys[..body], plain[..body], "an earlier version finds all that it knows in its place");
}
