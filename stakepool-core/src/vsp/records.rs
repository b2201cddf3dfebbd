//! What was signed on both sides: the proof of what an owner wanted and the server took.

use serde::{Deserialize, Serialize};

use crate::time::UnixTime;

/// Most records of a ticket.
const MOST: usize = 10;

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// A `payfee`.
    PayFee,
    /// A `setvotechoices`.
    SetVoteChoices,
    /// A `setaltsignaddr`.
    SetAltSignAddr,
}

impl RecordKind {
    /// Whether it sets choices, and so counts for the order of requests.
    pub const fn is_choice(self) -> bool {
        matches!(self, Self::PayFee | Self::SetVoteChoices)
    }

    /// All kinds.
    pub const ALL: [Self; 3] = [Self::PayFee, Self::SetVoteChoices, Self::SetAltSignAddr];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PayFee => "payfee",
            Self::SetVoteChoices => "setvotechoices",
            Self::SetAltSignAddr => "setaltsignaddr",
        }
    }
}

/// A request with its signature, and the answer with its.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is of.
    pub kind: RecordKind,
    /// The time that the request says.
    pub timestamp: UnixTime,
    /// The body of the request as it came. That of a `payfee` holds the voting key.
    #[serde(with = "in_base64")]
    pub request: Vec<u8>,
    /// The client's signature of it, in base64.
    pub request_signature: String,
    /// The body of the answer as it was sent.
    #[serde(with = "in_base64")]
    pub answer: Vec<u8>,
    /// The server's signature of it, in base64.
    pub answer_signature: String,
    /// What of the request was not taken over, and why.
    pub notes: Vec<String>,
}

/// Bytes as base64: an array of numbers takes three times the room.
mod in_base64 {
    use data_encoding::BASE64;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(BASE64.encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        BASE64.decode(text.as_bytes()).map_err(|_| D::Error::custom("not base64"))
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The request may hold a key.
        let Self { kind, timestamp, notes, .. } = self;
        f.debug_struct("Record")
            .field("kind", kind)
            .field("timestamp", timestamp)
            .field("notes", notes)
            .finish_non_exhaustive()
    }
}

/// Which of a ticket's records, the oldest first, is one too many: the oldest that is neither the last `payfee` nor the last
/// `setaltsignaddr`, by which what the other address signed holds.
pub fn surplus(kinds: impl DoubleEndedIterator<Item = RecordKind> + ExactSizeIterator + Clone) -> Option<usize> {
    let stays =
        [RecordKind::PayFee, RecordKind::SetAltSignAddr].map(|staying| kinds.clone().rposition(|kind| kind == staying));
    if kinds.len() <= MOST {
        return None;
    }
    (0..kinds.len()).find(|place| !stays.contains(&Some(*place)))
}

/// The records of one ticket, the oldest first: the last ten, among them always the last `payfee` and the last `setaltsignaddr`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records(Vec<Record>);

impl Records {
    /// Takes over records that were kept, the oldest first.
    pub fn from_kept(records: impl IntoIterator<Item = Record>) -> Self {
        let mut kept = Self::default();
        records.into_iter().for_each(|record| kept.push(record));
        kept
    }

    /// Adds a record. Where there are too many, the oldest goes that is neither the last `payfee` nor the last `setaltsignaddr`.
    pub fn push(&mut self, record: Record) {
        self.0.push(record);
        if let Some(place) = surplus(self.0.iter().map(|record| record.kind)) {
            self.0.remove(place);
        }
    }

    /// All, the oldest first.
    pub fn all(&self) -> &[Record] {
        &self.0
    }

    /// The latest time of those that set choices: the next one's must be later.
    pub fn latest(&self) -> Option<UnixTime> {
        self.0.iter().filter(|record| record.kind.is_choice()).map(|record| record.timestamp).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: RecordKind, time: i64) -> Record {
        Record {
            kind,
            timestamp: UnixTime(time),
            request: b"cNKNf9vhQyhQLbss".to_vec(),
            request_signature: String::new(),
            answer: Vec::new(),
            answer_signature: String::new(),
            notes: Vec::new(),
        }
    }

    fn times(records: &Records) -> Vec<i64> {
        records.all().iter().map(|record| record.timestamp.0).collect()
    }

    #[test]
    fn the_last_ten_stay_and_the_payfee_always() {
        let mut records = Records::default();
        records.push(record(RecordKind::PayFee, 1));
        (2..=14).for_each(|time| records.push(record(RecordKind::SetVoteChoices, time)));
        assert_eq!(times(&records), [1, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    }

    #[test]
    fn of_several_payfees_the_last_stays() {
        let kinds = [RecordKind::PayFee, RecordKind::PayFee].into_iter().chain([RecordKind::SetVoteChoices; 10]);
        let records = Records::from_kept(kinds.zip(1..).map(|(kind, time)| record(kind, time)));
        assert_eq!(times(&records), [2, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }

    #[test]
    fn the_last_naming_of_another_address_stays() {
        let first = [RecordKind::SetAltSignAddr, RecordKind::PayFee, RecordKind::SetAltSignAddr];
        let kinds = first.into_iter().chain([RecordKind::SetVoteChoices; 10]);
        let records = Records::from_kept(kinds.zip(1..).map(|(kind, time)| record(kind, time)));
        assert_eq!(times(&records), [2, 3, 6, 7, 8, 9, 10, 11, 12, 13]);
    }

    #[test]
    fn the_latest_choice_counts_whatever_else_was_recorded() {
        let kept = [(RecordKind::PayFee, 5), (RecordKind::SetVoteChoices, 4), (RecordKind::SetAltSignAddr, 9)];
        let records = Records::from_kept(kept.map(|(kind, time)| record(kind, time)));
        assert_eq!(records.latest(), Some(UnixTime(5)));
        assert_eq!(Records::default().latest(), None);
    }

    #[test]
    fn a_record_takes_little_more_room_than_what_was_signed() {
        let signed = Record { request: vec![200; 30_000], ..record(RecordKind::SetVoteChoices, 1) };
        let kept = serde_json::to_vec(&signed).unwrap();
        assert!(kept.len() < 41_000, "{}", kept.len());
        assert_eq!(serde_json::from_slice::<Record>(&kept).unwrap(), signed);
    }

    #[test]
    fn a_record_does_not_print_the_request() {
        let printed = format!("{:?}", record(RecordKind::PayFee, 1));
        assert!(!printed.contains("cNKN") && !printed.contains("99, 78"), "{printed}");
    }
}
