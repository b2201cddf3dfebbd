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
/// Calls for one ticket that ask the node or write. A wallet makes two, and three more until the ticket is confirmed.
const OF_TICKET: u32 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Client(IpAddr),
    Ticket(TicketHash),
}

/// Counts the calls of wallets of today.
#[derive(Debug, Default)]
pub(crate) struct WalletCalls(Counters<Subject>);

impl WalletCalls {
    /// Counts a call of a client, and where it is about one ticket, for that. Clients on this machine are not counted: they are
    /// the operator's, or behind a proxy that does not name them.
    pub(crate) fn count(&self, client: ClientAddress, ticket: Option<TicketHash>) -> Result<(), MustWait> {
        let of_client = (!client.0.is_loopback()).then(|| Limit {
            subject: Subject::Client(client.network()),
            most: client.share(OF_CLIENT),
            window: WINDOW,
        });
        let of_ticket =
            ticket.map(|ticket| Limit { subject: Subject::Ticket(ticket), most: OF_TICKET, window: WINDOW });
        let limits: Vec<_> = of_client.into_iter().chain(of_ticket).collect();
        self.0.count(&limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_are_limited_by_client_and_by_ticket_for_a_minute() {
        let calls = WalletCalls::default();
        let client = |last: u8| ClientAddress(IpAddr::from([203, 0, 113, last]));
        let ticket = |number: u8| Some(TicketHash::from_bytes([number; 32]));
        for number in 0..OF_TICKET {
            assert!(calls.count(client(number as u8), ticket(1)).is_ok());
        }
        assert!(calls.count(client(100), ticket(1)).is_err(), "whoever asks");
        assert!(calls.count(client(100), ticket(2)).is_ok());
        for _ in 1..OF_CLIENT {
            assert!(calls.count(client(100), None).is_ok());
        }
        assert!(calls.count(client(100), None).is_err());
        assert!(calls.count(ClientAddress::LOCAL, None).is_ok());
        tokio::time::advance(WINDOW).await;
        assert!(calls.count(client(100), ticket(1)).is_ok());
    }
}
