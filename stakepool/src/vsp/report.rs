//! How the service is, for the operator: what keeps it from selling tickets, its nodes, and where fees go wrong.

use serde::Serialize;
use stakepool_core::chain::Amount;
use stakepool_core::ports::StoreError;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{FeeStatus, RegisteredState};

use super::condition::NodeReport;
use super::service::Vsp;

/// How the service is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VspReport {
    /// What wallets read where the operator takes no new tickets.
    pub closed: Option<String>,
    /// Why no new ticket can be taken now, whatever the operator wants.
    pub hindrance: Option<&'static str>,
    /// The nodes that the web asks for it.
    pub nodes: Vec<NodeReport>,
    /// How many registered tickets are in which state.
    pub tickets: Vec<(RegisteredState, u64)>,
    /// When the oldest of the fees came that the node does not have yet.
    pub oldest_unsent: Option<UnixTime>,
    /// How many fees should be with the node for a while and are not.
    pub overdue_fees: u64,
    /// Why new blocks are not worked through, where this instance does that and cannot.
    pub blocks_wait: Option<String>,
    /// What a ticket of the next block is asked.
    pub fee: Option<Amount>,
    /// How many voting keys could not be opened when the daemons were last given them.
    pub unopened_keys: u64,
    /// What is wrong with the file that opens them.
    pub key_file: Option<String>,
}

impl VspReport {
    /// How many tickets are in a state.
    pub fn count(&self, state: RegisteredState) -> u64 {
        self.tickets.iter().find(|(of, _)| *of == state).map_or(0, |(_, count)| *count)
    }

    /// How many tickets are to be voted.
    pub fn to_be_voted(&self) -> u64 {
        [FeeStatus::Broadcast, FeeStatus::Confirmed].map(|fee| self.count(RegisteredState::Open(fee))).iter().sum()
    }
}

impl Vsp {
    /// How the service is: as it was when it last looked, and as the database has its tickets.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn report(&self) -> Result<VspReport, StoreError> {
        let store = self.parts.stores.vsp_tickets.as_ref();
        let standing = self.standing();
        let figures = store.registered_figures().await?;
        Ok(VspReport {
            closed: standing.closed,
            hindrance: standing.hindrance,
            nodes: self.last_nodes(),
            tickets: figures.states,
            oldest_unsent: figures.oldest_unsent,
            overdue_fees: self.overdue().await?.len() as u64,
            blocks_wait: self.blocks_wait(),
            fee: standing.fee,
            unopened_keys: self.key_check.unopened(),
            key_file: self.key_check.file_problem(),
        })
    }
}
