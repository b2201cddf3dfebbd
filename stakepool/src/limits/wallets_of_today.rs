//! How often wallets of today may call: they have no account to be counted by, but an address and a ticket.

use std::net::IpAddr;
use std::time::Duration;

use stakepool_core::chain::TicketHash;

use crate::limits::counters::{Counters, Limit};
use crate::limits::origin::ClientAddress;
use crate::limits::wait::MustWait;

/// The time for which calls are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Calls of one client. A wallet that looks after a thousand tickets asks for each every few minutes.
const OF_CLIENT: u32 = 1200;
/// Calls for one ticket that ask the node or write, of one client whoever signed them, and of all clients where the owner
/// did. A wallet makes two, and three more until the ticket is confirmed.
const OF_TICKET: u32 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Client(IpAddr),
    ClientsTicket(IpAddr, TicketHash),
    OwnersTicket(TicketHash),
}

/// Counts the calls of wallets of today.
#[derive(Debug, Default)]
pub(crate) struct WalletCalls(Counters<Subject>);

impl WalletCalls {
    /// Counts a call of a client, and where it is about one ticket, for the two together: anybody may name a ticket. Clients
    /// on this machine are not counted: they are the operator's, or behind a proxy that does not name them.
    pub(crate) fn count(&self, client: ClientAddress, ticket: Option<TicketHash>) -> Result<(), MustWait> {
        if client.0.is_loopback() {
            return Ok(());
        }
        let network = client.network();
        let limit = |subject, most| Limit { subject, most: client.share(most), window: WINDOW };
        let of_client = limit(Subject::Client(network), OF_CLIENT);
        let of_both = ticket.map(|ticket| limit(Subject::ClientsTicket(network, ticket), OF_TICKET));
        let limits: Vec<_> = [of_client].into_iter().chain(of_both).collect();
        self.0.count(&limits)
    }

    /// Counts a call for a ticket that is signed by whoever may sign for it, from wherever it comes.
    pub(crate) fn count_signed(&self, ticket: TicketHash) -> Result<(), MustWait> {
        self.0.count(&[Limit { subject: Subject::OwnersTicket(ticket), most: OF_TICKET, window: WINDOW }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> ClientAddress {
        ClientAddress(IpAddr::from([203, 0, 113, last]))
    }

    const fn ticket(number: u8) -> TicketHash {
        TicketHash::from_bytes([number; 32])
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_limited_by_client_for_a_minute() {
        let calls = WalletCalls::default();
        for _ in 0..OF_CLIENT {
            assert!(calls.count(client(100), None).is_ok());
        }
        assert!(calls.count(client(100), None).is_err());
        assert!(calls.count(ClientAddress::LOCAL, None).is_ok());
        tokio::time::advance(WINDOW).await;
        assert!(calls.count(client(100), None).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_who_names_a_ticket_takes_nothing_from_its_owner() {
        let calls = WalletCalls::default();
        for _ in 0..OF_TICKET {
            assert!(calls.count(client(1), Some(ticket(1))).is_ok());
        }
        assert!(calls.count(client(1), Some(ticket(1))).is_err(), "the stranger");
        assert!(calls.count(client(1), Some(ticket(2))).is_ok(), "another ticket");
        assert!(calls.count(client(2), Some(ticket(1))).is_ok(), "the owner");
        assert!(calls.count_signed(ticket(1)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn signed_calls_for_a_ticket_are_limited_from_wherever_they_come() {
        let calls = WalletCalls::default();
        for _ in 0..OF_TICKET {
            assert!(calls.count_signed(ticket(1)).is_ok());
        }
        assert!(calls.count_signed(ticket(1)).is_err());
        assert!(calls.count_signed(ticket(2)).is_ok());
    }
}
