//! Registered tickets of wallets of today, and what belongs to them.

use std::collections::BTreeMap;

use crate::chain::{
    Address, AddressKind, Amount, BlockHeight, ExtendedPubKey, Hash160, KeyIndex, Network, OutPoint, Transaction,
    TxHash, TxInput, TxOutput,
};
use crate::ports::{
    FeeIncome, FeeKeyStore, KeyChanges, MoneyStore, RecordChange, RegisteredFigures, RegisteredQuery, RegisteredTicket,
    RegisteredWhere, SealedRecord, SealedSecret, SealedStore, Slice, TicketKey, VspTicketStore,
};
use crate::testkit::samples::{NOW, bytes, later, ticket};
use crate::testkit::store_tests::fixture::Fixture;
use crate::time::{Day, UnixTime};
use crate::vsp::{
    FeeAddress, FeeKey, FeeStatus, Outcome, Preferences, Quote, RecordKind, RegisteredCounts, RegisteredState,
    TicketRegistration,
};

fn address(number: u8) -> Address {
    Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([number; 20])))
}

fn transaction(number: u8) -> Transaction {
    let input = TxInput {
        previous: OutPoint { hash: TxHash::from_bytes([number; 32]), index: 1, tree: 0 },
        sequence: u32::MAX,
        value_in: Amount::from_atoms(7),
        block_height: 5,
        block_index: 2,
        signature_script: vec![number; 70],
    };
    let output = TxOutput { value: Amount::from_atoms(9), script_version: 0, script: vec![number; 25] };
    Transaction { version: 1, inputs: vec![input], outputs: vec![output], lock_time: 0, expiry: 0 }
}

/// A ticket that was registered just now.
fn registered(number: u8) -> RegisteredTicket {
    let registration = TicketRegistration {
        ticket: ticket(number.into()),
        owner: address(number),
        alternate: None,
        fee_address: FeeAddress { index: KeyIndex(number.into()), address: address(100 + number) },
        quote: Quote { amount: Amount::from_atoms(2_197_718), expires: later(3600) },
        confirmed_at: None,
        fee: FeeStatus::None,
        fee_transaction: None,
        preferences: Preferences::default(),
        outcome: None,
    };
    RegisteredTicket::new(registration, transaction(number), NOW)
}

/// The same with everything that it can have.
fn full(number: u8) -> RegisteredTicket {
    let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let mut ticket = registered(number);
    let registration = &mut ticket.registration;
    registration.alternate = Some(address(200));
    registration.confirmed_at = Some(BlockHeight(10));
    registration.fee = FeeStatus::Confirmed;
    registration.fee_transaction = Some(TxHash::from_bytes([number; 32]));
    registration.preferences =
        Preferences { choices: map("a'\u{1f600}", "yes"), spends: map("b", ""), treasury_keys: map("c", "no") };
    registration.outcome = Some(Outcome::Missed);
    ticket.voting_key = Some(SealedSecret(vec![0, 255, number]));
    ticket.payment = Some(transaction(77));
    ticket.fee_since = later(9);
    ticket.fee_mined_at = Some(BlockHeight(20));
    ticket.ended_at = Some(BlockHeight(30));
    ticket
}

fn record(number: u32, kind: RecordKind) -> SealedRecord {
    SealedRecord { number, kind, timestamp: later(number.into()), sealed: SealedSecret(vec![9; 100_000]) }
}

pub(crate) async fn a_registered_ticket_is_found_as_it_was_kept<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for kept in [registered(1), full(2)] {
        assert_eq!(stores.add_registered(&kept).await, Ok(true));
    }
    fixture.close(stores).await;
    let stores = fixture.open().await;
    for kept in [registered(1), full(2)] {
        assert_eq!(stores.registered_ticket(&kept.registration.ticket).await, Ok(Some(kept)));
    }
    assert_eq!(stores.registered_ticket(&ticket(3)).await, Ok(None));
    assert_eq!(stores.registered_among(&[ticket(3), ticket(2)]).await, Ok(vec![full(2)]));
    assert_eq!(stores.registered_among(&[]).await, Ok(Vec::new()));
}

