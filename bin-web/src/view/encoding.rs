//! Smaller bodies: which encodings a browser takes, and how texts are packed.
//!
//! A packed text tells by its length how much of it is repeated. Where a page holds a secret beside something that a
//! stranger can put into it, the secret can be found out letter by letter (BREACH). So only texts are packed that hold no
//! secret; and in the few pages that are ready and have a form, the token of the form lies unpacked between the packed
//! pieces, where nothing else is compared with it.

use std::io::Write as _;

use brotli::enc::BrotliEncoderParams;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, Crc, FlushCompress};
use hyper::body::Bytes;
use warp::http::HeaderMap;
use warp::http::header::ACCEPT_ENCODING;

/// Whether a browser takes an encoding: it is named, or all are, and not with the weight 0.
pub fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let mut all = false;
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for part in lists.flat_map(|value| value.split(',')) {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let is_refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse::<f32>().unwrap_or(0.0) <= 0.0);
        match name.trim() {
            name if name.eq_ignore_ascii_case(encoding) => return !is_refused,
            "*" => all = !is_refused,
            _ => {}
        }
    }
    all
}

/// A text in the encodings that browsers take, the smallest first, where that saves something.
pub fn pack(bytes: &Bytes) -> Vec<(&'static str, Bytes)> {
    let mut brotli = Vec::new();
    // Ready pages are packed four times a second, on any thread: above 5 a table of megabytes is made each time, for less than one
    // per cent.
    let params = BrotliEncoderParams { quality: 5, lgwin: 18, ..BrotliEncoderParams::default() };
    let brotli = brotli::BrotliCompress(&mut &bytes[..], &mut brotli, &params).ok().map(|_| Bytes::from(brotli));
    let packed = [("br", brotli), ("gzip", gzip(bytes, Compression::best()))].into_iter();
    let packed = packed.filter_map(|(encoding, packed)| Some((encoding, packed?)));
    packed.filter(|(_, packed)| packed.len() < bytes.len()).collect()
}

/// A text that is made for one answer, packed in little time; `None` where that fails, which it cannot.
pub fn gzip_fast(bytes: &[u8]) -> Option<Bytes> {
    gzip(bytes, Compression::fast())
}

fn gzip(bytes: &[u8], level: Compression) -> Option<Bytes> {
    let mut gzip = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), level);
    gzip.write_all(bytes).ok()?;
    gzip.finish().ok().map(Bytes::from)
}

/// A piece of a text, packed so that it ends at a whole byte and the next can follow.
#[derive(Debug)]
struct PackedPiece {
    deflated: Vec<u8>,
    checksum: Crc,
}

/// Pieces of a text that are packed once, to be put together with something else between them.
#[derive(Debug)]
pub struct PackedPieces(Vec<PackedPiece>);

/// The head of a gzip file without a name or a time.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// A last block with nothing in it.
const GZIP_END: [u8; 5] = [1, 0, 0, 0xff, 0xff];

impl PackedPieces {
    /// Packs each piece by itself.
    pub fn new<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        pieces.into_iter().map(PackedPiece::new).collect::<Option<_>>().map(Self)
    }

    /// The gzip of the whole with `between` between every two pieces, where it is not packed. `between` has at most 65,535
    /// bytes.
    pub fn join(&self, between: &[u8]) -> Option<Vec<u8>> {
        let length = u16::try_from(between.len()).ok()?;
        let packed: usize = self.0.iter().map(|piece| piece.deflated.len() + between.len() + 5).sum();
        let mut gzip = Vec::with_capacity(packed + GZIP_HEAD.len() + GZIP_END.len() + 8);
        gzip.extend_from_slice(&GZIP_HEAD);
        let mut between_checksum = Crc::new();
        between_checksum.update(between);
        let mut checksum = Crc::new();
        for (number, piece) in self.0.iter().enumerate() {
            if number > 0 {
                gzip.push(0);
                gzip.extend_from_slice(&length.to_le_bytes());
                gzip.extend_from_slice(&(!length).to_le_bytes());
                gzip.extend_from_slice(between);
                checksum.combine(&between_checksum);
            }
            gzip.extend_from_slice(&piece.deflated);
            checksum.combine(&piece.checksum);
        }
        gzip.extend_from_slice(&GZIP_END);
        gzip.extend_from_slice(&checksum.sum().to_le_bytes());
        gzip.extend_from_slice(&checksum.amount().to_le_bytes());
        Some(gzip)
    }
}

impl PackedPiece {
    fn new(piece: &[u8]) -> Option<Self> {
        let mut deflated = Vec::with_capacity(piece.len() + 64);
        Compress::new(Compression::best(), false).compress_vec(piece, &mut deflated, FlushCompress::Sync).ok()?;
        let mut checksum = Crc::new();
        checksum.update(piece);
        Some(Self { deflated, checksum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;
    use warp::http::HeaderValue;

    fn unpacked(gzip: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(gzip).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn an_encoding_is_taken_where_it_is_named_or_all_are() {
        let accepts = |value: &'static str, encoding| {
            accepts(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]), encoding)
        };
        assert!(
            accepts("gzip, br", "br") && accepts("*", "br") && accepts("br;q=0, *", "gzip") && accepts("GZIP", "gzip")
        );
        assert!(!accepts("br;q=0, *", "br") && !accepts("*;q=0", "gzip") && !accepts("identity", "gzip"));
    }

    proptest! {
        #[test]
        fn packed_pieces_with_something_between_are_the_whole(pieces: Vec<Vec<u8>>, between: Vec<u8>) {
            let packed = PackedPieces::new(pieces.iter().map(Vec::as_slice)).unwrap();
            prop_assert_eq!(unpacked(&packed.join(&between).unwrap()), pieces.join(&between[..]));
        }
    }

    #[test]
    fn what_lies_between_is_not_packed_with_the_rest() {
        let packed = PackedPieces::new([&b"token=secret "[..], b" token=secret"]).unwrap();
        assert_eq!(packed.join(b"secret").unwrap().len(), packed.join(b"public").unwrap().len());
    }
}
