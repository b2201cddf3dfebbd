//! What is read from outside, given any bytes: nothing may panic, and what was read must be written as it was. The fuzz targets
//! call these functions, and so does a test with known and with random bytes.

use crate::bolt::{Bolt, BoltError, Bucket};
use crate::chain::{MessageSignature, Network, PrivateKey, TicketOutputs, Transaction, VoteTransaction};
use crate::time::UnixTime;
use crate::voting::StakeTransaction;
use crate::vsp::{
    FeeAddressRequest, PayFeeRequest, SetAltSignAddrRequest, SetVoteChoicesRequest, VspTicket, require_proof_request,
    ticket_of,
};
use crate::vspd::VspdDatabase;

const NETWORK: Network = Network::Simnet;
/// The size of the pages that [`bolt_pages`] makes.
const PAGE: usize = 512;

/// A function that takes any bytes, under the name of its fuzz target and of the folder with its seeds.
pub type Reads = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Reads; 6] = [
    ("requests", requests),
    ("signatures", signatures),
    ("wif", wif),
    ("transactions", transactions),
    ("bolt_pages", bolt_pages),
    ("vspd_files", vspd_files),
];

/// Bodies of requests of wallets of today.
pub fn requests(bytes: &[u8]) {
    let _ = ticket_of(bytes);
    let _ = FeeAddressRequest::parse(bytes);
    let _ = SetAltSignAddrRequest::parse(bytes);
    let _ = PayFeeRequest::parse(bytes);
    let _ = SetVoteChoicesRequest::parse(bytes);
    let _ = require_proof_request(bytes, "server", UnixTime(1_795_000_000));
}

/// Signatures of requests: the first line is the header's text, and the rest is what was signed.
pub fn signatures(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (header, message) = bytes.split_at(end);
    let Ok(signature) = MessageSignature::from_base64(&String::from_utf8_lossy(header)) else { return };
    let again = MessageSignature::from_base64(&signature.to_base64());
    assert!(again.is_ok_and(|again| again.to_bytes() == signature.to_bytes()));
    if let Some(signer) = signature.signer(message) {
        assert!(signature.is_by(message, signer));
    }
}

/// Voting keys as wallets hand them over.
pub fn wif(bytes: &[u8]) {
    for network in Network::ALL {
        if let Ok(key) = PrivateKey::from_wif(&String::from_utf8_lossy(bytes), network) {
            assert!(PrivateKey::from_wif(key.to_wif(network).expose(), network).is_ok_and(|again| again == key));
        }
    }
}

/// Transactions, and what is seen in them.
pub fn transactions(bytes: &[u8]) {
    let Ok(transaction) = Transaction::decode(bytes) else { return };
    assert!(Transaction::decode(&transaction.encode()).is_ok_and(|again| again == transaction));
    let _ = (transaction.hash(), StakeTransaction::read(&transaction));
    if let Ok(ticket) = VspTicket::from_transaction(&transaction) {
        assert!(TicketOutputs::from_transaction(&transaction).is_ok());
        let _ = ticket.owner(NETWORK);
    }
    let _ = VoteTransaction::from_transaction(transaction);
}

/// Pages of a database of the predecessor's server, behind heads in good order. What is read stays in proportion to the bytes.
pub fn bolt_pages(bytes: &[u8]) {
    let file = behind_heads(bytes);
    let Ok(bolt) = Bolt::open(&file) else { return };
    let mut read = 0;
    let _ = walk(bolt.root(), 0, &mut read);
    assert!(read <= file.len() * 40, "{read} bytes are read of {}", file.len());
    vspd_files(&file);
}

/// Files of the predecessor's server.
pub fn vspd_files(bytes: &[u8]) {
    if let Ok(database) = VspdDatabase::read(bytes, NETWORK) {
        assert!(!database.fee_keys.is_empty());
    }
}

/// Adds up the bytes of everything in a bucket.
fn walk(bucket: Bucket<'_>, depth: u32, read: &mut usize) -> Result<(), BoltError> {
    for entry in bucket.entries()? {
        *read += entry.key.len() + entry.value().map_or(0, <[u8]>::len);
        if let Some(inner) = entry.bucket()?
            && depth < 8
        {
            let _ = walk(inner, depth + 1, read);
        }
    }
    Ok(())
}

/// A file of bbolt with these bytes as its pages from number 2 on, where the outermost bucket begins.
fn behind_heads(bytes: &[u8]) -> Vec<u8> {
    let pages = bytes.len().div_ceil(PAGE).max(1);
    let mut head = [0; 64];
    let numbers = [(0, 0xED0C_DAED_u64 | 2 << 32), (8, PAGE as u64), (16, 2), (40, (2 + pages) as u64)];
    for (at, number) in numbers {
        head[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    // The checksum of the format: FNV-1a of 64 bits.
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let checksum = head[..56].iter().fold(0xCBF2_9CE4_8422_2325, add);
    head[56..].copy_from_slice(&checksum.to_le_bytes());
    let mut file = vec![0; 2 * PAGE];
    for page in [0, PAGE] {
        file[page + 16..page + 80].copy_from_slice(&head);
    }
    file.extend_from_slice(bytes);
    file.resize((2 + pages) * PAGE, 0);
    file
}