pub(crate) async fn a_ticket_and_a_fee_address_are_registered_once<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.add_registered(&registered(1)).await, Ok(true));
    assert_eq!(stores.add_registered(&full(1)).await, Ok(false));
    let mut other = registered(2);
    other.registration.fee_address = registered(1).registration.fee_address;
    assert_eq!(stores.add_registered(&other).await, Ok(false), "two tickets would pay to one address");
    assert_eq!(stores.registered_ticket(&ticket(1)).await, Ok(Some(registered(1))));
    assert_eq!(stores.registered_ticket(&ticket(2)).await, Ok(None));
}

pub(crate) async fn a_ticket_comes_with_its_records_or_not_at_all<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let records = [record(0, RecordKind::PayFee), record(1, RecordKind::SetAltSignAddr)];
    assert_eq!(stores.add_registered_with(&full(1), &records).await, Ok(true));
    assert_eq!(stores.registered_ticket(&ticket(1)).await, Ok(Some(full(1))));
    assert_eq!(stores.records(&ticket(1)).await, Ok(records.to_vec()));
    let other = [record(2, RecordKind::SetVoteChoices)];
    assert_eq!(stores.add_registered_with(&full(1), &other).await, Ok(false));
    assert_eq!(stores.records(&ticket(1)).await, Ok(records.to_vec()));
}

pub(crate) async fn of_two_changes_of_one_revision_one_succeeds<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.add_registered(&registered(1)).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let stores = stores.clone();
            let added = Some(record(number, RecordKind::PayFee));
            let change = RegisteredTicket { fee_since: later(number.into()), ..full(1) };
            let records = RecordChange { added, forgotten: None };
            tokio::spawn(async move { stores.change_registered(&change, &records).await.unwrap() })
        })
        .collect();
    let mut changed = 0;
    for task in tasks {
        changed += u32::from(task.await.unwrap());
    }
    assert_eq!(changed, 1);
    let kept = stores.registered_ticket(&ticket(1)).await.unwrap().unwrap();
    let records = stores.records(&ticket(1)).await.unwrap();
    assert_eq!((kept.revision, records.len()), (1, 1));
    assert_eq!(kept.fee_since, records[0].timestamp, "ticket and record are of the same change");
    assert_eq!(stores.forget_registered(&ticket(1), 0).await, Ok(false));
    assert_eq!(stores.forget_registered(&ticket(1), 1).await, Ok(true));
    assert_eq!(stores.change_registered(&kept, &RecordChange::default()).await, Ok(false));
    assert_eq!(stores.records(&ticket(1)).await, Ok(Vec::new()));
}

pub(crate) async fn records_come_and_go_with_changes_of_their_ticket<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let mut kept = registered(1);
    stores.add_registered(&kept).await.unwrap();
    let kinds = [RecordKind::PayFee, RecordKind::SetVoteChoices, RecordKind::SetAltSignAddr];
    for (number, kind) in (0..).zip(kinds) {
        let records = RecordChange { added: Some(record(number, kind)), forgotten: (number == 2).then_some(1) };
        assert_eq!(stores.change_registered(&kept, &records).await, Ok(true));
        kept.revision += 1;
    }
    let expected = vec![record(0, RecordKind::PayFee), record(2, RecordKind::SetAltSignAddr)];
    assert_eq!(stores.records(&ticket(1)).await, Ok(expected));
    assert_eq!(stores.records(&ticket(2)).await, Ok(Vec::new()));
}

