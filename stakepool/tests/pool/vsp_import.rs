//! Taking over from the predecessor's server.

use std::sync::Arc;
use std::time::Duration;

use stakepool::vsp::{ImportError, ImportReport, NoteKind, Proof, ServerKeyStep, is_signed_by};
use stakepool_core::chain::{BlockHeight, KeyIndex, Network};
use stakepool_core::ports::{Clock as _, FeeKeyStore as _, LeaseStore as _, RegisteredWhere, VspTicketStore as _};
use stakepool_core::testkit::MemoryStore;
use stakepool_core::vsp::{FeeStatus, Outcome};
use stakepool_core::vspd::VspdDatabase;

use crate::vsp_store::FaultyStore;
use crate::vsp_wallet::{Ground, Wallet, json_of};

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("../../../stakepool-core/tests/vectors/vspd/", $name, ".db"))
    };
}

const V4: &[u8] = file!("v4");
const FILES: [&[u8]; 5] = [file!("v1"), file!("v2"), file!("v3"), V4, file!("v5")];

fn read(file: &[u8]) -> VspdDatabase {
    VspdDatabase::read(file, Network::Simnet).unwrap()
}

/// A node that knows all tickets, and has mined those that the files say to be mined.
fn ground() -> Ground {
    let ground = Ground::new();
    for number in 1..=15 {
        let mined_at = (!matches!(number, 1 | 3 | 15)).then_some(900 + u32::from(number));
        ground.node.chain().add(&Wallet::new(number).ticket, mined_at);
    }
    ground
}

async fn import(ground: &Ground, file: &[u8]) -> Result<ImportReport, ImportError> {
    ground.import_to(Arc::new(ground.store.clone())).carry_out(&read(file), &mut |_| {}).await
}

async fn tickets(store: &MemoryStore) -> usize {
    let mut sum = 0;
    for status in FeeStatus::ALL {
        sum += store.registered_where(RegisteredWhere::Fee(status)).await.unwrap().len();
    }
    sum
}

