//! A database as a whole.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use super::error::VspdError;
use super::fee_keys::{self, VspdFeeKey};
use super::record::Numbered;
use super::ticket::{VspdTicket, address};
use super::{record, row_of_json, row_of_values};
use crate::bolt::{Bolt, Bucket, Entry};
use crate::chain::{Address, Network};
use crate::vsp::Record;

/// The latest version.
const LATEST: u32 = 5;

/// All that is to be taken over from a database.
pub struct VspdDatabase {
    /// Its version: 1 to 5.
    pub version: u32,
    /// The seed of the key (Ed25519) by which the server signs.
    pub server_key: Zeroizing<[u8; 32]>,
    /// The keys whose addresses take fees, the oldest first; never none.
    pub fee_keys: Vec<VspdFeeKey>,
    /// The tickets that can be read, by hash.
    pub tickets: Vec<VspdTicket>,
    /// What cannot be read. A ticket whose record is among these is in [`VspdDatabase::tickets`] all the same.
    pub unreadable: Vec<Unreadable>,
    /// Tickets that the server has forgotten, of which it still has records.
    pub forgotten: usize,
}

/// A ticket, or a record of one, that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The ticket's hash as it is written.
    pub ticket: String,
    /// Whether the ticket itself cannot be read, so that it is not taken over.
    pub is_ticket: bool,
    /// What is wrong.
    pub reason: String,
}

impl VspdDatabase {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`VspdError`] where it cannot be taken over at all: without the server's key or the fee keys, or where pages are
    /// damaged that hold more than one ticket, so that nobody can know which tickets are missing.
    pub fn read(file: &[u8], network: Network) -> Result<Self, VspdError> {
        let bolt = Bolt::open(file)?;
        let vsp = bolt.root().bucket(b"vspbkt")?.ok_or(VspdError::NoBucket("vspbkt"))?;
        let version = vsp.value(b"version")?.and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let version = version.ok_or(VspdError::Missing("version"))?;
        if !(1..=LATEST).contains(&version) {
            return Err(VspdError::Version(version));
        }
        let server_key = vsp.value(b"privatekey")?.and_then(|seed| seed.try_into().ok());
        let mut database = Self {
            version,
            server_key: Zeroizing::new(server_key.ok_or(VspdError::Missing("server key"))?),
            fee_keys: fee_keys::read(vsp, version, network)?,
            tickets: Vec::new(),
            unreadable: Vec::new(),
            forgotten: 0,
        };
        database.read_tickets(vsp, network)?;
        Ok(database)
    }

    fn read_tickets(&mut self, vsp: Bucket<'_>, network: Network) -> Result<(), VspdError> {
        let mut choices = by_ticket(vsp.bucket(b"votechangebkt")?)?;
        let mut alternates = by_ticket(vsp.bucket(b"altsigbkt")?)?;
        let tickets = vsp.bucket(b"ticketbkt")?.ok_or(VspdError::NoBucket("ticketbkt"))?;
        for entry in tickets.entries()? {
            let (choices, alternate) = (choices.remove(entry.key), alternates.remove(entry.key));
            match read_ticket(entry, network) {
                Ok(mut ticket) => {
                    self.add_records(&mut ticket, choices, alternate, network);
                    self.tickets.push(ticket);
                }
                Err(reason) => self.unreadable.push(unreadable(entry.key, true, reason)),
            }
        }
        choices.extend(alternates);
        self.forgotten = choices.len();
        Ok(())
    }

    fn add_records(
        &mut self,
        ticket: &mut VspdTicket,
        choices: Option<Entry<'_>>,
        alternate: Option<Entry<'_>>,
        network: Network,
    ) {
        let mut bad = Vec::new();
        match choices.map_or(Ok(Vec::new()), |entry| bucket(entry).and_then(record::choices)) {
            Ok(records) => {
                for Numbered { number, record } in records {
                    match record {
                        Ok(record) => ticket.records.push(record),
                        Err(reason) => bad.push(format!("record {number}: {reason}")),
                    }
                }
            }
            Err(reason) => bad.push(format!("its records of choices: {reason}")),
        }
        let name = |entry: Entry<'_>| -> Result<(Address, Record), String> {
            let (text, record) = bucket(entry).and_then(record::alternate)?;
            Ok((address("alternate address", &text, network)?, record))
        };
        match alternate.map(name) {
            Some(Ok((address, record))) => {
                ticket.alternate = Some(address);
                insert_by_time(&mut ticket.records, record);
            }
            Some(Err(reason)) => bad.push(format!("its alternate address: {reason}")),
            None => {}
        }
        let hash = ticket.hash.to_string();
        self.unreadable.extend(bad.into_iter().map(|reason| unreadable(hash.as_bytes(), false, reason)));
    }
}

/// The entries of a bucket by their keys. A bucket that the version does not have yet has none.
fn by_ticket(bucket: Option<Bucket<'_>>) -> Result<BTreeMap<&[u8], Entry<'_>>, VspdError> {
    let Some(bucket) = bucket else { return Ok(BTreeMap::new()) };
    Ok(bucket.entries()?.into_iter().map(|entry| (entry.key, entry)).collect())
}

fn bucket(entry: Entry<'_>) -> Result<Bucket<'_>, String> {
    entry.bucket().map_err(|error| error.to_string())?.ok_or_else(|| "a value is where a bucket should be".to_owned())
}

fn read_ticket(entry: Entry<'_>, network: Network) -> Result<VspdTicket, String> {
    // Version 3 has replaced all JSON at once, so that the form says as much as the version.
    let row = match entry.value() {
        Some(json) => row_of_json::row(json)?,
        None => row_of_values::row(bucket(entry)?)?,
    };
    if row.hash.as_bytes() != entry.key {
        return Err("it lies under the hash of another ticket".to_owned());
    }
    VspdTicket::from_row(&row, network)
}

fn unreadable(ticket: &[u8], is_ticket: bool, reason: String) -> Unreadable {
    Unreadable { ticket: String::from_utf8_lossy(ticket).into_owned(), is_ticket, reason }
}

/// Puts the record of an alternate address, which has no number, where its time is among the others.
fn insert_by_time(records: &mut Vec<Record>, record: Record) {
    let place = records.iter().position(|other| other.timestamp > record.timestamp).unwrap_or(records.len());
    records.insert(place, record);
}

impl fmt::Debug for VspdDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VspdDatabase")
            .field("version", &self.version)
            .field("fee_keys", &self.fee_keys)
            .field("tickets", &self.tickets.len())
            .field("unreadable", &self.unreadable)
            .field("forgotten", &self.forgotten)
            .finish_non_exhaustive()
    }
}
