//! Ends that no daemon has reported: what the blocks say of them comes into the ledger once it cannot be undone.

use stakepool_core::chain::{Address, AddressKind, Amount, Network, OutputScript, TicketOutputs};
use stakepool_core::ports::RegisteredTicket;
use stakepool_core::reports::{TicketReport, TicketState, TicketTimes};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::vsp::Outcome;

use super::error::PassError;
use crate::vsp::service::Vsp;

/// Who reports what the blocks say. No daemon has such a name.
const BLOCKS: &str = "blocks";

impl Vsp {
    /// Has the ledger know how a ticket ended whose vote the pool owed.
    pub(super) async fn settle_in_ledger(&self, ticket: &RegisteredTicket) -> Result<(), PassError> {
        let ledger = self.parts.stores.ledger.as_ref();
        let known = ledger.ticket(&ticket.registration.ticket).await?;
        if known.is_some_and(|report| report.state.is_over()) {
            return Ok(());
        }
        if let Some(report) = last_report(ticket, self.terms.network) {
            ledger.put_tickets(BLOCKS, &[report], self.now()).await?;
        }
        Ok(())
    }
}

/// The last report on a ticket; `None` where the pool owed it no vote, or nothing certain is known.
fn last_report(ticket: &RegisteredTicket, network: Network) -> Option<TicketReport> {
    let registration = &ticket.registration;
    let state = match registration.outcome.filter(|_| registration.fee.is_sent())? {
        Outcome::Voted => TicketState::Voted,
        Outcome::Missed => TicketState::Missed,
        Outcome::Expired => TicketState::Expired,
        Outcome::Revoked => return None,
    };
    let outputs = TicketOutputs::from_transaction(&ticket.transaction).ok()?;
    let voting = match outputs.voting {
        OutputScript::PubKeyHash(hash) => AddressKind::PubKeyHash(hash),
        OutputScript::ScriptHash(hash) => AddressKind::ScriptHash(hash),
    };
    Some(TicketReport {
        ticket: registration.ticket,
        address: Address::new(network, voting),
        user: None,
        state,
        facts: TicketFacts {
            verdict: Verdict::Accepted,
            price: outputs.price,
            fee_address: registration.owner,
            committed_fee: Amount::ZERO,
            required_fee: Amount::ZERO,
            mined_at: registration.confirmed_at?,
        },
        added: false,
        ended_at: ticket.ended_at,
        revoked: state != TicketState::Voted,
        times: TicketTimes::default(),
        spend: None,
    })
}
