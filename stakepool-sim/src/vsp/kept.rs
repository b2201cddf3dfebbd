//! What a wallet keeps of a ticket that it registers.

use std::time::Duration;

use stakepool_core::chain::{Transaction, sha256};
use stakepool_core::reports::TicketState;

use crate::network::OwnTicket;

/// The longest pause while the ticket is not mined.
const UNMINED: Duration = Duration::from_secs(2 * 60);
/// The same while it is immature.
const IMMATURE: Duration = Duration::from_secs(60 * 60);
/// The same while it is live.
const LIVE: Duration = Duration::from_secs(5 * 60);

/// How far the wallet has come with a ticket's fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeStage {
    /// The pool has not taken a fee.
    Unpaid,
    /// It has; the wallet does not rely on it yet.
    Paid,
    /// Asked a second time, it said that it has the fee.
    Received,
    /// It says that the fee is confirmed: the wallet asks no more.
    Confirmed,
    /// The ticket has ended, or the pool says that it cannot vote: the wallet asks no more.
    Dropped,
}

/// A ticket and its fee.
pub(super) struct Kept {
    pub(super) ticket: OwnTicket,
    /// The transaction that pays, which is sent again as it is.
    pub(super) payment: Option<Transaction>,
    pub(super) stage: FeeStage,
    /// How often the wallet has paused.
    pauses: u32,
}

impl Kept {
    pub(super) const fn new(ticket: OwnTicket) -> Self {
        Self { ticket, payment: None, stage: FeeStage::Unpaid, pauses: 0 }
    }

    /// The next pause, at random up to the longest one for where the ticket is. The same ticket pauses alike in every run.
    pub(super) fn next_pause(&mut self, state: Option<TicketState>) -> Duration {
        let longest = match state {
            None => UNMINED,
            Some(TicketState::Immature) => IMMATURE,
            Some(_) => LIVE,
        };
        self.pauses += 1;
        let drawn = sha256(&[self.ticket.hash.as_bytes(), &self.pauses.to_le_bytes()[..]].concat());
        longest.mul_f64(f64::from(drawn[0]) / f64::from(u8::MAX))
    }
}