#[tokio::test(start_paused = true)]
async fn an_imported_ticket_is_served_to_its_owner_by_the_key_that_the_wallet_knows() {
    for file in FILES {
        let (mut ground, database) = (ground(), read(file));
        ground.fee_key = database.fee_keys.last().unwrap().key;
        let report = import(&ground, file).await.unwrap();
        assert_eq!((report.imported, report.known), (database.tickets.len(), 0));
        assert_eq!(report.server_key, ServerKeyStep::Taken);
        assert!(report.notes.iter().all(|note| note.kind == NoteKind::Remark), "{:?}", report.notes);
        assert!(report.states.values().all(|count| count.in_file == count.in_database), "{:?}", report.states);
        let vsp = ground.instance().await;
        assert_eq!(vsp.public_key(), report.public_key);
        for (number, status) in [
            (1, "none"),
            (2, "none"),
            (3, "received"),
            (4, "received"),
            (5, "broadcast"),
            (6, "confirmed"),
            (7, "error"),
            (8, "confirmed"),
            (9, "confirmed"),
            (12, "confirmed"),
            (13, "confirmed"),
            (14, "confirmed"),
        ] {
            let answer = Wallet::new(number).ask_status(&vsp).await;
            let said = json_of(&answer);
            assert_eq!((answer.status, said["feetxstatus"].as_str()), (200, Some(status)), "{number}: {said}");
            assert_eq!(said["ticketconfirmed"], !matches!(number, 1 | 3));
            assert!(is_signed_by(&report.public_key, &answer.body, &answer.signature));
        }
        let voted: Vec<_> = vsp.key_tickets().await.unwrap().iter().map(|ticket| ticket.ticket).collect();
        let expected = [5, 6, 12, 13, 14].map(|number| Wallet::new(number).ticket.hash().into());
        assert!(voted.len() == expected.len() && expected.iter().all(|ticket| voted.contains(ticket)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_received_is_sent_and_what_was_quoted_holds() {
    let ground = ground();
    import(&ground, V4).await.unwrap();
    let (vsp, wallet) = (ground.instance().await, Wallet::new(4));
    ground.blocks(&vsp, 1).await;
    assert_eq!(ground.fee(&wallet).await, FeeStatus::Broadcast);
    assert_eq!(ground.fee(&Wallet::new(3)).await, FeeStatus::Received, "the ticket is not mined");
    let known = ground.kept(&Wallet::new(2)).await.unwrap().registration.fee_address;
    let quoted = json_of(&Wallet::new(2).ask_address(&vsp, &ground).await);
    assert_eq!(quoted["feeaddress"], known.address.to_string());
    let again = Wallet::new(7);
    let quoted = again.ask_address(&vsp, &ground).await;
    assert_eq!(
        again.pay(&vsp, &ground, &again.payment(&quoted, 9)).await.status,
        200,
        "a fee that failed is paid anew"
    );
}

#[tokio::test(start_paused = true)]
async fn no_fee_address_that_vspd_gave_is_given_again_and_retired_keys_stay_so() {
    let ground = ground();
    import(&ground, FILES[4]).await.unwrap();
    let keys = ground.store.fee_keys().await.unwrap();
    let kept: Vec<_> = keys.iter().map(|key| (key.next(), key.is_retired())).collect();
    assert_eq!(kept, [(KeyIndex(10), true), (KeyIndex(7), false)]);
    let ground = self::ground();
    import(&ground, V4).await.unwrap();
    let vsp = ground.instance().await;
    let new = Wallet::new(40);
    new.ask_address(&vsp, &ground).await;
    assert_eq!(ground.kept(&new).await.unwrap().registration.fee_address.index, KeyIndex(16));
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_not_of_the_ticket_s_fee_address_uses_no_fee_key_up() {
    let ground = ground();
    let mut database = read(V4);
    let import = ground.import_to(Arc::new(ground.store.clone()));
    for (number, index) in [(0, 5_000), (1, u32::MAX >> 1), (2, u32::MAX)] {
        database.tickets[number].fee_address.index = KeyIndex(index);
    }
    import.carry_out(&database, &mut |_| {}).await.unwrap();
    let next: Vec<_> = ground.store.fee_keys().await.unwrap().iter().map(|key| key.next()).collect();
    assert_eq!(next, [KeyIndex(16)]);
    database.fee_keys[0].last = KeyIndex(1 << 31);
    let refused = import.carry_out(&database, &mut |_| {}).await.unwrap_err();
    assert!(refused.to_string().contains("which no key has"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn the_proof_of_an_imported_ticket_has_what_was_signed_there() {
    let ground = ground();
    import(&ground, V4).await.unwrap();
    let vsp = ground.instance().await;
    for (number, kinds) in [(6, 4), (12, 3), (14, 10), (1, 0)] {
        let proof: Proof = serde_json::from_slice(&Wallet::new(number).prove(&vsp).await.body).unwrap();
        assert_eq!(proof.records.len(), kinds, "{number}");
        for record in proof.records {
            let answer = data_encoding::BASE64.decode(record.answer.as_bytes()).unwrap();
            assert!(is_signed_by(&vsp.public_key(), &answer, &record.answersignature));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_import_changes_nothing_and_what_happened_since_stays() {
    let ground = ground();
    assert!(import(&ground, V4).await.unwrap().is_change());
    let vsp = ground.instance().await;
    ground.blocks(&vsp, 1).await;
    let before = ground.kept(&Wallet::new(4)).await;
    ground.clock.advance(Duration::from_secs(60));
    let again = import(&ground, V4).await.unwrap();
    assert!(!again.is_change(), "{again:?}");
    assert_eq!((again.imported, again.known, again.server_key), (0, 12, ServerKeyStep::Same));
    assert_eq!(ground.kept(&Wallet::new(4)).await, before);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_was_cut_off_is_continued() {
    let ground = ground();
    let faulty = FaultyStore::on(&ground.store);
    let broken = read(V4).tickets[5].hash;
    faulty.broken.lock().unwrap().insert(broken);
    let cut_off = ground.import_to(Arc::new(faulty)).carry_out(&read(V4), &mut |_| {}).await;
    assert!(matches!(cut_off, Err(ImportError::Store(_))));
    assert_eq!(tickets(&ground.store).await, 5);
    let rest = import(&ground, V4).await.unwrap();
    assert_eq!((rest.imported, rest.known), (7, 5));
    assert!(rest.states.values().all(|count| count.in_file == count.in_database));
}

#[tokio::test(start_paused = true)]
async fn a_look_changes_nothing() {
    let ground = ground();
    let import = ground.import_to(Arc::new(ground.store.clone()));
    let report = import.look(&read(V4), &mut |_| {}).await.unwrap();
    assert_eq!((report.imported, report.records, report.server_key), (12, 24, ServerKeyStep::Taken));
    assert_eq!(tickets(&ground.store).await, 0);
    assert_eq!(ground.store.fee_keys().await.unwrap(), []);
    let vsp = ground.instance().await;
    assert_ne!(vsp.public_key(), report.public_key, "the pool made a key of its own");
}

#[tokio::test(start_paused = true)]
async fn another_server_key_gives_way_where_no_ticket_knows_it_and_is_kept_where_one_does() {
    let ground = ground();
    let own = ground.instance().await.public_key();
    ground.clock.advance(Duration::from_secs(60));
    let report = import(&ground, V4).await.unwrap();
    assert_eq!(report.server_key, ServerKeyStep::Replaced);
    assert_eq!(ground.instance().await.public_key(), report.public_key);
    assert_ne!(own, report.public_key);

    let ground = self::ground();
    let vsp = ground.instance().await;
    Wallet::new(40).register(&vsp, &ground).await;
    let refused = import(&ground, V4).await.unwrap_err();
    assert!(matches!(refused, ImportError::OtherServerKey { .. }), "{refused}");
    assert_eq!(tickets(&ground.store).await, 1);
    assert_eq!(ground.instance().await.public_key(), vsp.public_key());
}

#[tokio::test(start_paused = true)]
async fn bad_rows_are_named_and_the_others_imported() {
    let ground = ground();
    let report = import(&ground, file!("bad")).await.unwrap();
    let named = |kind| {
        let of_kind = report.notes.iter().filter(move |note| note.kind == kind);
        of_kind.map(|note| (&*note.ticket, &*note.reason)).collect::<Vec<_>>()
    };
    let tickets = named(NoteKind::Ticket);
    for (number, reason) in [(2, "commitment"), (4, "voting key"), (5, "status"), (8, "hash")] {
        let hash = Wallet::new(number).ticket.hash().to_string();
        assert!(tickets.iter().any(|(ticket, said)| *ticket == hash && said.contains(reason)), "{number}: {tickets:?}");
    }
    assert!(tickets.iter().any(|(_, said)| said.contains("fee address is also that of")), "{tickets:?}");
    assert_eq!((tickets.len(), report.imported), (5, 7));
    let records: Vec<_> = named(NoteKind::Record).into_iter().map(|(_, reason)| reason).collect();
    for reason in ["not signed by this server", "not signed by the ticket's owner", "no JSON"] {
        assert_eq!(records.iter().filter(|said| said.contains(reason)).count(), 1, "{records:?}");
    }
    let vsp = ground.instance().await;
    let proof: Proof = serde_json::from_slice(&Wallet::new(6).prove(&vsp).await.body).unwrap();
    assert_eq!(proof.records.len(), 4, "those that prove nothing are left out");
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_the_node_does_not_know_or_knows_otherwise_is_named() {
    let ground = ground();
    {
        let mut chain = ground.node.chain();
        chain.transactions.remove(&Wallet::new(6).ticket.hash());
        // Its owner has sent it with the alternate address.
        chain.transactions.remove(&Wallet::new(12).ticket.hash());
        let other = Wallet::new(40).ticket;
        chain.transactions.insert(Wallet::new(5).ticket.hash(), (other, Some(905)));
    }
    let report = import(&ground, V4).await.unwrap();
    let left_out: Vec<_> = report.notes.iter().filter(|note| note.kind == NoteKind::Ticket).collect();
    assert_eq!((left_out.len(), report.imported), (2, 10), "{left_out:?}");
    assert!(left_out.iter().any(|note| note.reason.contains("the node does not know it")));
    assert!(left_out.iter().any(|note| note.reason.contains("another hash")));
    assert!(ground.kept(&Wallet::new(12)).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_ended_since_vspd_was_stopped_is_found_and_keys_of_old_ends_are_not_kept() {
    let ground = ground();
    let [voted, missed, old, recent] = [5, 6, 8, 9].map(Wallet::new);
    {
        let mut chain = ground.node.chain();
        chain.height = 1300;
        chain.gone = [&voted, &missed].map(|wallet| wallet.ticket.hash().into()).into();
        chain.blocks.insert(1000, vec![voted.vote()]);
        chain.blocks.insert(1001, vec![missed.revocation()]);
        chain.blocks.insert(1200, vec![recent.revocation()]);
        // Another ticket's makes the search begin at the height from which on it could end.
        chain.blocks.insert(930, vec![old.vote()]);
    }
    import(&ground, V4).await.unwrap();
    let end = async |wallet: &Wallet| {
        let kept = ground.kept(wallet).await.unwrap();
        (kept.registration.outcome, kept.ended_at, kept.voting_key.is_some())
    };
    assert_eq!(end(&voted).await, (Some(Outcome::Voted), Some(BlockHeight(1000)), true));
    assert_eq!(end(&missed).await, (Some(Outcome::Missed), Some(BlockHeight(1001)), true));
    assert_eq!(end(&old).await, (Some(Outcome::Voted), Some(BlockHeight(930)), true));
    assert_eq!(end(&recent).await, (Some(Outcome::Missed), Some(BlockHeight(1200)), true));

    let ground = self::ground();
    ground.node.chain().height = 1300;
    import(&ground, V4).await.unwrap();
    let kept = ground.kept(&old).await.unwrap();
    assert_eq!((kept.registration.outcome, kept.ended_at), (Some(Outcome::Voted), None));
    assert!(kept.voting_key.is_none(), "its end is too deep to come back");
}

#[tokio::test(start_paused = true)]
async fn blocks_between_the_import_and_the_first_start_are_worked_through() {
    let ground = ground();
    import(&ground, V4).await.unwrap();
    ground.node.chain().blocks.insert(1005, vec![Wallet::new(6).vote()]);
    ground.node.chain().height = 1010;
    let vsp = ground.instance().await;
    vsp.pass().await.unwrap();
    assert_eq!(ground.kept(&Wallet::new(6)).await.unwrap().registration.outcome, Some(Outcome::Voted));
}

#[tokio::test(start_paused = true)]
async fn while_a_web_runs_nothing_is_imported_and_what_one_has_left_is_waited_for() {
    let ground = ground();
    let now = ground.clock.now();
    let until = now.plus(Duration::from_secs(30));
    assert_eq!(ground.store.lease("vsp chain", "a web", now, until).await.map(|lease| lease.is_some()), Ok(true));
    let ticking = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            ground.clock.advance(Duration::from_secs(1));
        }
    };
    let renewing = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = ground.clock.now();
            ground.store.lease("vsp chain", "a web", now, now.plus(Duration::from_secs(30))).await.unwrap();
        }
    };
    tokio::select! {
        refused = import(&ground, V4) => assert!(matches!(refused, Err(ImportError::WebRuns))),
        () = ticking => {}
        () = renewing => {}
    }
    assert_eq!(tickets(&ground.store).await, 0);
    let ticking = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            ground.clock.advance(Duration::from_secs(1));
        }
    };
    tokio::select! {
        done = import(&ground, V4) => assert_eq!(done.unwrap().imported, 12),
        () = ticking => {}
    }
    let now = ground.clock.now();
    assert_eq!(ground.store.holder("vsp chain", now).await, Ok(None), "a web can begin at once");
}
