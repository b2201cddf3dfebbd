//! Text files in the encodings that editors write.

/// The text of a file. Where bytes are no UTF-8, U+FFFD stands in their place, so that a comment may hold anything and the
/// line that does not is found.
///
/// # Errors
/// What the file is where it is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, &'static str> {
    let wide = |order: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
        if bytes.len() % 2 == 1 { None } else { String::from_utf16(&units).ok() }
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest).ok_or(BROKEN_UTF16)?,
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest).ok_or(BROKEN_UTF16)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => unmarked(bytes, wide),
    };
    // Some editors write the mark twice.
    let text = text.trim_start_matches('\u{feff}');
    if text.contains('\0') { Err(NO_TEXT) } else { Ok(text.to_owned()) }
}

const BROKEN_UTF16: &str = "it begins as UTF-16 text, and is none: save it as UTF-8";
const NO_TEXT: &str = "it is no text file (it holds NUL bytes): save it as UTF-8 text";

/// UTF-16 without a mark has an empty byte beside each Latin letter.
fn unmarked(bytes: &[u8], wide: impl Fn(fn([u8; 2]) -> u16, &[u8]) -> Option<String>) -> String {
    let empty = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (empty(0), empty(1));
    let text = match bytes.len() / 2 {
        0 => None,
        letters if even == 0 && odd * 4 > letters * 3 => wide(u16::from_le_bytes, bytes),
        letters if odd == 0 && even * 4 > letters * 3 => wide(u16::from_be_bytes, bytes),
        _ => None,
    };
    text.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
}

/// The lines of a text, whatever system wrote it.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let after = &text[end..];
        rest = Some(after.strip_prefix("\r\n").unwrap_or(&after[1..]));
        Some(&text[..end])
    })
}

/// Without blanks at both ends, those that nobody sees included.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "; comment\r\npoolfees=7.5\n";

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn every_encoding_that_an_editor_writes_is_the_same_text() {
        let marked = format!("\u{feff}{TEXT}");
        for bytes in [
            TEXT.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            format!("\u{feff}{marked}").into_bytes(),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
            utf16(TEXT, u16::to_le_bytes),
            utf16(TEXT, u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).as_deref(), Ok(TEXT), "{bytes:?}");
        }
        assert_eq!(decode(b"").as_deref(), Ok(""));
        assert_eq!(decode(b"; f\xfcr\nx=1").as_deref(), Ok("; f\u{fffd}r\nx=1"));
        for bytes in [&b"SQLite format 3\0..."[..], b"\0", b"\xff\xfea", b"a\0b"] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn lines_end_as_on_any_system() {
        assert_eq!(lines("a\r\nb\rc\n\nd").collect::<Vec<_>>(), ["a", "b", "c", "", "d"]);
        assert_eq!(lines("a\n").collect::<Vec<_>>(), ["a", ""]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            if let Ok(text) = decode(&bytes) {
                prop_assert_eq!(lines(&text).map(|line| line.len()).sum::<usize>() <= text.len(), true);
            }
        }
    }
}
