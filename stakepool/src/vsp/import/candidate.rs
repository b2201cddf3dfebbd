//! A ticket of the file, compared with what the node knows of it.

use stakepool_core::chain::{BlockHeader, BlockHeight, Network, Params, PrivateKey, Transaction, TxHash};
use stakepool_core::ports::{MinedTransaction, NodeError, RegisteredTicket, VspNode};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{
    Eligibility, FeeStatus, QUOTE_HOLDS, Record, RecordKind, TicketPackage, TicketRegistration, VspTicket,
};
use stakepool_core::vspd::VspdTicket;

use super::search::Search;
use crate::vsp::depth::{depth, is_confirmed};

/// A ticket that can be imported. Its voting key is not sealed yet.
pub(super) struct Candidate {
    pub(super) ticket: RegisteredTicket,
    pub(super) voting_key: Option<PrivateKey>,
    pub(super) records: Vec<Record>,
    /// Where its end is to be looked for.
    pub(super) search: Search,
    /// What the operator should know.
    pub(super) remarks: Vec<String>,
}

/// What tickets are compared with.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) node: &'a dyn VspNode,
    pub(super) network: Network,
    pub(super) params: &'a Params,
    pub(super) best: &'a BlockHeader,
    pub(super) now: UnixTime,
}

impl Candidate {
    /// Looks a ticket up at the node. The inner error is why it is left out.
    pub(super) async fn look(
        theirs: &VspdTicket,
        records: Vec<Record>,
        scene: Scene<'_>,
    ) -> Result<Result<Self, String>, NodeError> {
        let found = known(scene.node, &theirs.hash.into()).await?;
        let mined_at = found.as_ref().and_then(|found| found.mined_at);
        let transaction = found.map(|found| found.transaction).or_else(|| sent_with(&theirs.records));
        let Some(transaction) = transaction else {
            let reason = "the node does not know it, and vspd did not keep its transaction: where it is mined, the node must \
                          have an index (txindex=1) and be at the end of the chain";
            return Ok(Err(reason.to_owned()));
        };
        if let Err(reason) = check(theirs, &transaction, scene.network) {
            return Ok(Err(reason.to_owned()));
        }
        let mut candidate = Self::new(theirs, records, transaction, scene.now);
        candidate.place(theirs, mined_at, scene).await?;
        candidate.place_fee(theirs, scene).await?;
        Ok(Ok(candidate))
    }

    fn new(theirs: &VspdTicket, records: Vec<Record>, transaction: Transaction, now: UnixTime) -> Self {
        let registration = TicketRegistration {
            ticket: theirs.hash,
            owner: theirs.owner,
            alternate: theirs.alternate,
            fee_address: theirs.fee_address,
            quote: theirs.quote,
            confirmed_at: None,
            fee: theirs.fee,
            fee_transaction: theirs.fee_transaction,
            preferences: theirs.preferences.clone(),
            outcome: theirs.outcome,
        };
        let mut ticket = RegisteredTicket::new(registration, transaction, now);
        // When it was registered and paid is not kept: the quote and the last payment say it well enough.
        ticket.registered = theirs.quote.expires.minus(QUOTE_HOLDS).min(now);
        let paid = theirs.records.iter().rev().find(|record| record.kind == RecordKind::PayFee);
        ticket.fee_since = paid.map_or(ticket.registered, |record| record.timestamp).min(now);
        // A fee that went wrong is paid anew, by another transaction.
        ticket.payment = theirs.payment.clone().filter(|_| theirs.fee != FeeStatus::Error);
        Self { ticket, voting_key: theirs.voting_key.clone(), records, search: Search::None, remarks: Vec::new() }
    }

    /// Where the ticket was mined, and whether it may have ended.
    async fn place(
        &mut self,
        theirs: &VspdTicket,
        mined_at: Option<BlockHeight>,
        scene: Scene<'_>,
    ) -> Result<(), NodeError> {
        let best = scene.best.height;
        let Some(mined_at) = mined_at else {
            if theirs.confirmed {
                self.remarks.push("vspd counted it as mined, the node does not".to_owned());
            }
            return Ok(());
        };
        self.ticket.registration.confirmed_at = is_confirmed(best, mined_at).then_some(mined_at);
        if theirs.outcome.is_some() {
            self.search = Search::Recent;
            return Ok(());
        }
        let is_open = match Eligibility::of(depth(best, mined_at), scene.params) {
            Eligibility::Eligible => true,
            Eligibility::IfLive => scene.node.is_live(&theirs.hash).await?,
            Eligibility::TooOld => false,
        };
        if !is_open {
            self.search = Search::From(BlockHeight(mined_at.0.saturating_add(scene.params.ticket_maturity)));
        }
        Ok(())
    }

    async fn place_fee(&mut self, theirs: &VspdTicket, scene: Scene<'_>) -> Result<(), NodeError> {
        let (FeeStatus::Confirmed, Some(hash)) = (theirs.fee, theirs.fee_transaction) else { return Ok(()) };
        match known(scene.node, &hash).await? {
            Some(found) => {
                self.ticket.fee_mined_at = found.mined_at.filter(|height| is_confirmed(scene.best.height, *height));
            }
            None => self.remarks.push("vspd counted its fee as mined, the node does not know it".to_owned()),
        }
        Ok(())
    }
}

/// A transaction, where the node knows it.
async fn known(node: &dyn VspNode, hash: &TxHash) -> Result<Option<MinedTransaction>, NodeError> {
    match node.transaction(hash).await {
        Ok(found) => Ok(Some(found)),
        Err(NodeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The ticket's transaction as its owner has sent it with an alternate address.
fn sent_with(records: &[Record]) -> Option<Transaction> {
    let record = records.iter().find(|record| record.kind == RecordKind::SetAltSignAddr)?;
    TicketPackage::parse(&record.request).ok().map(|package| package.transaction)
}

/// Whether a ticket of the file is what its transaction says.
fn check(theirs: &VspdTicket, transaction: &Transaction, network: Network) -> Result<(), &'static str> {
    let ticket =
        VspTicket::from_transaction(transaction).map_err(|_| "its transaction is no ticket of three outputs")?;
    if ticket.hash() != theirs.hash {
        return Err("the node's transaction has another hash");
    }
    if ticket.owner(network) != theirs.owner {
        return Err("its commitment address is not that of its transaction");
    }
    if theirs.voting_key.as_ref().is_some_and(|key| !ticket.is_voted_by(key)) {
        return Err("its voting key does not vote with it");
    }
    Ok(())
}
