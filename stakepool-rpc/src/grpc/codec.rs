//! How messages are read: as tonic reads them, but none with more entries than any honest one has. An empty entry is two
//! bytes on the wire and a hundred times as many in memory, so that a limit of bytes alone is none.

use std::marker::PhantomData;

use prost::Message;
use prost::bytes::Buf;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

/// Most entries of a message. A list of the predecessor's has at most 80,000 in the bytes that it may have.
const MOST_ENTRIES: usize = 100_000;

/// Reads and writes the messages of both services.
#[derive(Debug)]
pub struct CappedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for CappedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for CappedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = CappedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        CappedDecoder(ProstCodec::<T, U>::raw_decoder(BufferSettings::default()))
    }
}

/// Reads messages that have no more entries than they may.
#[derive(Debug)]
pub struct CappedDecoder<U>(ProstDecoder<U>);

impl<U: Message + Default> Decoder for CappedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        if fields(buffer.chunk()).nth(MOST_ENTRIES).is_some() {
            return Err(Status::resource_exhausted(format!("a message has more than {MOST_ENTRIES} entries")));
        }
        self.0.decode(buffer)
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.0.buffer_settings()
    }
}

/// The fields of a message, each entry of a list one of them, up to the first that cannot be read. The beginning and the end
/// of a group, and what is within it, count as well: prost skips a group, and reads on after it.
fn fields(mut message: &[u8]) -> impl Iterator<Item = ()> + '_ {
    std::iter::from_fn(move || {
        let wire_type = varint(&mut message)? & 7;
        let length = match wire_type {
            0 => varint(&mut message).map(|_| 0)?,
            1 => 8,
            2 => varint(&mut message)?,
            3 | 4 => 0,
            5 => 4,
            _ => return None,
        };
        message = message.get(usize::try_from(length).ok()?..)?;
        Some(())
    })
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::generated::pool_daemon as pb;
    use proptest::prelude::*;

    #[test]
    fn every_entry_of_every_list_counts() {
        let user = pb::WantedUser { user_id: 300, address: "Sc…".to_owned(), vote_bits: 1, vote_version: 5 };
        let piece = pb::WantedPiece {
            users: vec![user; 3],
            added: vec![pb::AddedTicket::default(); 4],
            digest: vec![1; 200],
            ..Default::default()
        };
        assert_eq!(fields(&piece.encode_to_vec()).count(), 8);
        assert_eq!(fields(&pb::EventCursor { epoch: u64::MAX, seq: 1 }.encode_to_vec()).count(), 2);
        assert_eq!(
            fields(&pb::DaemonStatus { pool_fee_percent: 7.5, ..Default::default() }.encode_to_vec()).count(),
            1
        );
    }

    #[test]
    fn entries_after_a_group_count() {
        assert_eq!(fields(&[0x7b, 0x7c, 0x0a, 0, 0x0a, 0]).count(), 4);
        let flood = [&[0x7b, 0x7c][..], &[0x0a, 0].repeat(MOST_ENTRIES)].concat();
        assert!(fields(&flood).nth(MOST_ENTRIES).is_some());
    }

    /// Entries, groups, unknown fields of every kind, long numbers, and pieces of all of them.
    fn parts() -> impl Strategy<Value = Vec<u8>> {
        let whole: &[&[u8]] = &[
            &[0x0a, 0],
            &[0x12, 0],
            &[0x0a, 0x80, 0],
            &[0x8a, 0x80, 0, 0],
            &[0x7b],
            &[0x7c],
            &[0x7b, 0x7b, 0x7c, 0x7c],
            &[0x78, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[0x78, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[0x7a, 0x02, 0x0a, 0x00],
            &[0x79, 1, 2, 3, 4, 5, 6, 7, 8],
            &[0x7d, 1, 2, 3, 4],
            &[0xfa, 0xff, 0xff, 0xff, 0x0f, 0],
        ];
        let whole = prop::sample::select(whole).prop_map(<[u8]>::to_vec);
        let some = prop_oneof![8 => whole, 1 => prop::collection::vec(any::<u8>(), 1..3)];
        prop::collection::vec(some, 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            prop_assert!(fields(&bytes).count() <= bytes.len());
        }

        #[test]
        fn no_entry_is_read_that_did_not_count(bytes in parts()) {
            let mut piece = pb::WantedPiece::default();
            // What was read before an error took its memory, too.
            let _ = piece.merge(&bytes[..]);
            prop_assert!(piece.users.len() + piece.added.len() <= fields(&bytes).count());
        }
    }
}
