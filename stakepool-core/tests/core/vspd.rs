//! Databases of the predecessor's server, made by the real programs.

use proptest::prelude::*;
use stakepool_core::bolt::{Bolt, BoltError, Bucket};
use stakepool_core::chain::{Address, AddressKind, BlockHeight, KeyIndex, Network, PrivateKey};
use stakepool_core::vsp::{FeeStatus, Outcome, RecordKind, authenticate};
use stakepool_core::vspd::{VspdDatabase, VspdError, VspdTicket};

const V1: &[u8] = include_bytes!("../vectors/vspd/v1.db");
const V2: &[u8] = include_bytes!("../vectors/vspd/v2.db");
const V3: &[u8] = include_bytes!("../vectors/vspd/v3.db");
const V4: &[u8] = include_bytes!("../vectors/vspd/v4.db");
const V5: &[u8] = include_bytes!("../vectors/vspd/v5.db");
const BACKUP: &[u8] = include_bytes!("../vectors/vspd/v4-backup.db");
const BAD: &[u8] = include_bytes!("../vectors/vspd/bad.db");

fn read(file: &[u8]) -> VspdDatabase {
    VspdDatabase::read(file, Network::Simnet).unwrap()
}

fn key(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[number; 32]).unwrap()
}

/// The tickets of a file by the number whose key owns them.
fn by_number(database: &VspdDatabase) -> Vec<(u8, &VspdTicket)> {
    let number = |ticket: &VspdTicket| {
        let is_owner = |number: &u8| {
            ticket.owner == Address::new(Network::Simnet, AddressKind::PubKeyHash(key(*number).pubkey_hash()))
        };
        (1..=15).find(is_owner).unwrap()
    };
    let mut tickets: Vec<_> = database.tickets.iter().map(|ticket| (number(ticket), ticket)).collect();
    tickets.sort_unstable_by_key(|(number, _)| *number);
    tickets
}

/// How the fee of each ticket and the ticket itself stand, in all versions.
const STANDING: [(u8, bool, FeeStatus, Option<Outcome>); 14] = [
    (1, false, FeeStatus::None, None),
    (2, true, FeeStatus::None, None),
    (3, false, FeeStatus::Received, None),
    (4, true, FeeStatus::Received, None),
    (5, true, FeeStatus::Broadcast, None),
    (6, true, FeeStatus::Confirmed, None),
    (7, true, FeeStatus::Error, None),
    (8, true, FeeStatus::Confirmed, Some(Outcome::Voted)),
    (9, true, FeeStatus::Confirmed, Some(Outcome::Revoked)),
    (10, true, FeeStatus::Confirmed, Some(Outcome::Expired)),
    (11, true, FeeStatus::Confirmed, Some(Outcome::Missed)),
    (12, true, FeeStatus::Confirmed, None),
    (13, true, FeeStatus::Confirmed, None),
    (14, true, FeeStatus::Confirmed, None),
];

#[test]
fn every_state_of_every_version_is_read() {
    for (version, file) in [(1, V1), (2, V2), (3, V3), (4, V4), (5, V5)] {
        let database = read(file);
        assert_eq!(database.version, version);
        assert_eq!((&*database.unreadable, database.forgotten), (&[][..], 1), "version {version}");
        let found = by_number(&database);
        let expected = STANDING.into_iter().filter(|(number, ..)| version == 5 || !matches!(number, 10 | 11));
        let standing = found.iter().map(|(number, ticket)| (*number, ticket.confirmed, ticket.fee, ticket.outcome));
        assert!(standing.eq(expected), "version {version}");
        for (number, ticket) in found {
            let is_paid = ticket.fee != FeeStatus::None;
            assert_eq!(ticket.voting_key, is_paid.then(|| key(100 + number)), "{number} in version {version}");
            assert_eq!(ticket.fee_transaction.is_some(), is_paid);
            let keeps_payment = is_paid && (version == 1 || ticket.fee != FeeStatus::Confirmed);
            assert_eq!(ticket.payment.is_some(), keeps_payment, "{number} in version {version}");
            let height = BlockHeight(900 + u32::from(number));
            assert_eq!(ticket.confirmed_at, (ticket.confirmed && number != 13).then_some(height));
            assert_eq!(ticket.quote.amount.atoms(), 2_197_718);
            assert_eq!(ticket.quote.expires.0, 1_700_003_600 + i64::from(number));
            assert_eq!(ticket.preferences.treasury_keys.len(), usize::from(is_paid && version >= 4));
        }
    }
}