pub(crate) async fn registered_tickets_are_found_by_their_state<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let with = |number, fee, confirmed_at: Option<u32>| {
        let mut ticket = registered(number);
        ticket.registration.fee = fee;
        ticket.registration.confirmed_at = confirmed_at.map(BlockHeight);
        ticket
    };
    let mut ended = full(5);
    ended.registration.outcome = Some(Outcome::Voted);
    let refused = RegisteredTicket { voting_key: full(9).voting_key, ..with(9, FeeStatus::Error, Some(8)) };
    let all = [
        with(1, FeeStatus::None, None),
        with(2, FeeStatus::Received, Some(8)),
        with(3, FeeStatus::Broadcast, None),
        with(4, FeeStatus::Confirmed, Some(9)),
        ended,
        full(6),
        refused,
        with(8, FeeStatus::Error, Some(8)),
    ];
    for ticket in &all {
        stores.add_registered(ticket).await.unwrap();
    }
    for (wanted, expected) in [
        (RegisteredWhere::Unconfirmed, &[1, 3][..]),
        (RegisteredWhere::Fee(FeeStatus::Received), &[2]),
        (RegisteredWhere::Fee(FeeStatus::Confirmed), &[4, 5, 6]),
        (RegisteredWhere::Fee(FeeStatus::Error), &[8, 9]),
        (RegisteredWhere::ToBeVoted, &[3, 4]),
        (RegisteredWhere::SettledAbove(BlockHeight(8)), &[4, 5, 6]),
        (RegisteredWhere::SettledAbove(BlockHeight(30)), &[]),
        (RegisteredWhere::KeyKept { above: BlockHeight(0), until: BlockHeight(29) }, &[]),
        (RegisteredWhere::KeyKept { above: BlockHeight(29), until: BlockHeight(30) }, &[5, 6]),
        (RegisteredWhere::KeyKept { above: BlockHeight(30), until: BlockHeight(99) }, &[]),
    ] {
        let mut found: Vec<_> = stores.registered_where(wanted).await.unwrap();
        found.sort_by_key(|ticket| ticket.registration.fee_address.index);
        let found: Vec<_> = found.iter().map(|ticket| ticket.registration.fee_address.index.0).collect();
        assert_eq!(found, expected, "{wanted:?}");
    }
    let counts = RegisteredCounts { voting: 2, voted: 1, missed: 1, ..RegisteredCounts::default() };
    assert_eq!(stores.registered_counts().await, Ok(counts));
}

pub(crate) async fn changes_of_keys_are_told_from_any_of_them_on<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let key = |ticket: &RegisteredTicket| TicketKey::from(ticket);
    let told = async |since| {
        let mut changes = stores.key_changes(since).await.unwrap();
        changes.tickets.sort_by_key(|changed| changed.ticket.to_string());
        changes
    };
    assert_eq!(told(None).await, KeyChanges { is_all: true, ..KeyChanges::default() });
    let deep = RegisteredTicket { voting_key: None, ..full(3) };
    for ticket in [&registered(1), &full(2), &deep] {
        stores.add_registered(ticket).await.unwrap();
    }
    let all = told(None).await;
    let mut expected = vec![key(&registered(1)), key(&full(2))];
    expected.sort_by_key(|expected| expected.ticket.to_string());
    assert_eq!((all.is_all, &all.tickets, all.last_end), (true, &expected, deep.ended_at), "the third needs no key");
    assert_eq!(told(Some(all.latest)).await, KeyChanges { is_all: false, tickets: Vec::new(), ..all.clone() });

    // A change, one that failed, and one after which the key is gone.
    let mut paid = RegisteredTicket { voting_key: full(1).voting_key, ..registered(1) };
    stores.change_registered(&paid, &RecordChange::default()).await.unwrap();
    assert_eq!(stores.change_registered(&paid, &RecordChange::default()).await, Ok(false));
    let first = told(Some(all.latest)).await;
    assert_eq!((first.is_all, &first.tickets), (false, &vec![key(&paid)]));
    stores
        .change_registered(&RegisteredTicket { voting_key: None, ..full(2) }, &RecordChange::default())
        .await
        .unwrap();
    let second = told(Some(first.latest)).await;
    assert_eq!(second.tickets, [key(&RegisteredTicket { voting_key: None, ..full(2) })]);
    assert_eq!(told(Some(all.latest)).await.tickets.len(), 2, "both, for whoever asks later");
    paid.revision += 1;
    assert_eq!(stores.forget_registered(&ticket(1), paid.revision).await, Ok(true));
    let last = told(Some(second.latest)).await;
    assert_eq!((last.tickets, last.forgotten), (Vec::new(), vec![ticket(1)]));
    assert!(told(Some(last.latest + 1)).await.is_all, "of another database");
}

