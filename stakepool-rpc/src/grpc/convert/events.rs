//! What happened in a daemon.

use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, BlockHash, BlockHeight, TicketHash};
use stakepool_core::ports::{EventBatch, EventCursor};
use stakepool_core::reports::{
    DaemonEvent, DaemonEventKind, TicketReport, TicketState, TicketTimes, VoteOutcome, VoteRecord, VoteTimings,
};
use stakepool_core::sanitize::one_line;
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::{UnixMillis, UnixTime};

use super::field::{FieldError, hash_bytes, vote_bits, voting_address};
use crate::grpc::generated::pool_daemon as pb;
use crate::grpc::wire::{LONGEST_WORDS, MOST_EVENTS};
use pb::daemon_event::Kind;

/// Events in a piece: well below a megabyte.
const PIECE: usize = 2_000;

/// The pieces of a batch, each made when it is asked for; the last, and only the last, has the end.
pub(in crate::grpc) fn batch_into_pieces(batch: EventBatch) -> impl Iterator<Item = pb::EventsPiece> {
    let EventBatch { next, snapshot, events } = batch;
    let pieces = events.len().div_ceil(PIECE).max(1);
    (0..pieces).map(move |number| {
        let (from, to) = (number * PIECE, events.len().min((number + 1) * PIECE));
        let end = (number + 1 == pieces).then(|| pb::BatchEnd { next: Some(next.into()), snapshot });
        pb::EventsPiece { events: events[from..to].iter().map(pb::DaemonEvent::from).collect(), end }
    })
}

/// Puts a batch together from its pieces.
#[derive(Default)]
pub(in crate::grpc) struct EventCollector {
    events: Vec<DaemonEvent>,
}

impl EventCollector {
    /// Takes a piece. Returns the batch with the last one.
    pub(in crate::grpc) fn take(&mut self, piece: pb::EventsPiece) -> Result<Option<EventBatch>, FieldError> {
        if self.events.len() + piece.events.len() > MOST_EVENTS {
            return Err(FieldError::new("events", format!("a batch has at most {MOST_EVENTS}")));
        }
        for event in piece.events {
            let seq = event.seq;
            self.events.push(DaemonEvent::try_from(event).map_err(|error| error.within(format!("event {seq}")))?);
        }
        let Some(end) = piece.end else { return Ok(None) };
        let next = end.next.ok_or_else(|| FieldError::new("end.next", "is missing"))?;
        Ok(Some(EventBatch { next: cursor(next), snapshot: end.snapshot, events: std::mem::take(&mut self.events) }))
    }

    /// What is wrong where the pieces end before the last one.
    pub(in crate::grpc) fn broken_off() -> FieldError {
        FieldError::new("end", "the events broke off before their end")
    }
}

/// The place that a message names.
pub(in crate::grpc) const fn cursor(pb::EventCursor { epoch, seq }: pb::EventCursor) -> EventCursor {
    EventCursor { epoch, seq }
}

impl From<EventCursor> for pb::EventCursor {
    fn from(EventCursor { epoch, seq }: EventCursor) -> Self {
        Self { epoch, seq }
    }
}

impl From<&DaemonEvent> for pb::DaemonEvent {
    fn from(event: &DaemonEvent) -> Self {
        let kind = match &event.kind {
            DaemonEventKind::Ticket(report) => Kind::Ticket(report.into()),
            DaemonEventKind::Vote(record) => Kind::Vote(record.into()),
        };
        Self { seq: event.seq, kind: Some(kind) }
    }
}

impl TryFrom<pb::DaemonEvent> for DaemonEvent {
    type Error = FieldError;

    fn try_from(event: pb::DaemonEvent) -> Result<Self, FieldError> {
        let kind = match event.kind {
            Some(Kind::Ticket(report)) => {
                DaemonEventKind::Ticket(report.try_into().map_err(|error: FieldError| error.within("ticket"))?)
            }
            Some(Kind::Vote(record)) => {
                DaemonEventKind::Vote(record.try_into().map_err(|error: FieldError| error.within("vote"))?)
            }
            None => return Err(FieldError::new("kind", "is missing, or of a newer version of the daemon")),
        };
        Ok(Self { seq: event.seq, kind })
    }
}

impl From<&TicketReport> for pb::TicketReport {
    fn from(report: &TicketReport) -> Self {
        let state = match report.state {
            TicketState::Immature => pb::TicketState::Immature,
            TicketState::Live => pb::TicketState::Live,
            TicketState::Voted => pb::TicketState::Voted,
            TicketState::Missed => pb::TicketState::Missed,
            TicketState::Expired => pb::TicketState::Expired,
        };
        Self {
            ticket: report.ticket.as_bytes().to_vec(),
            address: report.address.to_string(),
            user_id: report.user.map_or(0, |user| user.0),
            state: state.into(),
            facts: Some((&report.facts).into()),
            added: report.added,
            ended_at: report.ended_at.map(|height| height.0),
            revoked: report.revoked,
            mined_time: report.times.mined.map(|time| time.0),
            matured_time: report.times.matured.map(|time| time.0),
            drawn_time: report.times.drawn.map(|time| time.0),
            ended_time: report.times.ended.map(|time| time.0),
            spend: report.spend.as_ref().map(Into::into),
        }
    }
}

impl TryFrom<pb::TicketReport> for TicketReport {
    type Error = FieldError;