#[test]
fn fee_addresses_are_those_of_their_key_and_index_and_a_retired_key_is_known_as_such() {
    for (version, file, last) in [(1, V1, &[15][..]), (2, V2, &[15]), (3, V3, &[15]), (4, V4, &[15]), (5, V5, &[9, 6])]
    {
        let database = read(file);
        let keys: Vec<_> = database.fee_keys.iter().map(|key| (key.last.0, key.retired)).collect();
        assert_eq!(keys.iter().map(|(last, _)| *last).collect::<Vec<_>>(), last, "version {version}");
        assert_eq!(keys.iter().map(|(_, retired)| *retired).collect::<Vec<_>>(), &[true, false][2 - last.len()..]);
        for ticket in &database.tickets {
            let key = database.fee_keys.iter().find(|key| key.id == ticket.fee_key).unwrap();
            let address = key.key.external_branch().unwrap().address(ticket.fee_address.index).unwrap();
            assert_eq!(address.to_pubkey_hash(), ticket.fee_address.address);
            assert!(ticket.fee_address.index <= key.last && ticket.fee_address.index > KeyIndex(0));
        }
    }
}

#[test]
fn records_come_in_their_order_and_each_is_signed_by_who_owns_the_ticket() {
    for (version, file) in [(1, V1), (3, V3), (4, V4), (5, V5)] {
        let database = read(file);
        for (number, ticket) in by_number(&database) {
            use RecordKind::{PayFee, SetAltSignAddr, SetVoteChoices};
            let kinds: Vec<_> = ticket.records.iter().map(|record| record.kind).collect();
            let expected = match number {
                1 | 2 => vec![],
                6 => vec![PayFee, SetVoteChoices, SetVoteChoices, SetVoteChoices],
                12 if version >= 4 => vec![PayFee, SetAltSignAddr, SetVoteChoices],
                // The server has forgotten the oldest three, the payment among them.
                14 => vec![SetVoteChoices; 10],
                _ => vec![PayFee],
            };
            assert_eq!(kinds, expected, "{number} in version {version}");
            assert!(ticket.records.is_sorted_by_key(|record| record.timestamp));
            assert_eq!(ticket.alternate.is_some(), number == 12 && version >= 4);
            for record in &ticket.records {
                let signature = Some(&*record.request_signature);
                assert_eq!(authenticate(&record.request, signature, ticket.owner, ticket.alternate), Ok(()));
            }
        }
    }
}

#[test]
fn a_backup_copy_with_old_pages_in_it_is_read_as_it_was_last() {
    let database = read(BACKUP);
    let numbers: Vec<_> = by_number(&database).iter().map(|(number, _)| *number).collect();
    assert_eq!((database.version, numbers), (4, vec![3, 6]));
}

#[test]
fn rows_that_cannot_be_used_are_named_and_give_no_key_away() {
    let database = read(BAD);
    let numbers: Vec<_> = by_number(&database).iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 3, 6, 7, 9, 12, 13, 14]);
    let [tickets, records] = [true, false].map(|wanted| {
        let of_kind = database.unreadable.iter().filter(|row| row.is_ticket == wanted);
        of_kind.map(|row| row.reason.clone()).collect::<Vec<_>>()
    });
    for reason in ["commitment address", "voting key", "fee's status", "hash of its fee's transaction"] {
        assert_eq!(tickets.iter().filter(|found| found.contains(reason)).count(), 1, "{reason}: {tickets:?}");
    }
    assert_eq!(records, ["record 6: its request is no JSON object with a time"]);
    assert!(database.unreadable.iter().all(|row| row.ticket.len() == 64 && !row.reason.contains("PmQc")));
    assert!(!format!("{database:?}").contains(&format!("{:?}", &database.server_key[..4])));
}