pub(crate) async fn registered_tickets_are_searched_and_counted<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.registered_figures().await, Ok(RegisteredFigures::default()));
    let received = |number: u8| {
        let mut ticket = registered(number);
        ticket.registration.fee = FeeStatus::Received;
        ticket.registered = later(number.into());
        ticket.fee_since = later(10 - u64::from(number));
        ticket
    };
    let mut missed_before_its_fee = full(5);
    missed_before_its_fee.registration.fee = FeeStatus::Received;
    let all = [registered(1), received(2), received(3), full(4), missed_before_its_fee];
    for ticket in &all {
        stores.add_registered(ticket).await.unwrap();
    }
    let query = |states: &[RegisteredState], text: &str| RegisteredQuery { states: states.to_vec(), text: text.into() };
    let (open, missed) = (RegisteredState::Open, RegisteredState::Ended(Outcome::Missed));
    let hash = ticket(3).to_string();
    let paid_by = TxHash::from_bytes([4; 32]).to_string();
    for (wanted, expected) in [
        (RegisteredQuery::default(), &[3, 2, 1, 4, 5][..]),
        (query(&[open(FeeStatus::Received)], ""), &[3, 2]),
        (query(&[open(FeeStatus::None), missed], ""), &[1, 4, 5]),
        (query(&[open(FeeStatus::Error)], ""), &[]),
        (query(&[], &hash), &[3]),
        (query(&[], &format!(" {} ", hash.to_uppercase())), &[3]),
        (query(&[], &paid_by[..8]), &[4]),
        (query(&[missed], &hash), &[]),
        (query(&[], &address(2).to_string()), &[2]),
        (query(&[], &address(102).to_string()), &[2]),
        (query(&[], &address(200).to_string()), &[4, 5]),
        (query(&[], &address(2).to_string()[1..]), &[]),
        (query(&[], "%"), &[]),
        (query(&[], "' OR 1"), &[]),
    ] {
        let found = stores.find_registered(&wanted, Slice { offset: 0, limit: 100 }).await.unwrap();
        let mut numbers: Vec<_> = found.rows.iter().map(|ticket| ticket.registration.fee_address.index.0).collect();
        // Those of one moment come by hash.
        numbers.sort_by_key(|number| expected.iter().position(|expected| expected == number));
        assert_eq!((numbers.as_slice(), found.total), (expected, expected.len() as u64), "{wanted:?}");
    }
    let page = stores.find_registered(&RegisteredQuery::default(), Slice { offset: 1, limit: 1 }).await.unwrap();
    assert_eq!((page.total, page.rows), (5, vec![received(2)]));
    let states = vec![(open(FeeStatus::None), 1), (open(FeeStatus::Received), 2), (missed, 2)];
    let figures = RegisteredFigures { states, oldest_unsent: Some(later(7)) };
    assert_eq!(stores.registered_figures().await, Ok(figures));
}

