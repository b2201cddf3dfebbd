//! Registered tickets of which one was damaged.

use stakepool_core::chain::{Address, AddressKind, Amount, BlockHeight, Hash160, KeyIndex, Network, Transaction};
use stakepool_core::ports::{RegisteredTicket, RegisteredWhere, VspTicketStore as _};
use stakepool_core::testkit::samples::{NOW, later, ticket};
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_core::vsp::{FeeAddress, FeeStatus, Preferences, Quote, TicketRegistration};

use super::SqliteFixture;
use crate::returning::ByHand as _;

fn registered(number: u8) -> RegisteredTicket {
    let address = |number| Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([number; 20])));
    let registration = TicketRegistration {
        ticket: ticket(number.into()),
        owner: address(number),
        alternate: None,
        fee_address: FeeAddress { index: KeyIndex(number.into()), address: address(100 + number) },
        quote: Quote { amount: Amount::from_atoms(9), expires: later(3600) },
        confirmed_at: Some(BlockHeight(10)),
        fee: FeeStatus::Received,
        fee_transaction: None,
        preferences: Preferences::default(),
        outcome: None,
    };
    let transaction = Transaction { version: 1, inputs: Vec::new(), outputs: Vec::new(), lock_time: 0, expiry: 0 };
    RegisteredTicket::new(registration, transaction, NOW)
}

#[tokio::test]
async fn a_vsp_ticket_that_cannot_be_read_keeps_no_other_from_its_turn() {
    let fixture = SqliteFixture::new();
    let stores = fixture.open().await;
    for number in [1, 2] {
        assert_eq!(stores.add_registered(&registered(number)).await, Ok(true));
    }
    fixture.by_hand("UPDATE vsp_tickets SET owner = 'x' WHERE fee_index = 1").await;
    let readable = |tickets: Vec<RegisteredTicket>| tickets.iter().map(|found| found.registration.ticket).collect();
    let expected = vec![ticket(2)];
    let among: Vec<_> = readable(stores.registered_among(&[ticket(1), ticket(2)]).await.unwrap());
    let received: Vec<_> = readable(stores.registered_where(RegisteredWhere::Fee(FeeStatus::Received)).await.unwrap());
    assert_eq!((among, received), (expected.clone(), expected));
    assert!(stores.registered_ticket(&ticket(1)).await.is_err());
}