#[test]
fn a_file_that_is_none_of_this_network_or_another_programs_is_refused_with_the_reason() {
    assert!(matches!(VspdDatabase::read(V4, Network::Mainnet), Err(VspdError::FeeKey { id: 0, .. })));
    for file in [&b""[..], b"SQLite format 3\0", &[0; 8192]] {
        assert_eq!(VspdDatabase::read(file, Network::Simnet).err(), Some(VspdError::File(BoltError::NoHead)));
    }
    let cut = VspdDatabase::read(&V4[..V4.len() - 1], Network::Simnet);
    assert!(matches!(cut, Err(VspdError::File(BoltError::CutOff { .. }))));
}

#[test]
fn one_damaged_head_is_one_change_lost_and_two_are_a_damaged_file() {
    for head in [0, 1024] {
        let mut file = V4.to_vec();
        file[head + 20] ^= 1;
        assert_eq!(read(&file).tickets.len(), 12, "the other head is whole");
        file[1024 - head + 40] ^= 1;
        assert_eq!(Bolt::open(&file).err(), Some(BoltError::NoHead));
    }
}

/// All that lies in a bucket, to a depth.
fn walk(bucket: Bucket<'_>, depth: usize) -> Result<usize, BoltError> {
    let mut sum = 0;
    for entry in bucket.entries()? {
        sum += entry.key.len() + entry.value().map_or(0, <[u8]>::len);
        if let (Ok(Some(inner)), 1..) = (entry.bucket(), depth) {
            sum += walk(inner, depth - 1).unwrap_or_default();
        }
    }
    Ok(sum)
}

#[test]
fn pages_that_lead_back_to_themselves_are_refused() {
    // The first leaf becomes a branch whose only page is itself.
    let mut file = V4.to_vec();
    let root = u64::from_le_bytes(file[16 + 16..16 + 24].try_into().unwrap());
    let later = u64::from_le_bytes(file[1024 + 32..1024 + 40].try_into().unwrap());
    for page in [root, later] {
        let at = usize::try_from(page).unwrap() * 1024;
        file[at + 8..at + 12].copy_from_slice(&[1, 0, 1, 0]);
        file[at + 24..at + 32].copy_from_slice(&page.to_le_bytes());
    }
    let error = Bolt::open(&file).unwrap().root().entries().unwrap_err();
    assert!(matches!(error, BoltError::Damaged { what: "two branches lead to it", .. }), "{error}");
}

#[test]
fn no_flipped_byte_makes_the_reader_panic_or_go_on_for_ever() {
    for at in (0..V4.len()).step_by(151) {
        let mut file = V4.to_vec();
        file[at] ^= 0xff;
        let _ = VspdDatabase::read(&file, Network::Simnet);
    }
}

proptest! {
    #[test]
    fn no_bytes_at_all_make_the_reader_panic(
        start in prop::collection::vec(any::<u8>(), 0..3000),
        changes in prop::collection::vec((0..BACKUP.len(), any::<[u8; 4]>()), 1..40),
    ) {
        let _ = Bolt::open(&start);
        let mut file = BACKUP.to_vec();
        for (at, bytes) in changes {
            // The heads stay, so that something is read.
            let at = at.max(8192).min(file.len() - 4);
            file[at..at + 4].copy_from_slice(&bytes);
        }
        if let Ok(bolt) = Bolt::open(&file) {
            let _ = walk(bolt.root(), 4);
        }
        let _ = VspdDatabase::read(&file, Network::Simnet);
    }
}
