//! What daemons that report nothing do is learned from their lists and the wallets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use stakepool::Parts;
use stakepool::ticket_source::{SourceError, TicketSource};
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHeight, Generation, Hash160, Network, Params, ScriptAddress, TicketHash,
};
use stakepool_core::ports::{LedgerStore as _, WalletTicket, WalletTickets};
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::wallets::GroupError;

use crate::fakes::predecessor;
use crate::world::{Plan, USER_KEY, World, key_of};

const TICKET: TicketHash = TicketHash::from_bytes([7; 32]);

/// Whether the wallets answer.
static ANSWERS: AtomicBool = AtomicBool::new(false);

/// Wallets that know one ticket, which has voted.
struct OneVoted;

#[async_trait]
impl TicketSource for OneVoted {
    async fn tip(&self) -> Result<(BlockHeight, Params), SourceError> {
        if !ANSWERS.load(Ordering::SeqCst) {
            return Err(GroupError::NoneHealthy("all are away".into()).into());
        }
        Ok((BlockHeight(300), Network::Simnet.params(Generation::Legacy)))
    }

    async fn user_tickets(&self, _: &ScriptAddress) -> Result<WalletTickets, SourceError> {
        let (mined_at, spent_at) = (BlockHeight(200), Some(BlockHeight(250)));
        let voted = WalletTicket { ticket: TICKET, status: "voted".into(), mined_at, spent_at };
        Ok(WalletTickets { tickets: vec![voted], invalid: Vec::new() })
    }

    async fn judge(&self, _: &TicketHash) -> Result<Option<TicketFacts>, SourceError> {
        Ok(Some(TicketFacts {
            verdict: Verdict::Accepted,
            price: Amount::from_atoms(20_000),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
            committed_fee: Amount::from_atoms(3),
            required_fee: Amount::from_atoms(2),
            mined_at: BlockHeight(200),
        }))
    }
}

#[tokio::test]
async fn tickets_of_the_predecessors_daemon_reach_the_ledger_as_soon_as_wallets_answer() {
    let change_parts = |parts: &mut Parts| parts.tickets = Some(Arc::new(OneVoted));
    let daemons = vec![predecessor("old:1")];
    let world = World::of(Plan { daemons, change_parts, ..Plan::default() }).await;
    world.old_users(1).await;
    let form = format!("UserPubKeyAddr={USER_KEY}");
    assert!(world.call(&key_of(1), "/api/v2/address", Some(&form)).await.contains("success"));
    assert_eq!(world.database.ticket(&TICKET).await, Ok(None));
    ANSWERS.store(true, Ordering::SeqCst);
    for _ in 0..1000 {
        if let Some(report) = world.database.ticket(&TICKET).await.unwrap() {
            assert_eq!((report.state, report.ended_at), (TicketState::Voted, Some(BlockHeight(250))));
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the ticket never reached the ledger");
}