pub(crate) async fn confirmed_fees_are_added_up<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.fee_income(UnixTime(0)).await, Ok(FeeIncome::default()));
    for (number, seconds) in [(1, 10), (2, 20), (3, 30)] {
        let ticket = RegisteredTicket { fee_since: later(seconds), ..full(number) };
        stores.add_registered(&ticket).await.unwrap();
    }
    let mut sent = full(4);
    sent.registration.fee = FeeStatus::Broadcast;
    stores.add_registered(&sent).await.unwrap();
    for (since, fees) in [(UnixTime(0), 3_u32), (later(20), 2), (later(31), 0)] {
        let amount = Amount::from_atoms(2_197_718 * i64::from(fees));
        assert_eq!(stores.fee_income(since).await, Ok(FeeIncome { fees: fees.into(), amount }));
    }
    let tomorrow = RegisteredTicket { fee_since: later(86_400), ..full(5) };
    stores.add_registered(&tomorrow).await.unwrap();
    let by_day = stores.registered_fees_by_day().await.unwrap();
    let days: Vec<_> = by_day.iter().map(|fees| (fees.day, fees.tickets, fees.amount.atoms())).collect();
    assert_eq!(days, [(Day::of(NOW), 3, 3 * 2_197_718), (Day::of(tomorrow.fee_since), 1, 2_197_718)]);
}

pub(crate) async fn a_fee_key_gives_each_index_once<F: Fixture>(fixture: &F) {
    let text = "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";
    let key: ExtendedPubKey = text.parse().unwrap();
    let stores = fixture.open().await;
    assert_eq!(stores.fee_key(&key).await, Ok(None));
    assert_eq!(stores.add_fee_key(&FeeKey::new(key), NOW).await, Ok(true));
    assert_eq!(stores.add_fee_key(&FeeKey::restore(key, KeyIndex(50), false), NOW).await, Ok(false));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let stores = stores.clone();
            tokio::spawn(async move {
                loop {
                    let before = stores.fee_key(&key).await.unwrap().unwrap();
                    let mut after = before;
                    let given = after.give().unwrap();
                    if stores.change_fee_key(&before, &after).await.unwrap() {
                        return given.index.0;
                    }
                }
            })
        })
        .collect();
    let mut given = Vec::new();
    for task in tasks {
        given.push(task.await.unwrap());
    }
    given.sort_unstable();
    assert_eq!(given, (1..=8).collect::<Vec<_>>());
    let before = stores.fee_key(&key).await.unwrap().unwrap();
    let mut retired = before;
    retired.retire();
    assert_eq!(stores.change_fee_key(&before, &retired).await, Ok(true));
    assert_eq!(stores.change_fee_key(&before, &retired).await, Ok(false));
    assert_eq!(stores.fee_keys().await, Ok(vec![FeeKey::restore(key, KeyIndex(9), true)]));
}

pub(crate) async fn a_sealed_secret_is_kept_once<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let secret = |number| SealedSecret(bytes(number).to_vec());
    assert_eq!(stores.sealed("server key").await, Ok(None));
    assert_eq!(stores.add_sealed("server key", &secret(1)).await, Ok(true));
    assert_eq!(stores.add_sealed("server key", &secret(2)).await, Ok(false));
    assert_eq!(stores.add_sealed("Server key", &secret(3)).await, Ok(true));
    assert_eq!(stores.sealed("server key").await, Ok(Some(secret(1))));
    assert_eq!(format!("{:?}", secret(1)), "SealedSecret(…)");
}

pub(crate) async fn a_sealed_secret_is_replaced_by_who_knows_it<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let secret = |number| SealedSecret(bytes(number).to_vec());
    assert_eq!(stores.change_sealed("server key", &secret(1), &secret(2)).await, Ok(false));
    assert_eq!(stores.add_sealed("server key", &secret(1)).await, Ok(true));
    assert_eq!(stores.change_sealed("server key", &secret(2), &secret(3)).await, Ok(false));
    assert_eq!(stores.change_sealed("server key", &secret(1), &secret(2)).await, Ok(true));
    assert_eq!(stores.sealed("server key").await, Ok(Some(secret(2))));
}
