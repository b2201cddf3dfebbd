//! Transactions of wallets on their way to the node.

use std::time::Duration;

use stakepool_core::chain::{Amount, BlockHeight, OutputScript, Spends, Transaction, TxHash, unlocks};
use stakepool_core::ports::{MinedTransaction, NodeError, TransactionSubmission};
use stakepool_core::vsp::{Code, Eligibility, Refusal, TicketPackage};
use tokio::time::sleep;

use super::depth::{depth, is_confirmed};
use super::fault::Fault;
use super::service::Vsp;

/// Most inputs of a fee: each is asked of the node.
const MOST_INPUTS: usize = 100;
/// How often a ticket is sent whose parent the node does not have yet.
const TRIES: u32 = 7;
/// The pause between these.
const PAUSE: Duration = Duration::from_secs(1);

impl Vsp {
    /// A transaction, where the node knows it.
    pub(super) async fn known_to_node(&self, hash: &TxHash) -> Result<Option<MinedTransaction>, NodeError> {
        match self.parts.node.transaction(hash).await {
            Ok(found) => Ok(Some(found)),
            Err(NodeError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives the node a ticket and what funds it, where it does not know them. Returns where the ticket was mined; `None`
    /// while it waits.
    pub(super) async fn bring_ticket(&self, package: &TicketPackage) -> Result<Option<BlockHeight>, Fault> {
        if let Some(known) = self.known_to_node(&package.transaction.hash()).await? {
            return Ok(known.mined_at);
        }
        let parent = package.parent.hash();
        if self.known_to_node(&parent).await?.is_none() {
            package.require_parent()?;
            self.send_ticket(&package.parent).await?;
        }
        self.send_ticket(&package.transaction).await?;
        Ok(None)
    }

    /// Gives the node a registered ticket that it may have forgotten. Returns where it was mined; `None` while it waits.
    pub(super) async fn bring_known_ticket(&self, ticket: &Transaction) -> Result<Option<BlockHeight>, Fault> {
        match self.known_to_node(&ticket.hash()).await? {
            Some(known) => Ok(known.mined_at),
            None => self.send_ticket(ticket).await.map(|()| None),
        }
    }

    async fn send_ticket(&self, transaction: &Transaction) -> Result<(), Fault> {
        let refused = |reason: &str| {
            tracing::info!(transaction = %transaction.hash(), reason, "the node refuses a ticket or what funds it");
            Err(Code::CannotBroadcastTicket.into())
        };
        for left in (0..TRIES).rev() {
            match self.submit(transaction).await? {
                TransactionSubmission::Accepted | TransactionSubmission::AlreadyKnown => return Ok(()),
                // The parent may be on its way to our node.
                TransactionSubmission::UnknownOutputs if left > 0 => sleep(PAUSE).await,
                TransactionSubmission::UnknownOutputs => return refused("it spends unknown outputs"),
                TransactionSubmission::Refused(reason) => return refused(&reason),
            }
        }
        Ok(())
    }

    /// Gives the node a transaction, of which not too many are under way.
    pub(super) async fn submit(&self, transaction: &Transaction) -> Result<TransactionSubmission, NodeError> {
        // The semaphore is never closed; were it, the transaction goes all the same.
        let _place = self.broadcasts.acquire().await.ok();
        self.parts.node.send_transaction(transaction).await
    }

    /// Where a ticket was mined, once it counts as confirmed.
    pub(super) fn confirmed_at(&self, mined_at: Option<BlockHeight>) -> Result<Option<BlockHeight>, Fault> {
        let Some(mined_at) = mined_at else { return Ok(None) };
        Ok(is_confirmed(self.best()?.height, mined_at).then_some(mined_at))
    }

    /// Insists that a ticket that was mined there, or waits, may vote at some time to come.
    pub(super) async fn require_eligible(&self, ticket: &Transaction, at: Option<BlockHeight>) -> Result<(), Fault> {
        let depth = match at {
            Some(mined_at) => depth(self.best()?.height, mined_at),
            None => 0,
        };
        let eligibility = Eligibility::of(depth, &self.terms.params());
        let is_live = match eligibility {
            Eligibility::IfLive => self.parts.node.is_live(&ticket.hash().into()).await?,
            Eligibility::Eligible | Eligibility::TooOld => false,
        };
        Ok(eligibility.require(is_live)?)
    }

    /// Insists that the fee can be sent once its turn comes: what it spends is there, is unlocked by it, and suffices. Wallets make
    /// another one of a fee that is no good.
    pub(super) async fn require_sendable(&self, payment: &Transaction) -> Result<(), Fault> {
        if payment.inputs.len() > MOST_INPUTS {
            return Err(Code::InvalidFeeTx.into());
        }
        let mut spent = Amount::ZERO;
        for (index, input) in payment.inputs.iter().enumerate() {
            let Some(output) = self.parts.node.unspent_output(&input.previous).await? else {
                // A payment that the node has is what has spent it.
                return match self.known_to_node(&payment.hash()).await? {
                    Some(_) => Ok(()),
                    None => Err(Code::CannotBroadcastFeeUnknownOutputs.into()),
                };
            };
            if output.locked.is_some_and(|locked| is_signed_wrongly(payment, index, locked)) {
                return Err(Code::InvalidFeeTx.into());
            }
            spent = spent.checked_add(output.value).unwrap_or(spent);
        }
        let paid = Amount::checked_sum(payment.outputs.iter().map(|output| output.value));
        if paid.is_some_and(|paid| paid <= spent) {
            Ok(())
        } else {
            Err(Refusal::from(Code::CannotBroadcastFee).into())
        }
    }
}

/// Whether an input does not unlock what pays to the hash of a key. Of other scripts the node alone can tell.
fn is_signed_wrongly(payment: &Transaction, index: usize, locked: OutputScript) -> bool {
    matches!(locked, OutputScript::PubKeyHash(_)) && !unlocks(payment, index, Spends::Output, locked)
}