    fn try_from(report: pb::TicketReport) -> Result<Self, FieldError> {
        let state = match report.state() {
            pb::TicketState::Immature => TicketState::Immature,
            pb::TicketState::Live => TicketState::Live,
            pb::TicketState::Voted => TicketState::Voted,
            pb::TicketState::Missed => TicketState::Missed,
            pb::TicketState::Expired => TicketState::Expired,
            pb::TicketState::Unspecified => return Err(unknown("state", report.state)),
        };
        let spend = report.spend.map(|spend| spend.try_into().map_err(|error: FieldError| error.within("spend")));
        let facts = report.facts.ok_or_else(|| FieldError::new("facts", "are missing"))?;
        Ok(Self {
            ticket: TicketHash::from_bytes(hash_bytes("ticket", &report.ticket)?),
            address: voting_address("address", &report.address)?,
            user: (report.user_id != 0).then_some(UserId(report.user_id)),
            state,
            facts: facts.try_into().map_err(|error: FieldError| error.within("facts"))?,
            added: report.added,
            ended_at: report.ended_at.map(BlockHeight),
            revoked: report.revoked,
            times: TicketTimes {
                mined: report.mined_time.map(UnixTime),
                matured: report.matured_time.map(UnixTime),
                drawn: report.drawn_time.map(UnixTime),
                ended: report.ended_time.map(UnixTime),
            },
            spend: spend.transpose()?,
        })
    }
}

impl From<&TicketFacts> for pb::TicketFacts {
    fn from(facts: &TicketFacts) -> Self {
        let verdict = match facts.verdict {
            Verdict::Accepted => pb::Verdict::Accepted,
            Verdict::LowFee => pb::Verdict::LowFee,
            Verdict::UnknownFeeAddress => pb::Verdict::UnknownFeeAddress,
            Verdict::FeeLost => pb::Verdict::FeeLost,
        };
        Self {
            verdict: verdict.into(),
            price: facts.price.atoms(),
            fee_address: facts.fee_address.to_string(),
            committed_fee: facts.committed_fee.atoms(),
            required_fee: facts.required_fee.atoms(),
            mined_at: facts.mined_at.0,
        }
    }
}

impl TryFrom<pb::TicketFacts> for TicketFacts {
    type Error = FieldError;

    fn try_from(facts: pb::TicketFacts) -> Result<Self, FieldError> {
        let verdict = match facts.verdict() {
            pb::Verdict::Accepted => Verdict::Accepted,
            pb::Verdict::LowFee => Verdict::LowFee,
            pb::Verdict::UnknownFeeAddress => Verdict::UnknownFeeAddress,
            pb::Verdict::FeeLost => Verdict::FeeLost,
            pb::Verdict::Unspecified => return Err(unknown("verdict", facts.verdict)),
        };
        Ok(Self {
            verdict,
            price: Amount::from_atoms(facts.price),
            fee_address: facts.fee_address.parse().map_err(|error| FieldError::new("fee_address", error))?,
            committed_fee: Amount::from_atoms(facts.committed_fee),
            required_fee: Amount::from_atoms(facts.required_fee),
            mined_at: BlockHeight(facts.mined_at),
        })
    }
}

impl From<&VoteRecord> for pb::VoteRecord {
    fn from(record: &VoteRecord) -> Self {
        let (outcome, failure) = match &record.outcome {
            VoteOutcome::Sent => (pb::VoteOutcome::Sent, String::new()),
            VoteOutcome::AlreadyKnown => (pb::VoteOutcome::AlreadyKnown, String::new()),
            VoteOutcome::RivalVote => (pb::VoteOutcome::RivalVote, String::new()),
            VoteOutcome::Failed(error) => (pb::VoteOutcome::Failed, error.clone()),
        };
        Self {
            ticket: record.ticket.as_bytes().to_vec(),
            address: record.address.to_string(),
            block: record.block.as_bytes().to_vec(),
            height: record.height.0,
            bits: record.bits.0.into(),
            outcome: outcome.into(),
            failure,
            attempts: record.attempts,
            total_nanos: nanos(record.timings.total),
            signing_nanos: nanos(record.timings.signing),
            sending_nanos: nanos(record.timings.sending),
            at_millis: record.at.0,
        }
    }
}

impl TryFrom<pb::VoteRecord> for VoteRecord {
    type Error = FieldError;

    fn try_from(record: pb::VoteRecord) -> Result<Self, FieldError> {
        let outcome = match record.outcome() {
            pb::VoteOutcome::Sent => VoteOutcome::Sent,
            pb::VoteOutcome::AlreadyKnown => VoteOutcome::AlreadyKnown,
            pb::VoteOutcome::RivalVote => VoteOutcome::RivalVote,
            pb::VoteOutcome::Failed => VoteOutcome::Failed(one_line(&record.failure, LONGEST_WORDS)),
            pb::VoteOutcome::Unspecified => return Err(unknown("outcome", record.outcome)),
        };
        Ok(Self {
            ticket: TicketHash::from_bytes(hash_bytes("ticket", &record.ticket)?),
            address: voting_address("address", &record.address)?,
            block: BlockHash::from_bytes(hash_bytes("block", &record.block)?),
            height: BlockHeight(record.height),
            bits: vote_bits("bits", record.bits)?,
            outcome,
            attempts: record.attempts,
            timings: VoteTimings {
                total: Duration::from_nanos(record.total_nanos),
                signing: Duration::from_nanos(record.signing_nanos),
                sending: Duration::from_nanos(record.sending_nanos),
            },
            at: UnixMillis(record.at_millis),
        })
    }
}

/// Nanoseconds; 584 years at most.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn unknown(field: &str, value: i32) -> FieldError {
    FieldError::new(field, format!("{value} is unknown here; the daemon may be newer than this program"))
}
