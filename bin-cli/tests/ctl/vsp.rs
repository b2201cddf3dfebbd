//! Tickets of wallets of today, as far as every command has to do with them.

use stakepool_core::chain::{
    Address, AddressKind, Amount, Hash160, KeyIndex, Network, OutPoint, TicketHash, Transaction, TxHash, TxInput,
    TxOutput,
};
use stakepool_core::ports::{RegisteredTicket, VspTicketStore as _};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{FeeAddress, FeeStatus, Outcome, Preferences, Quote, Registration};

use crate::scene::Scene;

/// A ticket, and how it and its fee stand.
fn ticket(number: u8, fee: FeeStatus, outcome: Option<Outcome>) -> RegisteredTicket {
    let address = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([number; 20])));
    let registration = Registration {
        ticket: TicketHash::from_bytes([number; 32]),
        owner: address,
        alternate: None,
        fee_address: FeeAddress { index: KeyIndex(number.into()), address },
        quote: Quote { amount: Amount::from_atoms(1000), expires: UnixTime(2_000_000_000) },
        confirmed_at: None,
        fee,
        fee_transaction: None,
        preferences: Preferences::default(),
        outcome,
    };
    let input = TxInput {
        previous: OutPoint { hash: TxHash::from_bytes([number; 32]), index: 0, tree: 0 },
        sequence: u32::MAX,
        value_in: Amount::ZERO,
        block_height: 0,
        block_index: 0,
        signature_script: Vec::new(),
    };
    let output = TxOutput { value: Amount::ZERO, script_version: 0, script: Vec::new() };
    let transaction = Transaction { version: 1, inputs: vec![input], outputs: vec![output], lock_time: 0, expiry: 0 };
    RegisteredTicket::new(registration, transaction, UnixTime(1_795_337_279))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_their_service_nothing_runs_while_paid_tickets_are_still_to_be_voted() {
    let scene = Scene::set(1).await;
    scene.register("user@example.org").await;
    let add = async |ticket: RegisteredTicket| {
        let database = scene.database().await;
        assert!(database.add_registered(&ticket).await.unwrap());
        database.close().await;
    };
    add(ticket(1, FeeStatus::None, None)).await;
    add(ticket(2, FeeStatus::Confirmed, Some(Outcome::Voted))).await;
    scene.run(&["users", "list"]).success();
    // Its fee is here, and is sent once the ticket is confirmed.
    add(ticket(3, FeeStatus::Received, None)).await;
    let message = scene.run(&["users", "list"]).refusal(2);
    assert!(message.contains("vsp=0, but 1 tickets") && message.contains("vspclosed=1"), "{message}");
    add(ticket(4, FeeStatus::Broadcast, None)).await;
    let message = scene.run(&["users", "list"]).refusal(2);
    assert!(message.contains("vsp=0, but 2 tickets"), "{message}");
    scene.serve_wallets_of_today();
    scene.run(&["users", "list"]).success();
}
