//! Tickets and votes as daemons report them.

use stakepool_core::accounts::{Registration, User, UserId};
use stakepool_core::chain::{Amount, BlockHash, BlockHeight, TicketHash, VoteBits};
use stakepool_core::ports::LowFeeEntry;
use stakepool_core::reports::{TicketReport, TicketState, TicketTimes, VoteOutcome, VoteRecord, VoteTimings};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixMillis;

/// The hash of a numbered ticket.
pub fn hash(number: u8) -> TicketHash {
    TicketHash::from_bytes([number; 32])
}

/// A ticket of a user that pays the fee, mined at block 200 and, where it is at its end, ended at block 220.
pub fn report(user: UserId, registration: &Registration, number: u8, state: TicketState) -> TicketReport {
    TicketReport {
        ticket: hash(number),
        address: registration.address.into(),
        user: Some(user),
        state,
        facts: TicketFacts {
            verdict: Verdict::Accepted,
            price: Amount::from_atoms(20_000_000),
            fee_address: registration.fee_address,
            committed_fee: Amount::from_atoms(700),
            required_fee: Amount::from_atoms(699),
            mined_at: BlockHeight(200),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: state.is_over().then_some(BlockHeight(220)),
    }
}

/// As [`report`], of a ticket that pays too little.
pub fn low_fee(user: UserId, registration: &Registration, number: u8, state: TicketState) -> TicketReport {
    let mut report = report(user, registration, number, state);
    (report.facts.verdict, report.facts.committed_fee) = (Verdict::LowFee, Amount::from_atoms(1));
    report
}

/// A ticket as the predecessor's daemons list it.
pub fn entry(user: &User, number: u8) -> LowFeeEntry {
    LowFeeEntry { ticket: hash(number), address: user.registration.as_ref().unwrap().address }
}

/// What came of a vote with a ticket.
pub fn vote(of: &TicketReport, outcome: VoteOutcome) -> VoteRecord {
    VoteRecord {
        ticket: of.ticket,
        address: of.address,
        block: BlockHash::from_bytes([3; 32]),
        height: BlockHeight(219),
        bits: VoteBits::APPROVE,
        outcome,
        attempts: 1,
        timings: VoteTimings::default(),
        at: UnixMillis(1_700_000_000_000),
    }
}
