//! Values to store, all different and all of them whole.

use std::sync::LazyLock;
use std::time::Duration;

use crate::accounts::{Email, PasswordHashes, Registration, UserId, VotingPreference};
use crate::chain::{
    Address, AddressKind, Amount, BlockHash, BlockHeight, ExtendedPubKey, ExternalBranch, Hash160, KeyIndex, Network,
    RedeemScript, ScriptAddress, TicketHash, VoteBits, VoteVersion,
};
use crate::ports::{LowFeeTicket, NewUser, Session};
use crate::reports::{TicketReport, TicketState, TicketTimes, VoteOutcome, VoteRecord, VoteTimings};
use crate::ticket::{TicketFacts, Verdict};
use crate::time::UnixMillis;
use crate::time::UnixTime;

/// Now, in all cases of the stores' tests.
pub const NOW: UnixTime = UnixTime(1_795_000_000);

/// `seconds` after [`NOW`].
pub const fn later(seconds: u64) -> UnixTime {
    NOW.plus(Duration::from_secs(seconds))
}

/// An e-mail address, such as stores may hold from before addresses were looked at.
pub fn email(text: &str) -> Email {
    Email::from_store(text.trim().to_lowercase())
}

/// A user to be with an e-mail address, who signs up at [`NOW`].
pub fn new_user(text: &str) -> NewUser {
    let password = PasswordHashes { bcrypt: None, argon2: Some(format!("$argon2id$of {text}")) };
    let voting = VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(11) };
    NewUser::new(email(text), password, voting, NOW)
}

fn branch(key: &str) -> ExternalBranch {
    ExtendedPubKey::parse_for(key, Network::Simnet).unwrap().external_branch().unwrap()
}

static POOL: LazyLock<ExternalBranch> = LazyLock::new(|| {
    branch(
        "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK",
    )
});
static USERS: LazyLock<ExternalBranch> = LazyLock::new(|| {
    branch(
        "spubVW4FR7hBbJSbmZkT2R37KbeczAr9rU3ucLNfEaC9pB2jA4qHHknMkSLCz1n2YmGGymbjekzM9GxApzFbFNjSPjac95tP1bFFPMYh1d23naR",
    )
});

/// The registration with a key index.
pub fn registration(index: u32) -> Registration {
    let key_index = KeyIndex(index);
    let script = RedeemScript::for_user(&POOL, key_index, &USERS.address(key_index).unwrap()).unwrap();
    Registration {
        key_index,
        address: script.address(Network::Simnet),
        script,
        fee_address: POOL.address(key_index).unwrap().to_pubkey_hash(),
        registered_at: BlockHeight(1000 + index),
    }
}

/// 32 bytes that differ for every number.
pub fn bytes(number: u32) -> [u8; 32] {
    let mut bytes = [0xa5; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// A ticket by its number.
pub fn ticket(number: u32) -> TicketHash {
    TicketHash::from_bytes(bytes(number))
}

/// A multisig address by its number.
pub fn multisig(number: u8) -> ScriptAddress {
    ScriptAddress::new(Network::Simnet, Hash160([number; 20]))
}

/// A live ticket, mined at the height of its number.
pub fn report(number: u32, user: i64) -> TicketReport {
    TicketReport {
        ticket: ticket(number),
        address: multisig(1).into(),
        user: Some(UserId(user)),
        state: TicketState::Live,
        facts: TicketFacts {
            verdict: Verdict::Accepted,
            price: Amount::from_atoms(20_000_000 + i64::from(number)),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([9; 20]))),
            committed_fee: Amount::from_atoms(700),
            required_fee: Amount::from_atoms(699),
            mined_at: BlockHeight(number),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: None,
    }
}

/// A live ticket that votes by a key of its own, mined at the height of its number.
pub fn key_report(number: u32) -> TicketReport {
    let address = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([8; 20])));
    TicketReport { address, user: None, ..report(number, 0) }
}

/// A ticket at its end.
pub fn ended(number: u32, user: i64, state: TicketState, height: u32) -> TicketReport {
    TicketReport { state, ended_at: Some(BlockHeight(height)), ..report(number, user) }
}

/// A vote that was sent.
pub fn vote(number: u32, block: u32, at: i64) -> VoteRecord {
    VoteRecord {
        ticket: ticket(number),
        address: multisig(1).into(),
        block: BlockHash::from_bytes(bytes(block)),
        height: BlockHeight(block),
        bits: VoteBits(0x8001),
        outcome: VoteOutcome::Sent,
        attempts: 2,
        timings: VoteTimings {
            total: Duration::from_nanos(12_345_678),
            signing: Duration::from_micros(4_000),
            sending: Duration::from_millis(7),
        },
        at: UnixMillis(at),
    }
}

/// A low-fee ticket that an administrator added at [`NOW`], and that lasts a day.
pub fn low_fee(number: u32) -> LowFeeTicket {
    LowFeeTicket {
        ticket: ticket(number),
        address: multisig(2),
        added_by: Some(UserId(1)),
        created: NOW,
        expires: later(86_400),
        outcome: None,
    }
}

/// A session of a day.
pub fn session(user: UserId) -> Session {
    Session { user, created: NOW, last_seen: NOW, expires: later(86_400), client: "127.0.0.1, Firefox".to_owned() }
}
